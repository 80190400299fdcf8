# SPDX-License-Identifier: Apache-2.0
"""Pins: which root is trusted for which agency, one by one or from a list, and never changed silently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from accord.client.errors import PinChangedError, RequestError, RootsChangedError
from accord.client.session import Session
from accord.envelope.encoding import agency_id
from accord.envelope.errors import MalformedError
from accord.envelope.keysets import in_force, read_keyset
from accord.state import Pin, State

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class PinsTaken:
    """The result of a list of fingerprints: agencies by what was done.

    `followed` are those whose root has changed since, by keysets that were verified here from the pinned root on.
    """

    added: tuple[str, ...]
    known: tuple[str, ...]
    followed: tuple[str, ...]


def pin_root(session: Session, agency: str, fingerprint: str, *, replace: bool) -> None:
    """Trust this root (64 hex digits, spaces allowed) for an agency, as compared on paper.

    Raises RequestError, PinChangedError (another root is pinned and `replace` is not set).
    """
    digits = read_fingerprint(agency, fingerprint)
    with session.state_file.change() as state:
        known = state.pins.get(agency)
        if known is not None and known.fingerprint != digits:
            if not replace or agency == state.agency:
                raise PinChangedError(agency, known.fingerprint)
            # Keysets that the old root vouched for are not vouched for by the new one.
            state.keysets.pop(agency, None)
            state.revocations.pop(agency, None)
            known = None
        if known is None:
            state.pins[agency] = Pin(digits, session.clock())


def import_pins(session: Session, fingerprints: Mapping[str, str]) -> PinsTaken:
    """Trust every root of a list, or none: raise RootsChangedError where one is not the pinned one.

    A root that the agency has changed to, as its own verified keysets show, replaces the old one.
    """
    wanted = {agency: read_fingerprint(agency, digits) for agency, digits in fingerprints.items()}
    now = session.clock()
    with session.state_file.change() as state:
        pins = {agency: state.pins[agency].fingerprint for agency in wanted if agency in state.pins}
        differing = [agency for agency, digits in pins.items() if digits != wanted[agency]]
        followed = [agency for agency in differing if _root_in_force(state, agency, now) == wanted[agency]]
        if len(followed) != len(differing):
            raise RootsChangedError(set(differing) - set(followed))
        added = sorted(wanted.keys() - pins.keys())
        for agency in (*added, *followed):
            state.pins[agency] = Pin(wanted[agency], now)
    return PinsTaken(tuple(added), tuple(sorted(pins.keys() - set(followed))), tuple(sorted(followed)))


def read_fingerprint(agency: str, fingerprint: str) -> str:
    """Return the plain form of a root's fingerprint for an agency; raise RequestError."""
    try:
        agency_id(agency)
    except MalformedError as exc:
        raise RequestError("An agency id looks like xb-health.") from exc
    digits = "".join(fingerprint.split()).lower()
    if not _FINGERPRINT.fullmatch(digits):
        raise RequestError(f"{agency}: a fingerprint is 64 hex digits, in groups of four.")
    return digits


def _root_in_force(state: State, agency: str, now: int) -> str | None:
    """Return the root of the newest keyset in force, of a chain that reaches back to the pinned root."""
    chain = [
        read_keyset(record.jws.encode(), log_time=record.log_time, succession=record.succession)
        for record in state.keysets.get(agency, [])
    ]
    begun = in_force(chain, max(now, state.newest_log_time))
    roots = [keyset.root_fingerprint for keyset in begun]
    return roots[-1] if roots and state.pins[agency].fingerprint in roots else None
