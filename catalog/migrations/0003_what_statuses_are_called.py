"""A status is called alike wherever people read it; the database stays as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0002_coupons_of_offers'),
    ]

    operations = [
        migrations.AlterField(
            model_name='space',
            name='status_on_acceptance',
            field=models.PositiveSmallIntegerField(choices=[(0, 'Proposed'), (1, 'Presented'), (2, 'Interested'), (3, 'Accepted'), (4, 'Scheduled'), (5, 'Rejected'), (6, 'Control group')], default=3, verbose_name='status when accepted'),
        ),
        migrations.AlterField(
            model_name='space',
            name='status_on_proposition',
            field=models.PositiveSmallIntegerField(choices=[(0, 'Proposed'), (1, 'Presented'), (2, 'Interested'), (3, 'Accepted'), (4, 'Scheduled'), (5, 'Rejected'), (6, 'Control group')], default=0, verbose_name='status when proposed'),
        ),
    ]
