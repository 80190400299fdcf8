# SPDX-License-Identifier: Apache-2.0
"""Versions of agreements that this agency proposes, accepts, refuses and leaves, by signed statements verified here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from accord.agreements import (
    ACCEPT,
    AGREEMENT,
    LEAVE,
    SignedVersion,
    newest_agreed,
)
from accord.client.agreement_texts import drop_text, read_entered, read_text, spool_text
from accord.client.errors import RefusedError, RequestError
from accord.client.results import Stated
from accord.client.sending import send_spooled
from accord.client.session import Act
from accord.client.signed_agreements import list_versions
from accord.client.stating import own_officer, settled, state
from accord.envelope.errors import MalformedError
from accord.envelope.statements.bodies import KIND_RULES

_SETS: Final = ("parties", "lanes", "purposes", "survive_lanes")
_TERMS: Final = frozenset(
    {*_SETS, "ref", "tlp", "begins", "until", "survive_flash", "clocks", "emergency", "text"}
)


def propose_version(act: Act, terms: Mapping[str, Any], *, officer: str | None, wait_secs: float) -> Stated:
    """Propose the first version of an agreement, or the next after the one in force.

    `terms` as of `POST /agreements/versions` of a desk: sets as arrays, moments with their offset. A text is sealed for the
    other parties and sent behind the proposal. Raises RequestError, DocumentError, RefusedError, SealingError, UnpinnedError.
    """
    body, until = _body(act, terms)
    document = read_entered(terms.get("text"), body["parties"])
    text = None
    try:
        KIND_RULES[AGREEMENT].check_body(body)
        if document is not None:
            text = spool_text(act, document, body, until)
            body["text"] = {"jti": text.id, "md": text.d}
        stated = state(act, AGREEMENT, None, body, officer=own_officer(officer), exp=until)
    except (MalformedError, RefusedError) as wrong:
        if text is not None and not getattr(wrong, "is_kept", False):
            drop_text(act, text)
        if isinstance(wrong, MalformedError):
            raise RequestError(f"A term is wrong: {wrong}") from wrong
        raise
    if text is not None:
        send_spooled(act, text)
    return settled(act, stated, wait_secs)


def answer_version(act: Act, od: str, st: str, *, officer: str | None, wait_secs: float) -> Stated:
    """Accept or refuse a proposed version; its proposer takes it back by refusing. Raises RequestError, RefusedError."""
    version = version_of(act, od)
    is_open = version.waits_for if st == "accept" else version.may_refuse
    if not is_open(act.agency, act.now):
        raise RequestError("It does not wait for your agency.")
    if st == "accept" and not read_text(act, version).text.may_be_accepted:
        raise RequestError("Its text is not here as it was signed: it can be refused, not accepted.")
    stated = state(act, ACCEPT, version.subject, {"st": st}, officer=own_officer(officer))
    return settled(act, stated, wait_secs)


def version_of(act: Act, od: str) -> SignedVersion:
    """Return one version; raise RequestError."""
    version = next((one for one in list_versions(act) if one.od == od), None)
    if version is None:
        raise RequestError("No such version is known here. Run: accord agreements proposed")
    return version


def leave_agreement(act: Act, ref: str, *, officer: str | None, wait_secs: float) -> Stated:
    """Leave a signed agreement at once. Raises RequestError, RefusedError."""
    version = newest_agreed(list_versions(act), ref, act.now)
    if version is None or act.agency in version.left:
        raise RequestError("No signed agreement of this reference is in force with your agency.")
    stated = state(act, LEAVE, version.subject, {}, officer=own_officer(officer))
    return settled(act, stated, wait_secs)


def _body(act: Act, terms: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    unknown = sorted(terms.keys() - _TERMS)
    missing = sorted(
        {"ref", "parties", "lanes", "tlp", "purposes", "begins", "until", "clocks"} - terms.keys()
    )
    if unknown or missing:
        raise RequestError(
            f"Terms: unknown {', '.join(unknown) or '-'}; missing {', '.join(missing) or '-'}."
        )
    sets = {name: _set(terms.get(name, []), name) for name in _SETS}
    before = newest_agreed(list_versions(act), str(terms["ref"]), act.now)
    body = {
        "ref": terms["ref"],
        "ver": before.body["ver"] + 1 if before else 1,
        "prev": before.od if before else None,
        "parties": sorted({*sets["parties"], act.agency}),
        "lanes": sets["lanes"],
        "tlp": terms["tlp"],
        "purposes": sets["purposes"],
        "nbf": _moment(terms["begins"], "begins"),
        "survive": {"lanes": sets["survive_lanes"], "flash": terms.get("survive_flash", False)},
        "clocks": terms["clocks"],
        "emergency": terms.get("emergency", False),
        "text": None,
    }
    return body, _moment(terms["until"], "until")


def _set(value: object, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RequestError(f"{name}: give an array of words.")
    return sorted(set(value))


def _moment(value: object, name: str) -> int:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RequestError(f"{name}: write it like 2027-01-01T00:00:00Z, with Z or an offset.")
    return int(moment.timestamp())
