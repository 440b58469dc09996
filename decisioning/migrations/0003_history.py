"""Statements over many months are planned once: to plan them anew costs ten times what they do."""

from django.db import migrations

# A visitor's propositions, whichever environment made them, are the contact's history as well.
HISTORY = '''
CREATE FUNCTION decisioning_history(person bigint, env bigint, first uuid, last uuid)
RETURNS json LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (
        SELECT json_agg(json_build_array(
            p.offer, p.space, p.channel, p.status, (extract(epoch FROM p.at) * 1000000)::bigint,
            p.category, p.weight, p.rank, p.is_fallback
        )) FROM (
            SELECT p.* FROM decisioning_proposition p
            WHERE p.contact_id = person AND p.environment_id = env AND p.id BETWEEN first AND last
            UNION ALL
            SELECT p.* FROM decisioning_visitorlink l
            JOIN decisioning_proposition p ON p.contact_id = l.visitor_id
                AND p.at >= l.since AND p.at < l.until AND p.id BETWEEN first AND last
            WHERE l.contact_id = person
        ) p
    );
END
$$;
ALTER FUNCTION decisioning_record(jsonb, text) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION decisioning_go_on(jsonb) SET plan_cache_mode = force_generic_plan;
'''

UNDO = '''
ALTER FUNCTION decisioning_go_on(jsonb) RESET plan_cache_mode;
ALTER FUNCTION decisioning_record(jsonb, text) RESET plan_cache_mode;
DROP FUNCTION decisioning_history(bigint, bigint, uuid, uuid);
'''


class Migration(migrations.Migration):

    dependencies = [('decisioning', '0002_guards')]

    operations = [migrations.RunSQL(HISTORY, UNDO)]
