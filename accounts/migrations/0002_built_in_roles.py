"""The five roles that every installation has, and a journal that nobody can rewrite."""

from django.db import migrations

ROLES = {
    'administrator': 'Administrator',
    'offer_manager': 'Offer manager',
    'delivery_manager': 'Delivery manager',
    'agent': 'Call centre agent',
    'analyst': 'Analyst',
}

PROTECT_JOURNAL = '''
CREATE FUNCTION accounts_refuse_to_rewrite_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The journal is append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER accounts_journal_is_append_only BEFORE UPDATE ON accounts_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_to_rewrite_journal();
'''
UNPROTECT_JOURNAL = '''
DROP TRIGGER accounts_journal_is_append_only ON accounts_journalentry;
DROP FUNCTION accounts_refuse_to_rewrite_journal();
'''


def add_roles(apps, schema_editor):
    role = apps.get_model('accounts', 'Role')
    role.objects.bulk_create(
        role(code=code, name=name, is_builtin=True) for code, name in ROLES.items()
    )


def remove_roles(apps, schema_editor):
    apps.get_model('accounts', 'Role').objects.filter(is_builtin=True).delete()


class Migration(migrations.Migration):

    dependencies = [('accounts', '0001_people')]

    operations = [
        migrations.RunPython(add_roles, remove_roles),
        migrations.RunSQL(PROTECT_JOURNAL, UNPROTECT_JOURNAL),
    ]
