# SPDX-License-Identifier: Apache-2.0
"""The holder of the own identity at the hub: this home announces itself, and signs nothing while the hub names another.

An honest hub lets one desk or command hold an identity at a time, and names it to every other. A hub that gives no answer, or
does not know the call, changes nothing. A thief of keys announces nothing: this keeps two honest holders from working against
each other, but no thief out. A copy of the home has its id, and counts as the same holder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from accord.client.errors import (
    ClientError,
    GivenBackError,
    HeldElsewhereError,
    RefusedError,
    UnreachableError,
)
from accord.client.session import Session
from accord.state import OtherHolder, State, StateAbsentError
from accord.version import VERSION

ANNOUNCED_EVERY_SECS: Final = 3600
"""Well within the day in which the hub expects to hear a holder."""
SOFTWARE: Final = f"accord {VERSION}"
HELD_ELSEWHERE: Final = "held-elsewhere"
_HOLDER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SOFTWARE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,59}")
_MOMENT: Final = re.compile(r"[0-9T:.+Z-]{1,40}")


@dataclass(frozen=True)
class Holding:
    """The identity's holder, as far as known: this home by its id, or another one; `given_back` by this home."""

    instance: str
    other: OtherHolder | None = None
    given_back: bool = False


def announce_when_due(session: Session) -> OtherHolder | None:
    """Announce this home as the holder, unless that was done within the hour; return another holder that is news.

    A home that has given the identity back, or is not enrolled, announces nothing. Raises StateError.
    """
    state = session.state_file.read()
    if not state.enrolled or state.given_back or _was_asked(state, session.clock()):
        return None
    before, after = state.elsewhere, _ask(session).elsewhere
    return after if after != before else None


def require_holder(session: Session, *, online: bool = True) -> None:
    """Announce this home where that is due, before it signs or sends.

    While another holder is named this home asks each time, to notice when that ends; offline the last answer counts. Raises
    HeldElsewhereError, GivenBackError, StateError.
    """
    state = session.state_file.read()
    if not state.enrolled:
        return
    if state.given_back:
        raise GivenBackError
    if online and (state.elsewhere is not None or not _was_asked(state, session.clock())):
        state = _ask(session)
    if state.elsewhere is not None:
        raise HeldElsewhereError(state.elsewhere)


def find_holder(session: Session) -> Holding:
    """Ask the hub who holds the identity, by announcing this home, unless this home has given it back.

    Raises ClientError where the hub gives no such answer, StateError.
    """
    state = _enrolled(session)
    return _holding(state if state.given_back else _ask(session, strict=True))


def take_over(session: Session) -> Holding:
    """Release the other holder at the hub, which a person has confirmed is stopped, and announce this home.

    Raises HeldElsewhereError where another one is named again, or without an id; ClientError, StateError.
    """
    _enrolled(session)
    with session.state_file.change() as state:
        state.given_back = False
    other = _ask(session, strict=True).elsewhere
    if other is not None and other.holder:
        session.exchange.release_instance(other.holder)
        other = _ask(session, strict=True).elsewhere
    if other is not None:
        raise HeldElsewhereError(other)
    return _holding(session.state_file.read())


def give_back(session: Session) -> Holding:
    """Give the identity back; from then on this home signs and sends nothing until it takes it again.

    Raises ClientError, and then nothing has changed, StateError.
    """
    state = _enrolled(session)
    if state.instance:
        session.exchange.release_instance(state.instance)
    with session.state_file.change() as state:
        state.given_back, state.elsewhere, state.asked_at = True, None, 0
    return _holding(state)


def _enrolled(session: Session) -> State:
    state = session.state_file.read()
    if not state.enrolled:
        raise StateAbsentError("This home has not finished its enrolment. Run: accord enrol")
    return state


def _holding(state: State) -> Holding:
    return Holding(state.instance, state.elsewhere, state.given_back)


def _was_asked(state: State, now: int) -> bool:
    return now - ANNOUNCED_EVERY_SECS < state.asked_at <= now


def _ask(session: Session, *, strict: bool = False) -> State:
    """Announce this home and store the hub's answer; `strict`: raise where it neither accepts nor names a holder."""
    instance = _own_instance(session)
    try:
        session.exchange.announce_instance(instance, software=SOFTWARE)
        other = None
    except RefusedError as refused:
        if refused.slug != HELD_ELSEWHERE:
            if strict:
                raise
            return _note_asked(session)
        other = _other(refused)
    except UnreachableError:
        if strict:
            raise
        return session.state_file.read()
    except ClientError:
        if strict:
            raise
        return _note_asked(session)
    with session.state_file.change() as state:
        state.elsewhere, state.asked_at = other, session.clock()
    return state


def _own_instance(session: Session) -> str:
    """Return the id of this home, drawn when it is first needed."""
    known = session.state_file.read().instance
    if known:
        return known
    with session.state_file.change() as state:
        state.instance = state.instance or str(uuid4())
    return state.instance


def _note_asked(session: Session) -> State:
    """Record an answer that names no holder: it changes nothing, and the question is not repeated within the hour."""
    with session.state_file.change() as state:
        state.asked_at = session.clock()
    return state


def _other(refused: RefusedError) -> OtherHolder:
    """Return the holder that the hub names, with well-formed words only: it is shown to people."""
    return OtherHolder(
        _said(refused, "holder", _HOLDER),
        _said(refused, "software", _SOFTWARE),
        _said(refused, "free_at", _MOMENT),
    )


def _said(refused: RefusedError, name: str, form: re.Pattern[str]) -> str:
    said = refused.members.get(name)
    return said if isinstance(said, str) and form.fullmatch(said) else ""
