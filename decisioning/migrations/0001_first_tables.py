import django.db.models.deletion
from django.db import migrations, models

# By month of the identifiers; `decisioning_make_month` of the next migration makes the partitions.
PARTITIONED = '''
CREATE TABLE decisioning_interaction (
    id uuid PRIMARY KEY,
    environment_id bigint NOT NULL,
    contact_id bigint,
    at timestamptz NOT NULL,
    release integer NOT NULL,
    seed varchar(200) NOT NULL,
    identification varchar(9) NOT NULL,
    deduplicate boolean NOT NULL,
    ticks bigint,
    slots jsonb NOT NULL,
    inputs text
) PARTITION BY RANGE (id);
CREATE INDEX interactions_of_contact ON decisioning_interaction (contact_id, id);

CREATE TABLE decisioning_proposition (
    id uuid PRIMARY KEY,
    interaction uuid,
    contact_id bigint,
    environment_id bigint NOT NULL,
    at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    status smallint NOT NULL,
    rank smallint NOT NULL,
    weight numeric(22, 6) NOT NULL,
    release integer,
    is_fallback boolean NOT NULL,
    offer varchar(64) NOT NULL,
    space varchar(50) NOT NULL,
    channel varchar(12) NOT NULL,
    slot varchar(100) NOT NULL,
    category varchar(50) NOT NULL,
    category_path text NOT NULL,
    context varchar(200) NOT NULL,
    identification varchar(9) NOT NULL,
    destination_url text NOT NULL,
    data jsonb NOT NULL,
    CONSTRAINT proposition_status_is_known CHECK (status BETWEEN 0 AND 6),
    CONSTRAINT proposition_rank_is_positive CHECK (rank > 0)
) PARTITION BY RANGE (id);
CREATE INDEX propositions_of_contact ON decisioning_proposition (contact_id, environment_id, id);
CREATE INDEX propositions_of_offer ON decisioning_proposition (environment_id, offer, id);
CREATE INDEX propositions_of_space ON decisioning_proposition (environment_id, space, id);

CREATE TABLE decisioning_transition (
    proposition uuid NOT NULL,
    number smallint NOT NULL,
    at timestamptz NOT NULL,
    ticks bigint,
    before smallint NOT NULL,
    after smallint NOT NULL,
    source varchar(20) NOT NULL,
    by_name varchar(200) NOT NULL,
    comment text NOT NULL,
    PRIMARY KEY (proposition, number)
) PARTITION BY RANGE (proposition);
'''


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalog', '0001_the_catalogue'),
        ('contacts', '0002_lists_of_contacts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Clock',
            fields=[
                ('contact', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='+', serialize=False, to='contacts.contact')),
                ('ticks', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='CapTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cap', models.CharField(max_length=120)),
                ('space', models.CharField(max_length=50)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('most', models.PositiveIntegerField()),
                ('is_full', models.BooleanField(db_default=False, default=False)),
                ('environment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.environment')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_full', True)), fields=['environment'], name='cap_totals_full')],
                'constraints': [models.UniqueConstraint(fields=('environment', 'cap', 'space', 'since'), name='cap_total_once')],
            },
        ),
        migrations.CreateModel(
            name='CapTotalUse',
            fields=[
                ('pk', models.CompositePrimaryKey('total', 'slot', blank=True, editable=False, primary_key=True, serialize=False)),
                ('slot', models.PositiveSmallIntegerField()),
                ('used', models.PositiveIntegerField()),
                ('room', models.PositiveIntegerField()),
                ('total', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='decisioning.captotal')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('used__lte', models.F('room'))), name='cap_use_is_within_its_room')],
            },
        ),
        migrations.CreateModel(
            name='CapUse',
            fields=[
                ('pk', models.CompositePrimaryKey('contact', 'environment', 'cap', 'space', 'since', blank=True, editable=False, primary_key=True, serialize=False)),
                ('cap', models.CharField(max_length=120)),
                ('space', models.CharField(max_length=50)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('used', models.PositiveIntegerField()),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.contact')),
                ('environment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.environment')),
            ],
        ),
        migrations.CreateModel(
            name='VisitorLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.contact')),
                ('visitor', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.contact')),
            ],
            options={
                'indexes': [models.Index(fields=['contact'], name='visitors_of_contact')],
                'constraints': [models.UniqueConstraint(fields=('visitor', 'since'), name='visitor_linked_once')],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    PARTITIONED,
                    'DROP TABLE decisioning_interaction, decisioning_proposition, decisioning_transition',
                ),
            ],
            state_operations=[
                migrations.CreateModel(
                    name='Transition',
                    fields=[
                        ('pk', models.CompositePrimaryKey('proposition', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('proposition', models.UUIDField()),
                        ('number', models.PositiveSmallIntegerField()),
                        ('at', models.DateTimeField(verbose_name='date')),
                        ('ticks', models.BigIntegerField(null=True)),
                        ('before', models.PositiveSmallIntegerField(choices=[(0, 'Generated'), (1, 'Presented'), (2, 'Interested'), (3, 'Accepted'), (4, 'Scheduled'), (5, 'Rejected'), (6, 'Control group')])),
                        ('after', models.PositiveSmallIntegerField(choices=[(0, 'Generated'), (1, 'Presented'), (2, 'Interested'), (3, 'Accepted'), (4, 'Scheduled'), (5, 'Rejected'), (6, 'Control group')])),
                        ('source', models.CharField(max_length=20)),
                        ('by_name', models.CharField(max_length=200)),
                        ('comment', models.TextField()),
                    ],
                    options={
                        'verbose_name': 'change of status',
                        'verbose_name_plural': 'changes of status',
                    },
                ),
                migrations.CreateModel(
                    name='Interaction',
                    fields=[
                        ('id', models.UUIDField(primary_key=True, serialize=False)),
                        ('at', models.DateTimeField(verbose_name='date')),
                        ('release', models.PositiveIntegerField(verbose_name='release')),
                        ('seed', models.CharField(max_length=200, verbose_name='seed')),
                        ('identification', models.CharField(max_length=9, verbose_name='identification')),
                        ('deduplicate', models.BooleanField()),
                        ('ticks', models.BigIntegerField(null=True)),
                        ('slots', models.JSONField()),
                        ('inputs', models.TextField(null=True)),
                        ('contact', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='interactions', to='contacts.contact')),
                        ('environment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.environment')),
                    ],
                    options={
                        'verbose_name': 'decision',
                        'verbose_name_plural': 'decisions',
                    },
                ),
                migrations.CreateModel(
                    name='Proposition',
                    fields=[
                        ('id', models.UUIDField(primary_key=True, serialize=False)),
                        ('interaction', models.UUIDField(null=True)),
                        ('at', models.DateTimeField(verbose_name='date')),
                        ('changed_at', models.DateTimeField(verbose_name='last modified')),
                        ('status', models.PositiveSmallIntegerField(choices=[(0, 'Generated'), (1, 'Presented'), (2, 'Interested'), (3, 'Accepted'), (4, 'Scheduled'), (5, 'Rejected'), (6, 'Control group')], verbose_name='status')),
                        ('rank', models.PositiveSmallIntegerField(verbose_name='rank')),
                        ('weight', models.DecimalField(decimal_places=6, max_digits=22, verbose_name='weight')),
                        ('release', models.PositiveIntegerField(null=True, verbose_name='release')),
                        ('is_fallback', models.BooleanField(verbose_name='fallback offer')),
                        ('offer', models.CharField(max_length=64, verbose_name='offer')),
                        ('space', models.CharField(max_length=50, verbose_name='space')),
                        ('channel', models.CharField(choices=[('web', 'Web'), ('call_center', 'Call centre'), ('email', 'Email'), ('sms', 'SMS'), ('direct_mail', 'Direct mail'), ('push', 'Push'), ('other', 'Other')], max_length=12, verbose_name='channel')),
                        ('slot', models.CharField(max_length=100, verbose_name='slot')),
                        ('category', models.CharField(max_length=50, verbose_name='category')),
                        ('category_path', models.TextField()),
                        ('context', models.CharField(max_length=200, verbose_name='context')),
                        ('identification', models.CharField(max_length=9, verbose_name='identification')),
                        ('destination_url', models.TextField()),
                        ('data', models.JSONField(default=dict)),
                        ('contact', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='propositions', to='contacts.contact')),
                        ('environment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.environment')),
                    ],
                    options={
                        'verbose_name': 'proposition',
                        'verbose_name_plural': 'propositions',
                    },
                ),
                migrations.AddIndex(
                    model_name='interaction',
                    index=models.Index(fields=['contact', 'id'], name='interactions_of_contact'),
                ),
                migrations.AddIndex(
                    model_name='proposition',
                    index=models.Index(fields=['contact', 'environment', 'id'], name='propositions_of_contact'),
                ),
                migrations.AddIndex(
                    model_name='proposition',
                    index=models.Index(fields=['environment', 'offer', 'id'], name='propositions_of_offer'),
                ),
                migrations.AddIndex(
                    model_name='proposition',
                    index=models.Index(fields=['environment', 'space', 'id'], name='propositions_of_space'),
                ),
            ],
        ),
    ]
