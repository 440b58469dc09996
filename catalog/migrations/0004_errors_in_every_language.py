from django.db import migrations, models

IN_ONE_LANGUAGE = """
ALTER TABLE {table} ALTER {column} TYPE jsonb
USING CASE {column} WHEN '' THEN '{{}}' ELSE jsonb_build_object('en', {column}) END
"""
AS_TEXT = """
ALTER TABLE {table} ALTER {column} TYPE text
USING coalesce({column} ->> 'en', {column} ->> 'fr', '')
"""


def of(model, table, column, field):
    return migrations.RunSQL(
        IN_ONE_LANGUAGE.format(table=table, column=column),
        AS_TEXT.format(table=table, column=column),
        state_operations=[migrations.AlterField(model, column, field)],
    )


class Migration(migrations.Migration):
    """What sentences there are stay, in whichever language they are."""

    dependencies = [
        ('catalog', '0003_what_statuses_are_called'),
    ]

    operations = [
        of(
            'offer',
            'catalog_offer',
            'publishing_error',
            models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.RenameField('offer', 'publishing_error', 'publishing_errors'),
        of(
            'plannedrelease',
            'catalog_plannedrelease',
            'error',
            models.JSONField(blank=True, default=dict),
        ),
        migrations.RenameField('plannedrelease', 'error', 'errors'),
    ]
