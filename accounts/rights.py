"""What a person may be allowed to do in the whole product, and what the built-in roles allow.

A right is named `room.right`. The built-in roles' rights stand here and nowhere else, so that they
never drift from the code; the rights of a role that an administrator makes are rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Right(TextChoices):
    VIEW_DESIGN_OFFER = "catalog.view_design_offer", _("See offers in design")
    VIEW_DESIGN_ENVIRONMENT = "catalog.view_design_environment", _("See environments in design")
    VIEW_DESIGN_ADMINISTRATION_BRANCH = (
        "catalog.view_design_administration_branch",
        _("See the administration branch in design"),
    )
    VIEW_DESIGN_SPACE = "catalog.view_design_space", _("See spaces in design")
    VIEW_DESIGN_FILTER = "catalog.view_design_filter", _("See predefined filters in design")
    VIEW_DESIGN_RULE_SET = "catalog.view_design_rule_set", _("See rule sets in design")
    VIEW_DESIGN_PRESENTATION_RULE = (
        "catalog.view_design_presentation_rule",
        _("See presentation rules in design"),
    )
    VIEW_DESIGN_CATALOGUE_ROOT = (
        "catalog.view_design_catalogue_root",
        _("See the catalogue root in design"),
    )
    VIEW_DESIGN_CATEGORY = "catalog.view_design_category", _("See categories in design")

    VIEW_LIVE_OFFER = "catalog.view_live_offer", _("See live offers")
    VIEW_LIVE_ENVIRONMENT = "catalog.view_live_environment", _("See live environments")
    VIEW_LIVE_ADMINISTRATION_BRANCH = (
        "catalog.view_live_administration_branch",
        _("See the live administration branch"),
    )
    VIEW_LIVE_SPACE = "catalog.view_live_space", _("See live spaces")
    VIEW_LIVE_FILTER = "catalog.view_live_filter", _("See live predefined filters")
    VIEW_LIVE_RULE_SET = "catalog.view_live_rule_set", _("See live rule sets")
    VIEW_LIVE_PRESENTATION_RULE = (
        "catalog.view_live_presentation_rule",
        _("See live presentation rules"),
    )
    VIEW_LIVE_CATALOGUE_ROOT = "catalog.view_live_catalogue_root", _("See the live catalogue root")
    VIEW_LIVE_CATEGORY = "catalog.view_live_category", _("See live categories")

    CHANGE_OFFER = "catalog.change_offer", _("Create and change offers")
    CHANGE_ENVIRONMENT = "catalog.change_environment", _("Change environments")
    CHANGE_ADMINISTRATION_BRANCH = (
        "catalog.change_administration_branch",
        _("Change the administration branch"),
    )
    CHANGE_SPACE = "catalog.change_space", _("Change spaces")
    CHANGE_FILTER = "catalog.change_filter", _("Create and change predefined filters")
    CHANGE_RULE_SET = "catalog.change_rule_set", _("Create and change rule sets")
    CHANGE_PRESENTATION_RULE = (
        "catalog.change_presentation_rule",
        _("Create and change presentation rules"),
    )
    CHANGE_CATALOGUE_ROOT = "catalog.change_catalogue_root", _("Change the catalogue root")
    CHANGE_CATEGORY = "catalog.change_category", _("Create and change categories")

    ADD_SPACE = "catalog.add_space", _("Create spaces")
    ADD_ENVIRONMENT = "catalog.add_environment", _("Create environments")
    APPROVE_OFFER = "catalog.approve_offer", _("Approve the content and eligibility of offers")
    DISABLE_LIVE_OFFER = "catalog.disable_live_offer", _("Take a live offer off line")
    PUBLISH = "catalog.publish", _("Publish a release")
    ROLL_BACK = "catalog.roll_back", _("Go back to an earlier release")

    VIEW_COUPON = "coupons.view_coupon", _("See coupons")
    ADD_COUPON = "coupons.add_coupon", _("Create coupons")
    CHANGE_COUPON = "coupons.change_coupon", _("Change coupons")
    ARCHIVE_COUPON = "coupons.archive_coupon", _("Archive coupons")
    VIEW_CODES = "coupons.view_codes", _("See coupon codes")
    ADD_CODES = "coupons.add_codes", _("Import and generate coupon codes")
    EXPORT_CODES = "coupons.export_codes", _("Export coupon codes")
    VOID_CODES = "coupons.void_codes", _("Void coupon codes")
    REDEEM_CODES = "coupons.redeem_codes", _("Redeem coupon codes")
    ROLLBACK_REDEMPTION = "coupons.rollback_redemption", _("Reverse a redemption")
    CHANGE_COUPON_OPTIONS = (
        "coupons.change_options",
        _("Switch coupons on and off, and set their options"),
    )

    VIEW_CONTACT = "contacts.view_contact", _("See contacts")
    CHANGE_CONTACT = "contacts.change_contact", _("Create and change contacts")
    VIEW_PERSONAL_DATA = (
        "contacts.view_personal_data",
        _("See names, addresses and other personal data"),
    )
    ERASE_CONTACT = "contacts.erase_contact", _("Erase a contact for good")
    CHANGE_ATTRIBUTE = "contacts.change_attribute", _("Create and change attributes")
    VIEW_AUDIENCE = "contacts.view_audience", _("See audiences")
    CHANGE_AUDIENCE = "contacts.change_audience", _("Create and change audiences")

    VIEW_DELIVERY = "delivery.view_delivery", _("See deliveries")
    CHANGE_DELIVERY = "delivery.change_delivery", _("Prepare deliveries")
    SEND_PROOF = "delivery.send_proof", _("Send proofs")
    CONFIRM_DELIVERY = (
        "delivery.confirm_delivery",
        _("Send deliveries, and pause, resume or cancel them"),
    )
    CHANGE_SENDER = "delivery.change_sender", _("Change senders and channels")

    VIEW_PROPOSITION = "decisioning.view_proposition", _("See the history of propositions")
    SIMULATE = "decisioning.simulate", _("Run simulations")
    USE_CALL_CENTRE = (
        "decisioning.use_call_centre",
        _("Propose offers to callers and note their answers"),
    )
    EXPLAIN = "decisioning.explain", _("Ask why an offer is or is not proposed")
    VIEW_REPORT = "decisioning.view_report", _("See reports")

    IMPORT_DATA = "transfers.import_data", _("Import files")
    EXPORT_DATA = "transfers.export_data", _("Export files")

    MANAGE_PEOPLE = "accounts.manage_people", _("Invite, change and deactivate people")
    MANAGE_ROLES = "accounts.manage_roles", _("Create and change roles")
    MANAGE_LABELS = "accounts.manage_labels", _("Create and change access labels")
    MANAGE_KEYS = "accounts.manage_keys", _("Create and revoke API keys")
    VIEW_JOURNAL = "accounts.view_journal", _("Read the journal")

    VIEW_SYSTEM = "site.view_system", _("See the state of the system")

    @property
    def room(self) -> str:
        return self.value.partition(".")[0]


class BuiltIn(TextChoices):
    """The roles that every installation has; their codes are those of the command line."""

    ADMINISTRATOR = "administrator", _("Administrator")
    OFFER_MANAGER = "offer_manager", _("Offer manager")
    DELIVERY_MANAGER = "delivery_manager", _("Delivery manager")
    AGENT = "agent", _("Call centre agent")
    ANALYST = "analyst", _("Analyst")


DESCRIPTIONS: Mapping[str, str | Promise] = {
    BuiltIn.ADMINISTRATOR: _("Does everything, sees every access label and manages people."),
    BuiltIn.OFFER_MANAGER: _("Writes offers, categories and rules, approves and publishes them."),
    BuiltIn.DELIVERY_MANAGER: _("Sends deliveries with live offers and coupons."),
    BuiltIn.AGENT: _("Answers callers: finds the contact, proposes offers, redeems codes."),
    BuiltIn.ANALYST: _("Reads everything but personal data and coupon codes; changes nothing."),
}

ROOMS: Mapping[str, str | Promise] = {
    "catalog": _("Catalogue"),
    "coupons": _("Coupons"),
    "contacts": _("Contacts and audiences"),
    "delivery": _("Deliveries"),
    "decisioning": _("Decisions and reports"),
    "transfers": _("Imports and exports"),
    "accounts": _("People and access"),
    "site": _("System"),
}

THINGS: Mapping[str, str | Promise] = {
    "offer": _("Offers"),
    "category": _("Categories"),
    "catalogue_root": _("Catalogue root"),
    "space": _("Spaces"),
    "presentation_rule": _("Presentation rules"),
    "rule_set": _("Rule sets"),
    "filter": _("Predefined filters"),
    "environment": _("Environments"),
    "administration_branch": _("Administration branch"),
}

# Read and written: (design, live) of the offer manager, then of the delivery manager.
CATALOGUE: Mapping[str, tuple[str, str, str, str]] = {
    "offer": ("RW", "R", "", "R"),
    "environment": ("RW", "R", "", "R"),
    "administration_branch": ("RW", "R", "", ""),
    "space": ("RW", "R", "", "R"),
    "filter": ("RW", "R", "R", "R"),
    "rule_set": ("RW", "R", "R", "R"),
    "presentation_rule": ("RW", "R", "", "R"),
    "catalogue_root": ("RW", "R", "R", "R"),
    "category": ("RW", "R", "", "R"),
}


def catalogue_rights(design_column: int, live_column: int) -> frozenset[Right]:
    """What the matrix gives to one profile."""
    granted = set()
    for thing, cells in CATALOGUE.items():
        if "R" in cells[design_column]:
            granted.add(Right(f"catalog.view_design_{thing}"))
        if "W" in cells[design_column]:
            granted.add(Right(f"catalog.change_{thing}"))
        if "R" in cells[live_column]:
            granted.add(Right(f"catalog.view_live_{thing}"))
    return frozenset(granted)


BUILT_IN_RIGHTS: Mapping[str, frozenset[Right]] = {
    BuiltIn.ADMINISTRATOR: frozenset(Right),
    BuiltIn.OFFER_MANAGER: catalogue_rights(0, 1)
    | {
        Right.APPROVE_OFFER,
        Right.DISABLE_LIVE_OFFER,
        Right.PUBLISH,
        Right.ROLL_BACK,
        Right.VIEW_COUPON,
        Right.ADD_COUPON,
        Right.CHANGE_COUPON,
        Right.ARCHIVE_COUPON,
        Right.VIEW_CODES,
        Right.ADD_CODES,
        Right.VIEW_CONTACT,
        Right.VIEW_AUDIENCE,
        Right.CHANGE_AUDIENCE,
        Right.VIEW_DELIVERY,
        Right.VIEW_PROPOSITION,
        Right.SIMULATE,
        Right.EXPLAIN,
        Right.VIEW_REPORT,
        Right.IMPORT_DATA,
        Right.EXPORT_DATA,
    },
    BuiltIn.DELIVERY_MANAGER: catalogue_rights(2, 3)
    | {
        Right.VIEW_COUPON,
        Right.ADD_COUPON,
        Right.CHANGE_COUPON,
        Right.VIEW_CODES,
        Right.ADD_CODES,
        Right.EXPORT_CODES,
        Right.VOID_CODES,
        Right.VIEW_CONTACT,
        Right.CHANGE_CONTACT,
        Right.VIEW_PERSONAL_DATA,
        Right.VIEW_AUDIENCE,
        Right.CHANGE_AUDIENCE,
        Right.VIEW_DELIVERY,
        Right.CHANGE_DELIVERY,
        Right.SEND_PROOF,
        Right.CONFIRM_DELIVERY,
        Right.VIEW_PROPOSITION,
        Right.VIEW_REPORT,
        Right.IMPORT_DATA,
        Right.EXPORT_DATA,
    },
    BuiltIn.AGENT: frozenset(
        {
            Right.VIEW_LIVE_OFFER,
            Right.VIEW_COUPON,
            Right.VIEW_CODES,
            Right.REDEEM_CODES,
            Right.VIEW_CONTACT,
            Right.CHANGE_CONTACT,
            Right.VIEW_PERSONAL_DATA,
            Right.VIEW_PROPOSITION,
            Right.USE_CALL_CENTRE,
        }
    ),
    BuiltIn.ANALYST: frozenset(
        {
            *(
                Right(f"catalog.view_{side}_{thing}")
                for side in ("design", "live")
                for thing in CATALOGUE
            ),
            Right.VIEW_COUPON,
            Right.VIEW_CONTACT,
            Right.VIEW_AUDIENCE,
            Right.VIEW_DELIVERY,
            Right.VIEW_PROPOSITION,
            Right.SIMULATE,
            Right.EXPLAIN,
            Right.VIEW_REPORT,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One kind of catalogue object, and the rights to see it in design, change it, see it live."""

    name: str
    design: Right
    change: Right
    live: Right


def matrix() -> list[MatrixRow]:
    return [
        MatrixRow(
            str(name),
            Right(f"catalog.view_design_{thing}"),
            Right(f"catalog.change_{thing}"),
            Right(f"catalog.view_live_{thing}"),
        )
        for thing, name in THINGS.items()
    ]


def groups() -> list[tuple[str, list[Right]]]:
    """(heading, the rights of one room) in the order of this file, without those of the matrix."""
    in_matrix = {right for row in matrix() for right in (row.design, row.change, row.live)}
    headings = {**ROOMS, "catalog": _("Approval and publication")}  # the matrix is the catalogue's
    return [
        (str(name), [right for right in Right if right.room == room and right not in in_matrix])
        for room, name in headings.items()
    ]
