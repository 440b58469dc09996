from django.db import migrations, models


class Migration(migrations.Migration):
    """What titles there are stay, in whichever language they are."""

    dependencies = [
        ('jobs', '0003_rests'),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE jobs_job ALTER title TYPE jsonb USING jsonb_build_object('en', title)",
            """
            ALTER TABLE jobs_job ALTER title TYPE varchar(200)
            USING left(coalesce(title ->> 'en', title ->> 'fr', ''), 200)
            """,
            state_operations=[
                migrations.AlterField('job', 'title', models.JSONField(verbose_name='title')),
            ],
        ),
        migrations.RenameField('job', 'title', 'titles'),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(
                condition=models.Q(('titles', {}), _negated=True), name='job_has_a_title'
            ),
        ),
    ]
