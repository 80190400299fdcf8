# SPDX-License-Identifier: Apache-2.0
"""The own keys at a terminal: list, renew, rotate, retire, revoke; resume an interrupted change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final

from accord.cli.asking import confirm, confirm_by_typing
from accord.cli.keys.files import change_passphrase, given_root
from accord.cli.keys.offline import propose, submit_signed
from accord.cli.keys.roots import change_root, recover_root
from accord.cli.keys.times import read_past
from accord.cli.keys.words import (
    change_lines,
    key_row,
    overview_lines,
    purpose,
    revocation_lines,
    revocation_question,
    tail,
)
from accord.cli.showing import print_json, print_table
from accord.cli.workplace import Workplace
from accord.client.client import Client
from accord.client.keys.revoking import is_named, plain_kid
from accord.client.keys.rows import USES
from accord.envelope.keys import PublicKey
from accord.envelope.private import Root
from accord.state import StateAbsentError


def keys(place: Workplace) -> None:
    """List the keys, or run the act that the second word names."""
    ACTS[place.options.act or "list"](place)


def _list(place: Workplace) -> None:
    with place.client() as client:
        try:
            overview = client.keys.overview(online=not getattr(place.options, "offline", False))
        except StateAbsentError:
            _list_unpublished(place, client.keys.held())
            return
    if place.options.json:
        print_json(asdict(overview))
        return
    head, *rest = overview_lines(overview)
    print(head)
    heads = ("purpose", "kid", "suites", "state", "until", "")
    print_table(heads, [key_row(fact) for fact in overview.keys], empty="No key yet: accord keygen")
    print("\n".join(rest))


def _list_unpublished(place: Workplace, held: Sequence[PublicKey]) -> None:
    """List the kids before enrolment, to compare them where the root signs them."""
    if place.options.json:
        keys = [{"kid": key.kid, "use": key.use, "alg": key.alg} for key in held]
        print_json({"agency": None, "version": None, "unpublished": keys})
        return
    rows = [(purpose(key.use), key.kid, key.alg, "not published") for key in held]
    print_table(("purpose", "kid", "algorithm", "state"), rows, empty="No key yet: accord keygen")
    print("This home has not enrolled yet, and no keyset names these keys. Run: accord enrol")


def _renew(place: Workplace) -> None:
    root = _root(place)
    with place.client() as client:
        change = client.keys.renew(lowest=place.options.lowest, root=root, wait_secs=place.options.wait)
    place.tell(change, *change_lines(change))


def _rotate(place: Workplace) -> None:
    options, root = place.options, _root(place)
    with place.client() as client:
        change = client.keys.rotate(
            uses=chosen(options.use, USES),
            suites=chosen(options.suite, ("PQ1", "EC1")) if options.suite else (),
            root=root,
            wait_secs=options.wait,
        )
    place.tell(change, *change_lines(change))


def _retire(place: Workplace) -> None:
    options, root = place.options, _root(place)
    with place.client() as client:
        confirm(
            f"Retire the key {tail(plain_kid(options.kid))}? It ends now; what it signed before still counts.",
            said_yes=options.yes,
        )
        change = client.keys.retire(options.kid, root=root, wait_secs=options.wait)
    place.tell(change, *change_lines(change))


def _revoke(place: Workplace) -> None:
    options, root = place.options, _root(place)
    since = None if options.since is None else read_past(options.since, now=place.now)
    with place.client() as client:
        if _finish_revocation(place, client):
            return
        plan = client.keys.plan_revocation(options.kid, since=since)
        if not options.json:
            print("\n".join(revocation_lines(plan)))
        confirm_by_typing(revocation_question(plan), plan.kid[-4:], said_yes=options.yes)
        changes = client.keys.revoke(
            plan.kid,
            code=options.code,
            since=plan.since,
            rotate=options.rotate,
            root=root,
            wait_secs=options.wait,
        )
    lines = [line for change in changes for line in change_lines(change)]
    place.tell({"plan": asdict(plan), "changes": [asdict(change) for change in changes]}, *lines)


def _finish_revocation(place: Workplace, client: Client) -> bool:
    """Finish a revocation that an earlier run signed, without asking again."""
    done = client.keys.resume(wait_secs=place.options.wait)
    if done is None or done.version is not None or not is_named(done.kids[0], place.options.kid):
        return False
    place.tell({"plan": None, "changes": [asdict(done)]}, *change_lines(done))
    return True


def _resume(place: Workplace) -> None:
    with place.client() as client:
        change = client.keys.resume(wait_secs=place.options.wait)
    lines = ["Nothing was left unfinished."] if change is None else change_lines(change)
    place.tell(change, *lines)


def _root(place: Workplace) -> Root | None:
    ring = given_root(place)
    return None if ring is None else ring.root


def chosen(word: str | None, all_of: tuple[str, ...]) -> tuple[str, ...]:
    """Return one of several words, or all of them for "both" or none."""
    return all_of if word in (None, "both") else (str(word),)


ACTS: Final[dict[str, Callable[[Workplace], None]]] = {
    "list": _list,
    "renew": _renew,
    "rotate": _rotate,
    "retire": _retire,
    "revoke": _revoke,
    "change-root": change_root,
    "recover-root": recover_root,
    "propose": propose,
    "submit": submit_signed,
    "resume": _resume,
    "passphrase": change_passphrase,
}
