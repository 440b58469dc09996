from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_folders_of_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='journalentry',
            name='subject_labels',
            field=models.JSONField(null=True),
        ),
    ]
