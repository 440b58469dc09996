"""Who may open what: one table for every address of the product, and each cell of it is tried.

A new address fails here until it stands in the table.
"""

import base64
import functools
import re
import uuid
from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, is_valid_path, resolve, reverse

from accounts.actions.labels import create_label
from accounts.models import JournalEntry
from catalog.actions.drafts import begin_draft
from catalog.actions.pictures import add_picture
from catalog.describing import fallback_offer_shape
from catalog.models import PlannedRelease, Tag
from catalog.shapes import ContentFieldShape
from coupons.actions.redemptions import redeem
from coupons.models import Folder
from coupons.redeeming import Use
from jobs.models import Job
from tests.build import (
    NOON,
    bearer,
    make_attribute,
    make_audience,
    make_codes,
    make_contact,
    make_coupon,
    make_key,
    make_label,
    make_role,
    make_user,
)
from tests.catalog.making import (
    make_fallback_offer,
    make_offer,
    make_shop,
    make_template,
    publish,
    write,
)
from tests.decisioning.making import make_decision, make_proposition
from transfers.models import Transfer

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ROLES = ("administrator", "offer_manager", "delivery_manager", "agent", "analyst")
READERS = ("delivery_manager", "agent", "analyst")
METHODS = ("get", "post")
TRYING_BOTH = ("administrator", "no_role")  # who may do everything, and who nothing
RENDERING = {"administrator": ("get", "post"), **dict.fromkeys(READERS, ("get",))}
LINK = re.compile(r'(?:href|hx-get|hx-post|action)="(/[^"#?]*)[#?"]')
EVERYBODY = frozenset({*ROLES, "no_role"})
ADMINISTRATOR = frozenset({"administrator"})
MOVERS = frozenset({"administrator", "offer_manager", "delivery_manager"})
SEES_CONTACTS = frozenset(ROLES)
EXPLAINS = frozenset({"administrator", "offer_manager", "analyst"})
CALLS = frozenset({"administrator", "agent"})
CHANGES_CONTACTS = frozenset({"administrator", "delivery_manager", "agent"})
SEES_PERSONAL = frozenset({"administrator", "delivery_manager", "agent"})
SEES_AUDIENCES = frozenset({"administrator", "offer_manager", "delivery_manager", "analyst"})
CHANGES_AUDIENCES = frozenset({"administrator", "offer_manager", "delivery_manager"})
SEES_COUPONS = frozenset(ROLES)
ADDS_COUPONS = frozenset({"administrator", "offer_manager", "delivery_manager"})
ARCHIVES_COUPONS = frozenset({"administrator", "offer_manager"})
SEES_CODES = frozenset({"administrator", "offer_manager", "delivery_manager", "agent"})
VOIDS_CODES = frozenset({"administrator", "delivery_manager"})
REDEEMS = frozenset({"administrator", "agent"})
SEES_DESIGN = frozenset({"administrator", "offer_manager", "analyst"})
SEES_OFFERS = frozenset(ROLES)  # who sees only what is live is shown that
CHANGES_OFFERS = frozenset({"administrator", "offer_manager"})
SEES_CATALOGUE = frozenset({"administrator", "offer_manager", "delivery_manager", "analyst"})

# name: (who may, what GET answers them, what a POST without fields answers). Everybody else who is
# signed in gets 403, or 405 where the method is not known; without signing in one is sent to do so.
TABLE = {
    "home": (EVERYBODY, 200, 302),
    "search": (EVERYBODY, 200, 200),
    "side-choose": (EVERYBODY, 405, 302),
    "system": (ADMINISTRATOR, 200, 405),
    "accounts:sign-out": (EVERYBODY, 405, 302),
    "accounts:preferences": (EVERYBODY, 200, 422),
    "accounts:password-change": (EVERYBODY, 200, 422),
    "accounts:list-columns-save": (EVERYBODY, 405, 400),
    "accounts:person-list": (ADMINISTRATOR, 200, 405),
    "accounts:person-invite": (ADMINISTRATOR, 200, 422),
    "accounts:people-deactivate": (ADMINISTRATOR, 200, 302),
    "accounts:person-detail": (ADMINISTRATOR, 200, 405),
    "accounts:person-edit": (ADMINISTRATOR, 200, 422),
    "accounts:person-deactivate": (ADMINISTRATOR, 200, 302),
    "accounts:person-activate": (ADMINISTRATOR, 200, 302),
    "accounts:person-link": (ADMINISTRATOR, 200, 200),
    "accounts:role-list": (ADMINISTRATOR, 200, 405),
    "accounts:role-create": (ADMINISTRATOR, 200, 422),
    "accounts:role-detail": (ADMINISTRATOR, 200, 405),
    "accounts:role-duplicate": (ADMINISTRATOR, 200, 422),
    "accounts:role-edit": (ADMINISTRATOR, 200, 422),
    "accounts:role-delete": (ADMINISTRATOR, 200, 302),
    "accounts:label-list": (ADMINISTRATOR, 200, 405),
    "accounts:label-create": (ADMINISTRATOR, 200, 422),
    "accounts:label-edit": (ADMINISTRATOR, 200, 422),
    "accounts:label-delete": (ADMINISTRATOR, 200, 302),
    "accounts:key-list": (ADMINISTRATOR, 200, 405),
    "accounts:key-create": (ADMINISTRATOR, 200, 422),
    "accounts:key-revoke": (ADMINISTRATOR, 200, 302),
    "accounts:journal-list": (ADMINISTRATOR, 200, 405),
    "accounts:journal-entry": (ADMINISTRATOR, 200, 405),
    "accounts:journal-export": (ADMINISTRATOR, 200, 405),
    "contacts:contact-list": (SEES_CONTACTS, 200, 405),
    "contacts:visitor-list": (SEES_CONTACTS, 200, 405),
    "contacts:contact-detail": (SEES_CONTACTS, 200, 405),
    "contacts:contact-create": (CHANGES_CONTACTS, 200, 422),
    "contacts:contact-edit": (CHANGES_CONTACTS, 200, 422),
    "contacts:contact-opt-outs": (CHANGES_CONTACTS, 200, 422),
    "contacts:contact-link": (CHANGES_CONTACTS, 200, 422),
    "contacts:contact-merge": (CHANGES_CONTACTS, 200, 422),
    "contacts:contact-merge-with": (CHANGES_CONTACTS, 200, 422),
    "contacts:contact-export": (SEES_PERSONAL, 405, 200),
    "contacts:contact-erase": (ADMINISTRATOR, 200, 422),
    "contacts:attribute-list": (SEES_CONTACTS, 200, 405),
    "contacts:attribute-create": (ADMINISTRATOR, 200, 422),
    "contacts:attribute-edit": (ADMINISTRATOR, 200, 422),
    "contacts:attribute-retire": (ADMINISTRATOR, 200, 302),
    "contacts:attribute-restore": (ADMINISTRATOR, 200, 302),
    "contacts:attribute-purge": (ADMINISTRATOR, 200, 302),
    "contacts:audience-list": (SEES_AUDIENCES, 200, 405),
    "contacts:audience-create": (CHANGES_AUDIENCES, 200, 422),
    "contacts:audience-create-list": (CHANGES_AUDIENCES, 200, 422),
    "contacts:audience-detail": (SEES_AUDIENCES, 200, 405),
    "contacts:audience-people": (SEES_AUDIENCES, 200, 405),
    "contacts:audience-edit": (CHANGES_AUDIENCES, 200, 422),
    "contacts:audience-members": (CHANGES_AUDIENCES, 200, 422),
    "contacts:audience-delete": (CHANGES_AUDIENCES, 200, 302),
    "contacts:rule-check": (SEES_AUDIENCES, 405, 400),
    "contacts:rule-count": (SEES_AUDIENCES, 405, 400),
    "contacts:rule-sample": (SEES_AUDIENCES, 405, 400),
    "catalog:choose": (EVERYBODY, 302, 405),
    "catalog:offer-list": (SEES_OFFERS, 200, 405),
    "catalog:offer-create": (CHANGES_OFFERS, 200, 422),
    "catalog:offers-bulk": (CHANGES_OFFERS, 302, 302),  # no offer is ticked
    "catalog:offer-detail": (SEES_OFFERS, 200, 405),
    "catalog:offer-numbers": (SEES_DESIGN, 200, 405),
    "catalog:offer-journal": (SEES_DESIGN, 200, 405),
    "catalog:offer-edit-content": (CHANGES_OFFERS, 200, 302),  # every field may stay empty
    "catalog:offer-edit-eligibility": (CHANGES_OFFERS, 200, 422),
    "catalog:offer-edit-caps": (CHANGES_OFFERS, 200, 422),
    "catalog:offer-edit-details": (CHANGES_OFFERS, 200, 422),
    "catalog:offer-submit": (CHANGES_OFFERS, 200, 302),
    "catalog:offer-approve": (SEES_DESIGN, 200, 422),  # a template names who may answer
    "catalog:offer-compare": (SEES_DESIGN, 200, 405),
    "catalog:offer-restart": (CHANGES_OFFERS, 200, 302),
    "catalog:offer-publish": (CHANGES_OFFERS, 405, 302),
    "catalog:offer-switch": (CHANGES_OFFERS, 405, 302),
    "catalog:offer-duplicate": (CHANGES_OFFERS, 200, 422),
    "catalog:offer-delete": (CHANGES_OFFERS, 200, 302),
    "catalog:fallback-offer-list": (SEES_OFFERS, 200, 405),
    "catalog:fallback-offer-create": (CHANGES_OFFERS, 200, 422),
    "catalog:fallback-offer-detail": (SEES_OFFERS, 200, 405),
    "catalog:fallback-offer-edit": (CHANGES_OFFERS, 200, 422),
    "catalog:fallback-draft": (CHANGES_OFFERS, 404, 404),  # somebody else's
    "catalog:fallback-draft-discard": (CHANGES_OFFERS, 404, 404),
    "catalog:fallback-draft-frame": (CHANGES_OFFERS, 404, 405),
    "catalog:environment-list": (SEES_DESIGN, 200, 405),
    "catalog:environment-create": (ADMINISTRATOR, 200, 422),
    "catalog:environment-detail": (SEES_CATALOGUE, 200, 405),
    "catalog:environment-edit": (CHANGES_OFFERS, 200, 422),
    "catalog:environment-delete": (ADMINISTRATOR, 200, 302),
    "catalog:content-field-list": (SEES_CATALOGUE, 200, 405),
    "catalog:content-field-create": (CHANGES_OFFERS, 200, 422),
    "catalog:content-field-edit": (CHANGES_OFFERS, 200, 422),
    "catalog:content-field-order": (CHANGES_OFFERS, 405, 302),
    "catalog:content-field-delete": (CHANGES_OFFERS, 200, 302),
    "catalog:space-list": (SEES_CATALOGUE, 200, 405),
    "catalog:space-create": (ADMINISTRATOR, 200, 422),
    "catalog:space-try": (CHANGES_OFFERS, 405, 200),
    "catalog:space-detail": (SEES_CATALOGUE, 200, 405),
    "catalog:space-edit": (CHANGES_OFFERS, 200, 422),
    "catalog:space-debts": (SEES_CATALOGUE, 200, 405),
    "catalog:space-publish": (CHANGES_OFFERS, 200, 302),
    "catalog:space-delete": (ADMINISTRATOR, 200, 302),
    "catalog:weight-grid": (SEES_DESIGN, 200, 405),
    "catalog:weight-edit": (CHANGES_OFFERS, 405, 302),
    "catalog:weights-change": (CHANGES_OFFERS, 302, 302),  # no weight is ticked
    "catalog:offer-matrix": (SEES_DESIGN, 200, 405),
    "catalog:offer-calendar": (SEES_DESIGN, 200, 405),
    "catalog:lint-list": (SEES_DESIGN, 200, 405),
    "catalog:lint-counts": (SEES_DESIGN, 200, 405),
    "catalog:requirements": (SEES_CATALOGUE, 200, 405),
    "catalog:category-tree": (SEES_CATALOGUE, 200, 405),
    "catalog:category-create": (CHANGES_OFFERS, 200, 422),
    "catalog:category-detail": (SEES_CATALOGUE, 200, 405),
    "catalog:category-edit": (CHANGES_OFFERS, 200, 422),
    "catalog:category-move": (CHANGES_OFFERS, 405, 400),
    "catalog:category-publish": (CHANGES_OFFERS, 200, 302),
    "catalog:category-switch": (CHANGES_OFFERS, 405, 302),
    "catalog:category-delete": (CHANGES_OFFERS, 200, 302),
    "catalog:presentation-rule-list": (SEES_CATALOGUE, 200, 405),
    "catalog:presentation-rule-create": (CHANGES_OFFERS, 200, 422),
    "catalog:presentation-rule-edit": (CHANGES_OFFERS, 200, 422),
    "catalog:presentation-rule-order": (CHANGES_OFFERS, 405, 302),
    "catalog:presentation-rule-say": (CHANGES_OFFERS, 405, 200),
    "catalog:presentation-rules-publish": (CHANGES_OFFERS, 200, 302),
    "catalog:presentation-rule-delete": (CHANGES_OFFERS, 200, 302),
    "catalog:filter-list": (SEES_CATALOGUE, 200, 405),
    "catalog:filter-create": (CHANGES_OFFERS, 200, 422),
    "catalog:filter-detail": (SEES_CATALOGUE, 200, 405),
    "catalog:filter-edit": (CHANGES_OFFERS, 200, 422),
    "catalog:filter-compare": (CHANGES_OFFERS, 405, 200),
    "catalog:filter-delete": (CHANGES_OFFERS, 200, 302),
    "decisioning:call-find": (CALLS, 200, 200),
    "decisioning:call-detail": (CALLS, 200, 405),
    "decisioning:call-offers": (CALLS, 405, 302),
    "decisioning:call-answer": (CALLS, 405, 302),
    "decisioning:person-offers": (SEES_CONTACTS, 200, 405),
    "decisioning:proposition-correct": (CALLS, 200, 422),
    "decisioning:person-preview": (EXPLAINS, 200, 405),
    "decisioning:decision-list": (SEES_OFFERS, 200, 405),
    "decisioning:decision-detail": (SEES_OFFERS, 200, 405),
    "decisioning:offer-propositions": (SEES_OFFERS, 200, 405),
    "decisioning:offer-funnel": (SEES_OFFERS, 200, 405),
    "decisioning:offer-caps": (SEES_OFFERS, 200, 405),
    "decisioning:space-propositions": (SEES_CATALOGUE, 200, 405),
    "decisioning:space-funnel": (SEES_CATALOGUE, 200, 405),
    "decisioning:space-preview": (SEES_DESIGN, 200, 405),
    "catalog:tag-list": (SEES_DESIGN, 200, 405),
    "catalog:tag-create": (CHANGES_OFFERS, 200, 422),
    "catalog:tag-rename": (CHANGES_OFFERS, 200, 422),
    "catalog:tag-merge": (CHANGES_OFFERS, 200, 422),
    "catalog:tag-delete": (CHANGES_OFFERS, 200, 302),
    "catalog:package": (SEES_CATALOGUE, 200, 405),
    "catalog:package-bring": (CHANGES_OFFERS, 405, 422),
    "catalog:package-export": (SEES_CATALOGUE, 200, 405),
    "catalog:package-plan": (CHANGES_OFFERS, 302, 405),  # the file of somebody else
    "catalog:package-apply": (CHANGES_OFFERS, 405, 302),
    "catalog:release-list": (SEES_OFFERS, 200, 405),
    "catalog:release-detail": (SEES_OFFERS, 200, 405),
    "catalog:release-compare": (SEES_OFFERS, 200, 405),
    "catalog:release-roll-back": (CHANGES_OFFERS, 200, 422),
    "catalog:planned-release-edit": (CHANGES_OFFERS, 200, 422),
    "catalog:planned-release-cancel": (CHANGES_OFFERS, 200, 302),
    "catalog:template-list": (SEES_DESIGN, 200, 405),
    "catalog:template-create": (CHANGES_OFFERS, 200, 422),
    "catalog:template-edit": (CHANGES_OFFERS, 200, 422),
    "catalog:template-delete": (CHANGES_OFFERS, 200, 302),
    "catalog:preview": (SEES_OFFERS, 200, 405),
    "catalog:preview-frame": (SEES_OFFERS, 404, 405),  # no space is named
    "catalog:preview-draft": (CHANGES_OFFERS, 405, 200),
    "catalog:preview-draft-frame": (CHANGES_OFFERS, 404, 405),  # nothing was typed
    "catalog:preview-people": (SEES_CONTACTS, 200, 405),
    "catalog:picture-list": (CHANGES_OFFERS, 200, 422),
    "catalog:picture-add": (CHANGES_OFFERS, 405, 422),
    "coupons:coupon-list": (SEES_COUPONS, 200, 405),
    "coupons:coupon-create": (ADDS_COUPONS, 200, 422),
    "coupons:folder-list": (ADDS_COUPONS, 200, 405),
    "coupons:folder-create": (ADDS_COUPONS, 200, 422),
    "coupons:folder-edit": (ADDS_COUPONS, 200, 422),
    "coupons:folder-delete": (ADDS_COUPONS, 200, 302),
    "coupons:options-edit": (ADMINISTRATOR, 200, 422),
    "coupons:options-codes": (ADMINISTRATOR, 200, 302),
    "coupons:coupons-suspend": (ADDS_COUPONS, 302, 302),
    "coupons:coupons-activate": (ADDS_COUPONS, 302, 302),
    "coupons:coupons-archive": (ARCHIVES_COUPONS, 302, 302),
    "coupons:code-find": (SEES_CODES, 200, 422),
    "coupons:codes-void": (VOIDS_CODES, 302, 302),
    "coupons:codes-put-back": (VOIDS_CODES, 302, 302),
    "coupons:codes-delete": (VOIDS_CODES, 302, 302),
    "coupons:code-detail": (SEES_COUPONS, 200, 405),
    "coupons:code-redeem": (REDEEMS, 200, 422),
    "coupons:redemption-roll-back": (ADMINISTRATOR, 200, 422),
    "coupons:coupon-detail": (SEES_COUPONS, 200, 405),
    "coupons:coupon-others": (SEES_COUPONS, 200, 405),
    "coupons:coupon-journal": (ADMINISTRATOR, 200, 405),
    "coupons:coupon-edit": (ADDS_COUPONS, 200, 422),
    "coupons:coupon-duplicate": (ADDS_COUPONS, 200, 302),
    "coupons:coupon-suspend": (ADDS_COUPONS, 200, 302),
    "coupons:coupon-activate": (ADDS_COUPONS, 200, 302),
    "coupons:coupon-archive": (ARCHIVES_COUPONS, 200, 302),
    "coupons:coupon-delete": (ARCHIVES_COUPONS, 200, 302),
    "coupons:coupon-redeem": (REDEEMS, 200, 422),
    "coupons:redemption-list": (SEES_COUPONS, 200, 405),
    "coupons:coupon-deliveries": (SEES_COUPONS, 200, 405),
    "coupons:coupon-imports": (SEES_COUPONS, 200, 405),
    "coupons:coupon-reports": (SEES_COUPONS, 200, 405),
    "coupons:coupon-recount": (ADDS_COUPONS, 405, 302),
    "coupons:batch-edit": (ADDS_COUPONS, 200, 422),
    "coupons:code-list": (SEES_COUPONS, 200, 405),
    "coupons:code-add": (ADDS_COUPONS, 200, 422),
    "coupons:code-generate": (ADDS_COUPONS, 200, 422),
    "coupons:code-find-in": (SEES_CODES, 405, 422),
    "coupons:all-codes-void": (VOIDS_CODES, 200, 422),
    "coupons:all-codes-put-back": (VOIDS_CODES, 200, 422),
    "coupons:all-codes-delete": (VOIDS_CODES, 200, 302),
    "jobs:job-list": (EVERYBODY, 200, 405),
    "jobs:job-running": (EVERYBODY, 200, 405),
    "jobs:job-practise": (ADMINISTRATOR, 405, 302),
    "transfers:transfer-list": (EVERYBODY, 200, 405),
    "transfers:import-create": (MOVERS, 200, 422),
    "transfers:export-create": (MOVERS, 200, 200),
}
# What those who may not see it are told does not exist.
HIDDEN = {
    "jobs:job-detail": (ADMINISTRATOR, 200, 405),
    "jobs:job-cancel": (ADMINISTRATOR, 200, 302),
    "transfers:transfer-detail": (ADMINISTRATOR, 200, 405),
    "transfers:import-settings": (ADMINISTRATOR, 302, 302),
    "transfers:import-again": (ADMINISTRATOR, 405, 302),
    "transfers:transfer-errors-csv": (ADMINISTRATOR, 200, 405),
    "transfers:transfer-errors-xml": (ADMINISTRATOR, 200, 405),
    "transfers:transfer-rejected": (ADMINISTRATOR, 404, 405),
    "transfers:export-fetch": (ADMINISTRATOR, 405, 404),
    "transfers:export-file": (ADMINISTRATOR, 404, 405),
    "transfers:transfer-pause": (ADMINISTRATOR, 405, 302),
    "transfers:transfer-resume": (ADMINISTRATOR, 405, 302),
}
# The same for everybody, signed in or not: what GET answers, what a POST without fields answers.
PUBLIC = {
    "accounts:password-forgotten": (200, 422),
    "accounts:password-set": (410, 410),
    "accounts:language-choose": (405, 400),
    "accounts:theme-choose": (405, 400),
    "catalog:asset-file": (200, 405),
    "decisioning:link-follow": (404, 405),
    # there is no shop where there is no demo
    "decisioning:shop-away-api": (404, 404),
    "decisioning:shop-away-tag": (404, 404),
    "decisioning:shop-basket": (404, 404),
    "decisioning:shop-department": (404, 404),
    "decisioning:shop-home": (404, 404),
    "decisioning:shop-sign-in": (404, 404),
    "decisioning:tag": (200, 405),
    "api-openapi": (200, 405),
    "api-docs": (200, 405),
    "healthz": (200, 405),
    "readyz": (200, 405),
    "metrics": (200, 405),
}
# For programs: without a key 401, whoever is signed in.
PROGRAMS = {
    "api-1:api-root": (404, 404),
    "api-1:read_key": (401, 405),
    "api-1:list_journal": (401, 405),
    "api-1:list_contacts": (401, 405),
    "api-1:read_contact": (401, 405),
    "api-1:decide": (405, 401),
    "api-1:make_token": (405, 401),
    "api-1:set_status": (405, 401),
    "api-1:list_propositions": (401, 405),
    "api-1:approve_offer": (405, 401),
    "api-1:disable_offer": (405, 401),
    "api-1:enable_offer": (405, 401),
    "api-1:disable_category": (405, 401),
    "api-1:enable_category": (405, 401),
    "api-1:list_releases": (401, 405),
    "api-1:read_release": (401, 405),
    "api-1:compare_releases": (401, 405),
    "api-1:roll_back": (405, 401),
    "api-1:read_package": (401, 405),
    "api-1:plan_package": (405, 401),
    "api-1:apply_to": (405, 401),
    "api-1:list_offers": (401, 405),
    "api-1:list_jobs": (401, 405),
    "api-1:read_job": (401, 405),
    "api-1:cancel_job": (405, 401),
    "api-1:create_hold": (405, 401),
    "api-1:create_import": (401, 401),
    "api-1:create_redemption": (405, 401),
    "api-1:generate_codes": (405, 401),
    "api-1:list_batches": (401, 405),
    "api-1:read_batch": (401, 405),
    "api-1:void_batch": (405, 401),
    "api-1:list_codes": (401, 405),
    "api-1:list_coupons": (401, 405),
    "api-1:read_code": (401, 405),
    "api-1:read_coupon": (401, 405),
    "api-1:release_hold": (405, 405),
    "api-1:roll_back_redemption": (405, 401),
    "api-1:validate_code": (405, 401),
    "api-1:list_imports": (401, 401),
    "api-1:read_import": (401, 405),
    "api-1:list_import_errors": (401, 405),
}
SIGN_IN = "accounts:sign-in"  # signed in already, GET leads home


@pytest.fixture(scope="module")
def addresses(module_db):
    """Every address of the product, with something behind it, by name."""
    person = make_user("target@example.org", role="agent")
    role, label = make_role("Target"), make_label("target")
    key, _secret = make_key(name="Target")
    create_label(code="noted", name="Noted", description="", by=None, at=NOON)
    job = Job.objects.create(titles={"en": "Target"}, task="x", created_at=NOON, queued_at=NOON)
    transfer = Transfer.objects.create(
        direction="import", subject="contacts", job=job, file_name="target.csv", created_at=NOON
    )
    make_attribute("target", "int")
    contact, other = make_contact("C-1"), make_contact("C-2")
    make_audience("target")
    shop = make_shop()
    offer, fallback_offer = make_offer(shop), make_fallback_offer(shop)
    publish(offer, fallback_offer)
    draft = begin_draft(shop, fallback_offer_shape(fallback_offer), by=person, at=NOON)
    asset = add_picture(name="dot.png", data=PICTURE, by=None, at=NOON)
    tag = Tag.objects.create(name="target", created_at=NOON)
    template = make_template(shop)
    plan = PlannedRelease.objects.create(
        environment=shop, public_id=uuid.uuid4(), at=NOON, created_at=NOON
    )
    write(None, ContentFieldShape(name="target", label="Target"), shop)
    coupon = make_coupon("CPN23", type="individual", accept_unissued=True)
    (code,) = make_codes(coupon, "TARGET")
    folder = Folder.objects.create(path="Target")
    use = redeem(Use(code="TARGET", source="till", external_id="T-1"), by=None, at=NOON).redemption
    samples = {
        "coupons:folder": {"pk": folder.pk},
        "coupons:code-": {"code": "CPN23", "pk": code.pk},
        "coupons:redemption-roll-back": {"pk": use.pk},
        "coupons:batch": {"code": "CPN23", "pk": code.batch_id},
        "coupons:": {"code": "CPN23"},
        "catalog:category": {"environment": shop.name, "name": "travel"},
        "catalog:content-field": {"environment": shop.name, "name": "target"},
        "catalog:environment": {"environment": shop.name},
        "catalog:filter": {"environment": shop.name, "name": "grown"},
        "catalog:presentation-rule": {"environment": shop.name, "name": "R1"},
        "catalog:release": {"environment": shop.name, "number": 1},
        "catalog:planned-release": {"environment": shop.name, "public_id": plan.public_id},
        "catalog:requirements": {"environment": shop.name},
        "catalog:weight": {"environment": shop.name, "pk": offer.contexts.get().pk},
        "catalog:offer-matrix": {"environment": shop.name},
        "catalog:offer-calendar": {"environment": shop.name},
        "catalog:lint-list": {"environment": shop.name},
        "catalog:space": {"environment": shop.name, "name": "webHero"},
        "catalog:tag": {"pk": tag.pk},
        "catalog:template": {"environment": shop.name, "pk": template.pk},
        "catalog:asset": {"digest": asset.hash, "extension": "png"},
        "catalog:preview-draft-frame": {"environment": shop.name, "token": uuid.uuid4()},
        "catalog:preview": {"environment": shop.name, "code": offer.code},
        "catalog:offer": {
            "environment": shop.name,
            "code": offer.code,
            "side": "content",
            "verb": "submit",
        },
        "catalog:fallback-offer": {"environment": shop.name, "code": fallback_offer.code},
        "catalog:fallback-draft": {
            "environment": shop.name,
            "public_id": draft.public_id,
            "step": "summary",
        },
        "accounts:person": {"public_id": person.public_id},
        "accounts:password": {"public_id": person.public_id, "token": "never-given"},
        "accounts:role": {"code": role.code},
        "accounts:label": {"code": label.code},
        "accounts:key": {"public_id": key.public_id},
        "accounts:journal": {"pk": JournalEntry.objects.earliest("pk").pk},
        "contacts:contact": {"public_id": contact.public_id, "other_id": other.public_id},
        "contacts:attribute": {"name": "target"},
        "contacts:audience": {"name": "target"},
        "api-1:read_contact": {"key": contact.key},
        "api-1:list_propositions": {"key": contact.key},
        "api-1:set_status": {"token": "never-given"},
        "decisioning:link-follow": {"token": "never-given", "action": "click"},
        "decisioning:shop-away-api": {"path": "decisions"},
        "decisioning:shop-department": {"department": "bags"},
        "decisioning:call": {"public_id": contact.public_id},
        "decisioning:person": {"public_id": contact.public_id},
        "decisioning:proposition": {
            "public_id": contact.public_id,
            "pk": make_proposition(shop, offer.code, contact).pk,
        },
        "decisioning:decision-detail": {"pk": make_decision(shop, contact).pk},
        "decisioning:offer": {"environment": shop.name, "code": offer.code},
        "decisioning:space": {"environment": shop.name, "name": "webHero"},
        "api-1:read_code": {"code": "CPN23", "value": "A"},
        "api-1:read_coupon": {"code": "CPN23"},
        "api-1:generate_codes": {"code": "CPN23"},
        "api-1:list_batches": {"code": "CPN23"},
        "api-1:read_batch": {"code": "CPN23", "pk": code.batch_id},
        "api-1:void_batch": {"code": "CPN23", "pk": code.batch_id},
        "api-1:list_codes": {"code": "CPN23"},
        "api-1:roll_back_redemption": {"pk": job.pk},
        "api-1:release_hold": {"pk": job.pk},
        **{
            name: {"environment": shop.name, "code": "NYC", "name": "travel"}
            for name in ("api-1:approve_", "api-1:disable_", "api-1:enable_")
        },
        **{
            name: {"environment": shop.name, "number": 1}
            for name in (
                "api-1:list_releases",
                "api-1:read_release",
                "api-1:compare_",
                "api-1:roll_back",
            )
        },
        "catalog:package": {"environment": shop.name, "word": "word"},
        **{
            name: {"environment": shop.name}
            for name in (
                "api-1:read_package",
                "api-1:plan_package",
                "api-1:apply_to",
                "api-1:list_offers",
            )
        },
        "jobs:job": {"pk": job.pk},
        "api-1:read_job": {"pk": job.pk},
        "api-1:cancel_job": {"pk": job.pk},
        "transfers:": {"pk": transfer.pk, "link": "never-given"},
        "api-1:read_import": {"pk": transfer.pk},
        "api-1:list_import_errors": {"pk": transfer.pk},
    }
    return {name: reverse(name, kwargs=sample(samples, name, names)) for name, names in patterns()}


def sample(samples, name, names):
    for start, given in samples.items():
        if name.startswith(start):
            return {each: given[each] for each in names}
    return {}


def patterns(resolver=None, namespace=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, inner)
        elif entry.name != "gallery":  # while developing only
            yield f"{namespace}{entry.name}", list(entry.pattern.converters)


@pytest.fixture(autouse=True)
def bare_refusals(monkeypatch):
    """Hundreds of refusals, of which the statuses are asked; test_pages reads what they say."""
    monkeypatch.setattr(
        "offers_site.views.errors.render",
        lambda request, template, context, status: HttpResponse(status=status),
    )


def visitor(person=None):
    """A browser, in which `person` has signed in."""
    client = Client(raise_request_exception=False)
    if person:
        client.force_login(person)
    return client


@dataclass(frozen=True)
class Answers:
    """What GET and a POST without any of the fields are answered, and where that page leads."""

    statuses: tuple[int | str, ...]
    links: set[str]


def ask(client, address, *, methods=METHODS, rendering=METHODS):
    """Nothing of it stays. What a page says is looked at only where its method is `rendering`."""
    statuses, links = [], set()
    before, cookies = transaction.savepoint(), copy(client.cookies)
    for method in methods:
        with nullcontext() if method in rendering else unrendered():
            answer = getattr(client, method)(address, {"nothing": "asked"})
        if answer.status_code == 302 and answer["Location"].startswith(reverse(SIGN_IN)):
            statuses.append("sign-in")
        else:
            statuses.append(answer.status_code)
        if method == "get" and not answer.streaming:
            links = set(LINK.findall(answer.content.decode(errors="replace")))
    transaction.savepoint_rollback(before)
    client.cookies = cookies
    return Answers(tuple(statuses), links)


@contextmanager
def unrendered():
    """Answers have their statuses, and pages without a word."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.template.backends.django.Template.render", lambda *_given: "")
        yield


def statuses_of(client, addresses, names, **how):
    return {name: ask(client, addresses[name], **how).statuses for name in names}


@pytest.fixture(scope="module")
def asked_by(addresses):
    """What every address answers somebody of a role, asked once.

    Whoever may do everything is shown everything. Of the others those pages are read that may lead
    to where one may not go. A method that is unknown to whoever may do everything, and to whoever
    may do nothing, is refused before anybody's rights count: the others do not try it.
    """

    @functools.cache
    def ask_all(role):
        person = make_user(f"{role}@example.org", role=role if role in ROLES else None)
        client = visitor(person)
        if role in SEES_DESIGN:  # where everybody begins; each page would note where one is
            client.get(addresses["catalog:offer-list"])
        rendering = RENDERING.get(role, ())
        return {
            name: ask(client, addresses[name], methods=tried(role, row), rendering=rendering)
            for name, row in {**TABLE, **HIDDEN}.items()
        }

    return ask_all


def test_every_address_stands_in_one_table():
    names = sorted({name for name, _names in patterns()})  # two methods may share one

    assert names == sorted([*TABLE, *HIDDEN, *PUBLIC, *PROGRAMS, SIGN_IN])


@pytest.mark.parametrize("role", [*ROLES, "no_role"])
def test_people_open_what_their_role_allows(asked_by, role):
    found = {name: answers.statuses for name, answers in asked_by(role).items()}

    expected = {name: answers_to(role, row, 403) for name, row in TABLE.items()}
    expected |= {name: answers_to(role, row, 404) for name, row in HIDDEN.items()}
    signed_out = (405, "sign-in") if role in TRYING_BOTH else ("sign-in",)
    assert found == expected | {"accounts:sign-out": signed_out}


@pytest.mark.parametrize("role", READERS)
def test_no_page_leads_to_where_one_may_not_go(asked_by, role):
    known = {**TABLE, **HIDDEN}

    found = {
        (name, leads_to(link))
        for name, answers in asked_by(role).items()
        if role in known[name][0]
        for link in answers.links
    } - {(name, None) for name in known}

    assert len(found) > 100
    assert {pair for pair in found if pair[1] in known and role not in known[pair[1]][0]} == set()


@functools.cache
def leads_to(link):
    """Hundreds of pages have the same links in their frame."""
    return resolve(link).view_name if is_valid_path(link) else None


def tried(role, row):
    """The methods by which somebody of the role asks an address."""
    _allowed, *statuses = row
    pairs = zip(METHODS, statuses, strict=True)
    return [method for method, status in pairs if status != 405 or role in TRYING_BOTH]


def answers_to(role, row, refusal):
    """A method that an address does not know is 405 before anybody asks for rights."""
    allowed, *statuses = row
    known = [status for status in statuses if status != 405 or role in TRYING_BOTH]
    return tuple(known if role in allowed else [without(status, refusal) for status in known])


def without(status, refusal):
    return 405 if status == 405 else refusal


def test_without_signing_in_everything_else_leads_to_the_sign_in(addresses):
    found = statuses_of(visitor(), addresses, [*TABLE, *HIDDEN])

    assert found == dict.fromkeys([*TABLE, *HIDDEN], ("sign-in", "sign-in"))


@pytest.mark.parametrize("role", [*ROLES, None])
def test_public_pages_answer_everybody_alike(addresses, role):
    person = make_user("somebody@example.org", role=role) if role else None
    rendering = ("get", "post") if role in {None, "administrator"} else ()

    found = statuses_of(visitor(person), addresses, PUBLIC, rendering=rendering)

    assert found == PUBLIC


def test_the_sign_in_leads_home_who_is_signed_in(addresses):
    somebody = make_user("somebody@example.org")

    assert ask(visitor(), addresses[SIGN_IN]).statuses == (200, 422)
    assert ask(visitor(somebody), addresses[SIGN_IN]).statuses == (302, 422)


@pytest.mark.parametrize("role", ["administrator", None])
def test_programs_need_a_key_even_for_somebody_who_is_signed_in(addresses, role):
    person = make_user("somebody@example.org", role=role) if role else None

    found = statuses_of(visitor(person), addresses, PROGRAMS)

    assert found == PROGRAMS


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("api-1:list_journal", "get"),
        ("api-1:list_contacts", "get"),
        ("api-1:read_contact", "get"),
        ("api-1:read_contact", "put"),
        ("api-1:approve_offer", "post"),
        ("api-1:disable_offer", "post"),
        ("api-1:enable_offer", "post"),
        ("api-1:disable_category", "post"),
        ("api-1:enable_category", "post"),
        ("api-1:list_releases", "get"),
        ("api-1:read_release", "get"),
        ("api-1:compare_releases", "get"),
        ("api-1:roll_back", "post"),
        ("api-1:read_package", "get"),
        ("api-1:plan_package", "post"),
        ("api-1:apply_to", "post"),
        ("api-1:list_offers", "get"),
        ("api-1:list_jobs", "get"),
        ("api-1:read_job", "get"),
        ("api-1:cancel_job", "post"),
        ("api-1:validate_code", "post"),
        ("api-1:create_redemption", "post"),
        ("api-1:roll_back_redemption", "post"),
        ("api-1:create_hold", "post"),
        ("api-1:release_hold", "delete"),
        ("api-1:list_coupons", "get"),
        ("api-1:read_coupon", "get"),
        ("api-1:read_coupon", "patch"),
        ("api-1:generate_codes", "post"),
        ("api-1:list_batches", "get"),
        ("api-1:read_batch", "get"),
        ("api-1:read_batch", "patch"),
        ("api-1:void_batch", "post"),
        ("api-1:list_codes", "get"),
        ("api-1:read_code", "get"),
        ("api-1:read_code", "patch"),
        ("api-1:create_import", "post"),
        ("api-1:list_imports", "get"),
        ("api-1:read_import", "get"),
        ("api-1:list_import_errors", "get"),
    ],
)
def test_a_key_without_the_scope_is_told_which_one_it_lacks(client, addresses, name, method):
    _key, secret = make_key("decide")

    answer = getattr(client, method)(addresses[name], headers=bearer(secret))

    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "scope_missing"


def test_what_does_not_exist_is_not_found(client):
    client.force_login(make_user(role="administrator"))

    for name in ("person-detail", "person-edit", "person-deactivate", "person-link"):
        assert client.get(reverse(f"accounts:{name}", args=[uuid.uuid4()])).status_code == 404
    for name in ("role-detail", "role-edit", "role-delete", "label-edit", "label-delete"):
        assert client.get(reverse(f"accounts:{name}", args=["nothing"])).status_code == 404
