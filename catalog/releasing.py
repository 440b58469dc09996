"""Making releases. Each is one transaction; what is live is read-only between two of them.

Whoever makes one holds the environment's row from `hold` to the commit: releases follow one another
without a gap, and nobody decides from half of one. Locks are taken in one order everywhere: the
environment, then offers by key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.journal import Actor, record
from accounts.models import User
from catalog.gathering import WHOLE_KINDS, Bodies, Body, Key, Kind, filters_in, texts_of
from catalog.models import Environment, Release, Revision
from catalog.shapes import Package, digest_of, shape_of
from catalog.veiling import person_of, veil_of, what_hides

BATCH = 1_000
VERBS: Mapping[str, str] = {
    Release.Cause.PUBLISHED: "release.published",
    Release.Cause.DISABLED: "release.disabled",
    Release.Cause.ENABLED: "release.enabled",
    Release.Cause.DELETED: "release.deleted",
    Release.Cause.ROLLED_BACK: "release.rolled_back",
}


class NoSuchRelease(Exception):
    """The environment has never had a release of this number."""


class StillLive(Exception):
    """What should go away is named by something else that is live."""


def hold(environment: Environment) -> Environment:
    """The environment, which nobody else publishes until the transaction ends."""
    return Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)


# --- writing ---


def release(
    environment: Environment,
    bodies: Mapping[Key, Body],
    *,
    gone: Collection[Key] = (),
    cause: Release.Cause,
    by: Actor,
    at: datetime,
    comment: str = "",
    content_of: int | None = None,
) -> Release | None:
    """The next release of an environment that is held: these bodies, without those that are gone.

    Only what differs from what is live is written; where nothing does there is no release.
    """
    digests = {key: digest_of(dict(body)) for key, body in bodies.items()}
    live = live_digests(environment, [*bodies, *gone])
    changed = {key for key, digest in digests.items() if live.get(key) != digest}
    ended = {key for key in (*changed, *gone) if key in live}
    if not changed and not ended:
        return None
    number = environment.release_number + 1
    revisions = Revision.objects.filter(environment=environment)
    revisions.current().filter(among(ended)).update(until=number)
    Revision.objects.bulk_create(
        [
            Revision(
                environment=environment,
                kind=kind,
                name=name,
                body=bodies[kind, name],
                digest=digests[kind, name],
                since=number,
            )
            for kind, name in sorted(changed)
        ],
        batch_size=BATCH,
    )
    made = Release.objects.create(
        environment=environment,
        number=number,
        cause=cause,
        content_of=content_of,
        comment=comment,
        by=by if isinstance(by, User) else None,
        by_name="" if by is None else str(by)[:200],
        made_at=at,
    )
    Environment.objects.filter(pk=environment.pk).update(release_number=number)
    environment.release_number = number
    # What it changed stands on its page, as far as whoever looks may see that.
    record(VERBS[cause], made, by=by, at=at, after={"number": number}, comment=comment)
    return made


def publish(
    environment: Environment, bodies: Bodies, *, by: Actor, at: datetime, comment: str = ""
) -> Release | None:
    """Make gathered bodies live; of the kinds that go live as a whole the others disappear."""
    whole = Revision.objects.filter(environment=environment, kind__in=WHOLE_KINDS).current()
    gone = {key for key in whole.values_list("kind", "name") if key not in bodies}
    return release(
        environment,
        bodies,
        gone=gone,
        cause=Release.Cause.PUBLISHED,
        by=by,
        at=at,
        comment=comment,
    )


def switch(
    environment: Environment,
    kind: str,
    names: Collection[str],
    *,
    enabled: bool,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> Release | None:
    """Turn live offers or categories on or off, and change nothing else of what is live."""
    held = live_bodies(environment, keys=[(kind, name) for name in names])
    bodies = {key: {**body, "enabled": enabled} for key, body in held.items()}
    cause = Release.Cause.ENABLED if enabled else Release.Cause.DISABLED
    return release(environment, bodies, cause=cause, by=by, at=at, comment=comment)


def remove(
    environment: Environment,
    kind: str,
    names: Collection[str],
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> Release | None:
    """Take objects out of live that are deleted in design, or raise StillLive.

    The caller holds the environment. What is not live needs no release.
    """
    keys = [(kind, name) for name in names]
    using = {name: users for name in names if (users := users_of(environment, kind, name, keys))}
    if using:
        hidden = hidden_now(environment, by)
        raise StillLive(
            " ".join(
                _("%(name)s is named by what is live: %(users)s.")
                % {"name": name, "users": shown(users, hidden)}
                for name, users in using.items()
            )
        )
    return release(
        environment,
        {},
        gone=keys,
        cause=Release.Cause.DELETED,
        by=by,
        at=at,
        comment=comment,
    )


def hidden_now(environment: Environment, by: Actor) -> set[Key]:
    """What of live whoever asks may not see."""
    veil = veil_of(environment, person_of(by))
    revisions = Revision.objects.filter(environment=environment)
    return set() if veil.is_open else veil.hidden_among(what_hides(revisions.current()))


def shown(users: Collection[Key], hidden: Collection[Key]) -> str:
    names = sorted(name for kind, name in users if (kind, name) not in hidden)
    return ", ".join(names[:10]) or _("something that you may not see")


def users_of(
    environment: Environment, kind: str, name: str, leaving: Collection[Key] = ()
) -> list[Key]:
    """The live objects that could not do without this one."""
    live = Revision.objects.filter(environment=environment).current()
    if kind == Kind.CATEGORY:
        live = live.filter(
            Q(kind=Kind.OFFER, body__category=name) | Q(kind=Kind.CATEGORY, body__parent=name)
        )
    elif kind == Kind.SPACE:
        live = live.filter(
            Q(kind__in=[Kind.OFFER, Kind.FALLBACK_OFFER])
            & (
                Q(body__representations__contains=[{"space": name}])
                | Q(body__contexts__contains=[{"space": name}])
            )
        )
    elif kind == Kind.FILTER:
        naming = live.filter(body__icontains="filter(")
        return [
            (user_kind, user)
            for user_kind, user, body in naming.values_list("kind", "name", "body")
            if (user_kind, user) not in leaving
            and any(name in filters_in(text) for text in texts_of(body))
        ]
    else:
        return []
    return [key for key in live.values_list("kind", "name") if key not in leaving]


def back_to(
    environment: Environment,
    number: int,
    bodies: Mapping[Key, Body],
    gone: Collection[Key],
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> Release | None:
    """A new release with the content of release `number`, from which it is `differing` in this."""
    return release(
        environment,
        bodies,
        gone=gone,
        cause=Release.Cause.ROLLED_BACK,
        content_of=number,
        by=by,
        at=at,
        comment=comment,
    )


def differing(environment: Environment, number: int) -> tuple[Bodies, set[Key]]:
    """What release `number` had otherwise than what is live, and what it did not have."""
    revisions = Revision.objects.filter(environment=environment)
    then = {
        (kind, name): (digest, pk)
        for kind, name, digest, pk in revisions.of_release(number).values_list(
            "kind", "name", "digest", "pk"
        )
    }
    now = {
        (kind, name): digest
        for kind, name, digest in revisions.current().values_list("kind", "name", "digest")
    }
    wanted = [pk for key, (digest, pk) in then.items() if now.get(key) != digest]
    bodies = {
        (kind, name): body
        for kind, name, body in revisions.filter(pk__in=wanted).values_list("kind", "name", "body")
    }
    return bodies, set(now) - set(then)


# --- reading ---


def releases_of(environment: Environment) -> QuerySet[Release]:
    return Release.objects.filter(environment=environment)


def among(keys: Iterable[Key]) -> Q:
    """Those of these kinds and names; with no key none."""
    by_kind: dict[str, list[str]] = {}
    for kind, name in keys:
        by_kind.setdefault(str(kind), []).append(name)
    found = Q(pk__in=[])
    for kind, names in by_kind.items():
        found |= Q(kind=kind, name__in=names)
    return found


def live_digests(environment: Environment, keys: Collection[Key]) -> dict[Key, str]:
    live = Revision.objects.filter(among(keys), environment=environment).current()
    return {
        (kind, name): digest for kind, name, digest in live.values_list("kind", "name", "digest")
    }


def live_bodies(
    environment: Environment,
    number: int | None = None,
    *,
    keys: Collection[Key] | None = None,
    kinds: Collection[str] | None = None,
) -> Bodies:
    """What is live, or was in release `number`, by kind and name; all of it, or a part."""
    revisions = Revision.objects.filter(environment=environment)
    held = revisions.current() if number is None else revisions.of_release(number)
    if keys is not None:
        held = held.filter(among(keys))
    if kinds is not None:
        held = held.filter(kind__in=kinds)
    return {(kind, name): body for kind, name, body in held.values_list("kind", "name", "body")}


def changed_since(environment: Environment, number: int) -> tuple[int, Bodies, set[Key]]:
    """What somebody who holds release `number` (0: nothing) has to change to hold what is live.

    (the number of the live release, bodies that are new or other, what is gone), in two queries.
    Whatever is published meanwhile does not count: the answer is exactly that release.
    """
    current = Environment.objects.values_list("release_number", flat=True).get(pk=environment.pk)
    if number > current:  # of another database's life
        number = 0
    return (current, *changes_between(environment.pk, number, current))


def changes_between(environment_pk: int, held: int, wanted: int) -> tuple[Bodies, set[Key]]:
    """What somebody who holds one release has to change to hold another, older or younger.

    (bodies that are new or other, what is gone), in one query.
    """
    first, last = sorted((held, wanted))
    in_first = Q(since__lte=first, until__gt=first, until__lte=last)
    in_last = Q(since__gt=first, since__lte=last) & (Q(until=None) | Q(until__gt=last))
    bodies: dict[Key, Any] = {}
    former: set[Key] = set()
    revisions = Revision.objects.filter(in_first | in_last, environment=environment_pk)
    for kind, name, since, body in revisions.values_list("kind", "name", "since", "body"):
        if (since > first) == (wanted > held):
            bodies[kind, name] = body
        else:
            former.add((kind, name))
    return bodies, former - set(bodies)


def live_package(environment: Environment, number: int | None = None) -> Package:
    """A release as a package, always in the same order; raises NoSuchRelease."""
    number = environment.release_number if number is None else number
    if not releases_of(environment).filter(number=number).exists():
        raise NoSuchRelease(_("There is no release %(number)s.") % {"number": number})
    shapes: dict[str, dict[str, Any]] = {str(kind): {} for kind in Kind}
    for (kind, name), body in sorted(live_bodies(environment, number).items()):
        shapes[kind][name] = shape_of(kind, body)
    (around,) = shapes[Kind.ENVIRONMENT].values()
    return Package(
        format="overture-catalog/1",
        environment=around,
        attributes=shapes[Kind.ATTRIBUTE],
        content_fields=tuple(shapes[Kind.CONTENT_FIELD].values()),
        filters=tuple(shapes[Kind.FILTER].values()),
        spaces=tuple(shapes[Kind.SPACE].values()),
        categories=tuple(parents_first(shapes[Kind.CATEGORY])),
        offers=tuple(shapes[Kind.OFFER].values()),
        fallback_offers=tuple(shapes[Kind.FALLBACK_OFFER].values()),
        presentation_rules=tuple(
            sorted(
                shapes[Kind.PRESENTATION_RULE].values(), key=lambda rule: (rule.order, rule.name)
            )
        ),
    )


def parents_first(categories: Mapping[str, Any]) -> list[Any]:
    def depth(name: str) -> int:
        steps, step = 0, categories[name].parent
        while step in categories and steps < len(categories):
            steps, step = steps + 1, categories[step].parent
        return steps

    return [categories[name] for name in sorted(categories, key=lambda name: (depth(name), name))]
