# SPDX-License-Identifier: Apache-2.0
"""Keys in words: which end when, what was changed, and what a root is about to sign."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from accord.cli.showing import fingerprint_lines, moment, plain
from accord.client.ceremony import (
    Proposed,
    ProposedKeyset,
    ProposedList,
    ProposedReopening,
    ProposedRevoke,
    RowChange,
)
from accord.client.keys.overview import KeyFact, KeyOverview, KeyWarning
from accord.client.keys.publishing import STANDS, KeyChange
from accord.client.keys.revoking import ConcernedObject, RevocationPlan
from accord.envelope.keys import ENC, PublicKey
from accord.envelope.keysets import CHANGED, RECOVERED, KeyRow
from accord.envelope.reopening import ADMIN, AGAIN, KEEPER, KEY_OFFICER

CUSTODIES: Final = {
    "agency": "the agency itself, in its own desk or system; its private keys reach neither the exchange nor a desk that others host",
    "hub-own-root": "a desk, for the keys to work with; the root stays with the agency",
    "hub": "a desk, the root too: whoever runs it can act as this agency",
}
CODES: Final = {
    "stolen": "stolen",
    "lost": "lost",
    "error": "made or published in error",
    "ended": "no longer used",
}
_MAY: Final = {
    ADMIN: "agency admin: invites and removes officers, gives roles, sets the agency's policy",
    KEY_OFFICER: "key officer: proposes new keys and revocations to the root, suspends keys",
    KEEPER: "keeper: keeps the desk itself, reads no alert, lets nobody else in without the root",
}
_USES = {"sign": "signing", "enc": "receiving"}
_SENTENCES = {
    "renew": "The keyset was renewed.",
    "retire": "The key was retired.",
    "change-root": "The root was changed.",
    "recover-root": "The recovery of the root was announced.",
    "submit": "What the root signed was published.",
    STANDS: "It stands already: it was published before, and nothing was sent.",
}


def tail(kid: str) -> str:
    """Return a key's short name: its last four characters."""
    return f"\N{HORIZONTAL ELLIPSIS}{kid[-4:]}"


def purpose(use: str) -> str:
    """Return the purpose of a key in words."""
    return _USES.get(use, use)


def warning_words(warning: KeyWarning) -> str:
    """Return a sentence: what ends, when, and what to do."""
    when = moment(warning.until)
    if warning.what == "recovery":
        return (
            f"ALARM: your agency's root is recovered by the next root, which takes over at {when}. Was that not your "
            f"agency, cancel it now with the present root: {warning.remedy}"
        )
    if warning.what == "recovery-cancelled":
        return (
            f"The recovery of your agency's root, to take over at {when}, was cancelled by the present root: somebody "
            f"holds it. Find out who. Look at: {warning.remedy}"
        )
    if warning.what in _USES:
        return f"Your agency has no key left for {purpose(warning.what)}. Run: {warning.remedy}"
    what = "Your agency's keyset" if warning.kid is None else f"Your agency's key {tail(warning.kid)}"
    if warning.days == 0:
        stopped = "; nothing can be sent" if warning.kid is None else ""
        return f"{what} ended at {when}{stopped}. Run: {warning.remedy}"
    within = "within a day" if warning.days == 1 else f"within {warning.days} days"
    return f"{what} ends {within}, at {when}. Run: {warning.remedy}"


def overview_lines(overview: KeyOverview) -> list[str]:
    """Return the lines above and below the table of keys."""
    root = "held here" if overview.holds_root else "not held here"
    lines = [
        f"{overview.agency}: keyset version {overview.version}, until {moment(overview.until)}",
        f"Lowest suite taken: {overview.lowest}",
        *fingerprint_lines(f"Root ({root}): ", overview.fingerprint),
        *fingerprint_lines("Next root: ", overview.next_fingerprint),
        f"Private keys are held by {CUSTODIES[overview.custody]}.",
    ]
    lines += [f"! {warning_words(warning)}" for warning in overview.warnings]
    if overview.pending is not None:
        lines.append(f"! A change ({overview.pending}) has not been finished. Run: accord keys resume")
    elif overview.unpublished:
        kids = ", ".join(map(tail, overview.unpublished))
        lines.append(f"! No keyset names these keys of this home yet: {kids}. Run: accord keys rotate")
    return lines


def key_row(fact: KeyFact) -> tuple[str, ...]:
    """Return one line of the table of keys."""
    state = fact.st if fact.since is None else f"revoked since {moment(fact.since)}"
    here = "" if fact.held else "not held here"
    return (purpose(fact.use), fact.kid, ", ".join(fact.suites), state, moment(fact.until), here)


def change_lines(change: KeyChange) -> list[str]:
    """Return lines on what was changed, and since when it counts."""
    if change.version is None:
        before = [_SENTENCES[STANDS]] if change.kind == STANDS else []
        return [
            *before,
            f"Key {tail(change.kids[0])} is revoked, logged {moment(change.log_time)}, receipt verified.",
        ]
    first = _SENTENCES.get(change.kind, "New keys are published; the old ones overlap for 30 days.")
    lines = [first, f"Keyset version {change.version}, logged {moment(change.log_time)}, receipt verified."]
    if change.in_force_from > change.log_time:
        lines.append(
            f"It takes over at {moment(change.in_force_from)}, after 72 hours in public. Until then your agency works "
            "on with the keyset in force, and whoever holds the old root can cancel it."
        )
    lines += [f"New key: {kid}" for kid in change.kids]
    lines.append(f"Until {moment(change.until)}.")
    if change.resumed:
        lines.append("An earlier run had begun this; it is done now.")
    return lines


def revocation_lines(plan: RevocationPlan) -> list[str]:
    """Return lines on the effects of a revocation, before it is done."""
    lines = [f"Key {tail(plan.kid)} ({purpose(plan.use)}, {plan.alg}), since {moment(plan.since)}"]
    if plan.use == ENC:
        lines.append(
            "Nothing more is sealed to it; what was sealed to it stays readable to whoever holds it."
        )
    lines += [f"  {_concerned_words(item)}" for item in plan.concerned]
    strange = sum(not item.here for item in plan.concerned)
    if strange:
        lines.append(f"! {strange} of them were never signed by this client: withdraw them afterwards.")
    if plan.loses:
        words = " and ".join(sorted({purpose(use) for use, _ in plan.loses}))
        lines.append(f"! It is the only key for {words} in a suite your agency uses.")
    return lines


def revocation_question(plan: RevocationPlan) -> str:
    """Return the question before a key is revoked."""
    count = len(plan.concerned)
    what = f" Signatures logged since {moment(plan.since)} stop counting: {count}." if plan.use != ENC else ""
    return f"Revoke key {tail(plan.kid)}?{what} This cannot be undone."


def proposed_lines(proposed: Proposed) -> list[str]:
    """Describe what is about to be signed; first its digest, which the proposer has on the screen or on paper."""
    return [f"Digest:  {proposed.statement.od}", *_words_of(proposed)]


def _words_of(proposed: Proposed) -> Iterator[str]:
    if isinstance(proposed, ProposedRevoke):
        return _revoke_words(proposed)
    if isinstance(proposed, ProposedReopening):
        return _reopening_words(proposed)
    if isinstance(proposed, ProposedList):
        return _list_words(proposed)
    return _keyset_words(proposed)


def proposed_question(proposed: Proposed) -> str:
    """Return the question before a root signs."""
    if isinstance(proposed, ProposedReopening):
        return f"Let this person in at the desk of {proposed.statement.iss}?"
    if isinstance(proposed, ProposedList):
        return f"Vouch for these fingerprints as the root of {proposed.statement.iss}?"
    what = "this revocation" if isinstance(proposed, ProposedRevoke) else "this keyset"
    return f"Sign {what} as the root of {proposed.statement.iss}?"


def _concerned_words(item: ConcernedObject) -> str:
    logged = "not logged yet" if item.log_time is None else f"logged {moment(item.log_time)}"
    to = f", to {plain(', '.join(item.to))}" if item.to else ""
    here = "" if item.here else ", NOT FROM THIS CLIENT"
    certain = "" if item.is_certain else ", perhaps signed with it (the hub no longer shows it)"
    return f"{item.kind or item.what} {item.d}, {logged}{to}{here}{certain}"


def _revoke_words(proposed: ProposedRevoke) -> Iterator[str]:
    body = proposed.statement.body
    yield f"Agency:  {proposed.statement.iss}"
    yield f"Revoke:  key {body['kid']}"
    if proposed.row is not None:
        yield f"         {_key_words(proposed.row.key)}, {proposed.row.st} until {moment(proposed.row.exp)}"
    else:
        yield "! The keyset before was not given (--previous FILE): nobody can say here which key this is."
    yield f"Reason:  {CODES[body['code']]}"
    yield f"Since:   {moment(body['since'])}; what was logged since then stops counting. This cannot be undone."


def _reopening_words(proposed: ProposedReopening) -> Iterator[str]:
    said = proposed.statement
    yield f"Agency:  {said.iss}"
    yield f"Desk:    {said.desk}. Compare it with the one that its page or console shows."
    yield f"Let in:  {plain(said.name)}, {said.email}"
    yield f"As:      {_MAY[said.role]}"
    if said.account == AGAIN:
        yield (
            "! An account stands under this address: its password, second factors and sessions end, and whoever has "
            "the link that the desk then shows has the account."
        )
    else:
        yield "! Whoever has the link that the desk then shows is this person to it."
    yield f"Asked:   {moment(said.iat)}; it counts once, for a day. Everybody of the agency is told."
    yield "! Sign it only if you know this person, and heard of it from somebody you know."


def _list_words(proposed: ProposedList) -> Iterator[str]:
    said = proposed.statement
    yield f"Agency:  {said.iss}"
    yield f"Made:    {moment(said.iat)}; it counts for 90 days."
    for agency, root in sorted(said.roots.items()):
        yield from fingerprint_lines(f"{agency}: ", root)
    yield "! Partners that trust your agency may send by these. Sign only what your officers compared themselves."


def _keyset_words(proposed: ProposedKeyset) -> Iterator[str]:
    keyset, before = proposed.keyset, proposed.previous
    yield f"Agency:  {keyset.agency}"
    yield f"Version: {keyset.version}" + (f", after {before.version}" if before else "")
    yield f"Until:   {moment(keyset.exp)}"
    yield f"Held by: {CUSTODIES[keyset.custody]}"
    if before is not None and before.custody != keyset.custody:
        yield f"! Until now the private keys were held by {CUSTODIES[before.custody]}."
    yield f"Lowest:  suite {keyset.low}" + (
        f", was {before.low}" if before and before.low != keyset.low else ""
    )
    yield from _root_words(proposed)
    if before is None and keyset.version > 1:
        yield "! The keyset before was not given (--previous FILE): all keys are listed, and what changes is not known."
    yield f"New keys: {len(proposed.added)}. Compare each kid with the one shown where they were made."
    yield from (f"  + {row.kid}  {_row_words(row)}" for row in proposed.added)
    if before is not None:
        yield f"Changed keys: {len(proposed.changed)}."
        yield from (f"  ~ {change.after.kid}  {_difference(change)}" for change in proposed.changed)


def _root_words(proposed: ProposedKeyset) -> Iterator[str]:
    keyset = proposed.keyset
    yield from fingerprint_lines("Root:    ", keyset.root_fingerprint)
    yield from fingerprint_lines("Next:    ", keyset.nroot)
    if proposed.succession == CHANGED:
        yield "! THE ROOT CHANGES to the one above; the old root signs it with the new one and ends with it."
    if proposed.succession == RECOVERED:
        yield (
            "! THE ROOT IS RECOVERED by the next root alone. It takes over 72 hours after it is logged, unless "
            "the old root speaks meanwhile."
        )


def _row_words(row: KeyRow) -> str:
    since = "" if row.since is None else f", since {moment(row.since)}"
    return f"{_key_words(row.key)}, {row.st}{since}, {moment(row.nbf)} to {moment(row.exp)}"


def _difference(change: RowChange) -> str:
    before, after = change.before, change.after
    parts = [_key_words(after.key)]
    if before.st != after.st:
        parts.append(f"{before.st} becomes {after.st}")
    if before.exp != after.exp:
        parts.append(f"ends {moment(after.exp)} instead of {moment(before.exp)}")
    if before.since != after.since:
        parts.append(f"revoked since {moment(after.since)}")
    return ", ".join(parts)


def _key_words(key: PublicKey) -> str:
    return f"{purpose(key.use)} {key.alg}"
