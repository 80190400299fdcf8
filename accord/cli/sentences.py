# SPDX-License-Identifier: Apache-2.0
"""Sentences for a person: one for each error, with the remedy where there is one."""

from __future__ import annotations

from typing import Any, Final

from accord.cli.showing import moment
from accord.client.apikey import ApiKeyFacts
from accord.client.errors import AbsentError, GivenBackError, HeldElsewhereError, RefusedError
from accord.client.holder import Holding
from accord.client.unknown_submissions import SubmissionCheck
from accord.envelope.errors import (
    EnvelopeError,
    Failure,
    MalformedError,
    OpeningError,
    SealingError,
    SealRefusal,
    VerificationError,
)
from accord.moments import moment_of

COMPARE: Final = "Compare what you typed: accord inbox lists what has reached your agency, accord submissions what it has sent."
DO_NOT_RELY: Final = (
    "Do not rely on this alert. A check failed; the content stays closed. "
    "Call the sender on the directory number."
)
NOT_WHOLE: Final = (
    "Do not rely on this: it is no whole alert. It was cut off or altered on its way, or made by a program that does not "
    "follow the protocol. Fetch it again; if it stays so, call the hub."
)
NOT_LOGGED_YET: Final = "Not verified yet. The log receipt usually takes a second. The content stays closed until then; try again."
FORKED: Final = (
    "The hub's ledger is not the one this client has kept: what was logged has been changed or hidden. "
    "Nothing is opened. Tell your duty desk and the other agencies by telephone."
)

SEALING: Final[dict[SealRefusal, str]] = {
    SealRefusal.NO_RECIPIENT: "Nobody is left who can receive this.",
    SealRefusal.TOO_MANY: "At most 500 agencies can receive one alert.",
    SealRefusal.DUPLICATE: "An agency is named twice.",
    SealRefusal.PIN: "The hub shows another root than the one pinned. Call the agency; do not send.",
    SealRefusal.ROLLBACK: "The hub shows an older keyset than it did before. Call the hub; do not send.",
    SealRefusal.NOT_LOGGED: "The agency has no keyset in force yet.",
    SealRefusal.EXPIRED: "The agency's keyset has expired; call its duty desk.",
    SealRefusal.SUITE_BELOW_LOW: "The agency does not take this suite; use PQ1.",
    SealRefusal.NO_KEY: "The agency has no valid key of this suite; call its duty desk.",
    SealRefusal.RED_CUSTODY: "RED cannot go to a desk that others host.",
    SealRefusal.RED_SUITE: "RED needs the suite PQ1.",
    SealRefusal.RED_RULES: "RED goes to at most 100 agencies and is not released onward.",
    SealRefusal.RED_NAMES: "RED names at least one officer of every recipient (--name AGENCY:OFFICER).",
    SealRefusal.STRICT_SUITE: "AMBER+STRICT needs the suite PQ1.",
    SealRefusal.EC1_UNCONFIRMED: "EC1 is not post-quantum; say so yourself with --confirm-ec1.",
    SealRefusal.SIGNER: "Your own signing keys are not in force for this suite, or end within the hour.",
    SealRefusal.CONTENT_TOO_LARGE: "The content is over 64 KiB; move parts of it into attachments.",
    SealRefusal.ATTACHMENT: "An attachment cannot be sent.",
    SealRefusal.TERMS: "The marking or a time is not right.",
}

KEYSETS: Final[dict[Failure, str]] = {
    Failure.KEYSET_ROOT: "The hub shows another root than the one pinned. Call the agency before you go on.",
    Failure.KEYSET_CHAIN: "The keysets the hub shows do not follow one another. Call the agency before you go on.",
    Failure.KEYSET_UNKNOWN: "There is no keyset of the pinned root for this agency.",
    Failure.NOT_ENTITLED: "Somebody states what only another agency may state.",
    Failure.SUBJECT: "It is about something else, or about something this client does not know.",
}


def sentence_of(error: BaseException) -> str:
    """Return what happened, and what became of the sent object; never content, keys or passphrases."""
    return "\n".join((_plain_sentence(error), *getattr(error, "__notes__", ())))


def _plain_sentence(error: BaseException) -> str:
    if isinstance(error, SealingError):
        return _with_agencies(SEALING[error.reason], error.agencies, _detail_of(error))
    if isinstance(error, OpeningError):
        return DO_NOT_RELY
    if isinstance(error, VerificationError):
        return _verification(error)
    if isinstance(error, MalformedError):
        return f"{NOT_WHOLE} ({error})"
    if isinstance(error, EnvelopeError):
        return f"The cryptographic library of this machine does not do: {error}."
    if isinstance(error, AbsentError):
        # One sentence for both absent objects and other agencies' objects.
        return f"{error} {COMPARE}"
    if isinstance(error, RefusedError):
        return _refusal(error)
    return str(error)


def clock_sentence(ahead_secs: int) -> str:
    """Return the remedy for a clock that is far from the hub's; negative for one that is behind."""
    way = "ahead of" if ahead_secs > 0 else "behind"
    return (
        f"This machine's clock is {abs(ahead_secs) // 60} minutes {way} the hub's. Set it right: "
        "what is signed here bears its time, and ends are judged by it."
    )


def holder_sentence(holding: Holding) -> str:
    """Return who holds the own identity."""
    if holding.given_back:
        return str(GivenBackError())
    if holding.other is not None:
        return str(HeldElsewhereError(holding.other))
    return f"This home holds your agency's identity ({holding.instance})."


def api_key_sentence(facts: ApiKeyFacts, now: int) -> str:
    """Return the remedy for an API key that ends soon, or has ended."""
    if facts.until is not None and now >= facts.until:
        return (
            "The API key has ended. Your agency's admin issues another one; enrol again with it: accord enrol"
        )
    return f"The API key ends {moment(facts.until)}. Replace it: accord api-key --rotate"


def alarm_sentence(found: SubmissionCheck) -> str:
    """Return the remedy for a comparison that found a difference."""
    lines = ["ALARM: what the hub lists as sent by your agency and what was sent from here differ."]
    if found.strangers:
        lines.append(_stolen(found))
    if found.unlisted:
        lines.append(
            "What was accepted from here and is not listed was lost or is withheld: call the hub, and the "
            "recipients by telephone."
        )
    if found.foreign_keys:
        lines.append(
            "Your own keyset lists keys in use that are not in this home: another home of your agency has "
            "them, or somebody holds your root. Call the hub."
        )
    return "\n".join(lines)


def _stolen(found: SubmissionCheck) -> str:
    since = "TIME" if found.since is None else moment_of(found.since).isoformat()
    asked = (
        f"{len(found.strangers)} objects were not sent from here. Was this home restored from a copy, or does another "
        "home of your agency send? Then look at each, take it in, and revoke nothing:\n  accord adopt\n"
        "What nobody in your agency has sent means that your signing keys are in other hands. Call the hub and your "
        "duty desk"
    )
    if found.kids and not found.revocable:
        return f"{asked}; the keys that signed these are revoked already."
    kids = found.revocable or ("KID",)
    revokes = [f"  accord keys revoke {kid} --code stolen --since {since}" for kid in kids]
    return "\n".join((f"{asked}, then:", *revokes, "Then make new ones: accord keys rotate --use sign"))


def _verification(error: VerificationError) -> str:
    if error.failure is Failure.RECEIPT_MISSING:
        return NOT_LOGGED_YET
    if error.failure in (Failure.LEDGER_FORK, Failure.LEDGER_TIME):
        return FORKED
    if error.failure is Failure.MALFORMED:
        return NOT_WHOLE
    if error.failure in KEYSETS:
        return _with_agencies(KEYSETS[error.failure], error.agencies, error.detail)
    return f"{DO_NOT_RELY} ({error})"


def _detail_of(error: SealingError) -> str:
    """Return the member or file, for reasons whose sentence is general."""
    general = (SealRefusal.TERMS, SealRefusal.ATTACHMENT, SealRefusal.CONTENT_TOO_LARGE)
    return error.detail if error.reason in general else ""


def _with_agencies(sentence: str, agencies: tuple[str, ...], detail: str) -> str:
    more = "; ".join(part for part in (", ".join(agencies), detail) if part)
    return f"{sentence} ({more})" if more else sentence


def _refusal(error: RefusedError) -> str:
    lines = [str(error)]
    lines += [f"  {_denial(row)}" for row in _rows(error.members.get("denials"))]
    agencies = error.members.get("agencies")
    if isinstance(agencies, list) and agencies:
        lines.append(f"  {', '.join(map(str, agencies))}")
    code = error.members.get("code") or error.members.get("where")
    if code:
        lines.append(f"  reason: {code}")
    return "\n".join(lines)


def _denial(row: dict[str, Any]) -> str:
    return f"{row.get('agency', '?')}: {row.get('text') or row.get('code') or 'denied'}"


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
