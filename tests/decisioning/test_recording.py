import json
from decimal import Decimal

import pytest

from decisioning.deciding import decide
from decisioning.models import Clock, Interaction, Proposition
from offers_site.identifiers import moment_of
from tests.decisioning.making import AT, ask_for, engine_of, make_contact, make_environment, offer

pytestmark = pytest.mark.django_db


def test_a_decision_is_stored_with_its_propositions_and_what_it_was_made_from():
    shop, ada = make_environment(), make_contact("C1")
    engine = engine_of(offer("TOP", 9), offer("NEXT", 5), offer("LAST", 1))

    decided = decide(ask_for(shop, engine, ada, count=2))

    assert decided.recorded
    kept = Interaction.objects.get()
    assert kept.id == decided.interaction
    assert (kept.contact, kept.environment, kept.at) == (ada, shop, AT)
    assert (kept.release, kept.ticks, kept.identification) == (1, 1, "explicit")
    assert kept.seed == str(decided.interaction)
    assert json.loads(kept.inputs or "") == {
        "target": "C1",
        "contact": {},
        "history": [],
        "used": [],
    }
    assert kept.slots == [
        {
            "slot": "hero",
            "space": "webHero",
            "count": 2,
            "categories": [],
            "themes": [],
            "call": {},
        }
    ]
    rows = Proposition.objects.order_by("rank").values_list("offer", "rank", "weight", "status")
    assert list(rows) == [("TOP", 1, Decimal(9), 1), ("NEXT", 2, Decimal(5), 1)]
    one = Proposition.objects.get(rank=1)
    assert (one.interaction, one.contact, one.at, one.changed_at) == (kept.id, ada, AT, AT)
    assert (one.space, one.channel, one.slot, one.context) == ("webHero", "web", "hero", "Standard")
    assert str(one.id) == decided.made[0].name
    assert moment_of(one.id) == AT
    assert Clock.objects.get().ticks == 1
