"""A status is called alike wherever people read it; the database stays as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('decisioning', '0006_named_answers'),
    ]

    operations = [
        migrations.AlterField(
            model_name='proposition',
            name='status',
            field=models.PositiveSmallIntegerField(choices=[(0, 'Proposed'), (1, 'Presented'), (2, 'Interested'), (3, 'Accepted'), (4, 'Scheduled'), (5, 'Rejected'), (6, 'Control group')], verbose_name='status'),
        ),
        migrations.AlterField(
            model_name='transition',
            name='after',
            field=models.PositiveSmallIntegerField(choices=[(0, 'Proposed'), (1, 'Presented'), (2, 'Interested'), (3, 'Accepted'), (4, 'Scheduled'), (5, 'Rejected'), (6, 'Control group')]),
        ),
        migrations.AlterField(
            model_name='transition',
            name='before',
            field=models.PositiveSmallIntegerField(choices=[(0, 'Proposed'), (1, 'Presented'), (2, 'Interested'), (3, 'Accepted'), (4, 'Scheduled'), (5, 'Rejected'), (6, 'Control group')]),
        ),
    ]
