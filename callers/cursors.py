# SPDX-License-Identifier: Apache-2.0
"""Cursors of the REST lists: where a page ended, sealed for one caller's agency, one list and its filters.

A cursor is text that only the hub can make: `time.place` in base64url and a keyed digest over it, the agency
and the list. One that was changed, made up, given to another agency or taken to another list is refused alike.
A lasting cursor holds no time: it serves a reader who was away for as long as may be.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils.crypto import constant_time_compare

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import MalformedError
from callers.actors import Actor
from callers.digests import keyed_digest
from callers.errors import CursorExpiredError, CursorRefusedError

LIVES: Final = timedelta(hours=24)
_MAC_BYTES: Final = 16
LONGEST: Final = 1000


def list_name(name: str, filters: Mapping[str, object]) -> str:
    """A list with its filters as one text; a cursor of one set of filters does not serve another."""
    return "&".join([name, *(f"{key}={filters[key]}" for key in sorted(filters))])


def seal_cursor(actor: Actor, listed: str, place: str | None, *, now: datetime) -> str | None:
    """The cursor of the page after `place`; None where there is none."""
    if place is None:
        return None
    return seal_lasting(actor, listed, f"{int(now.timestamp())}.{place}")


def open_cursor(actor: Actor, listed: str, cursor: str, *, now: datetime) -> str:
    """The place a cursor names, empty for an empty one; raises CursorRefusedError, CursorExpiredError."""
    if not cursor:
        return ""
    made, _, place = open_lasting(actor, listed, cursor).partition(".")
    if now - datetime.fromtimestamp(int(made), tz=UTC) >= LIVES:
        raise CursorExpiredError
    return place


def seal_lasting(actor: Actor, listed: str, place: str) -> str:
    """A cursor that does not expire; `listed` is the name of a list whose cursors all last."""
    body = place.encode()
    return f"{b64u(body)}.{b64u(_mac(actor, listed, body))}"


def open_lasting(actor: Actor, listed: str, cursor: str) -> str:
    """The place a lasting cursor names, empty for an empty one; raises CursorRefusedError."""
    if not cursor:
        return ""
    body, mac = _parts(cursor)
    if not constant_time_compare(mac, _mac(actor, listed, body)):
        raise CursorRefusedError
    return body.decode()


def _parts(cursor: str) -> tuple[bytes, bytes]:
    body, _, mac = cursor.partition(".")
    try:
        if len(cursor) > LONGEST:
            raise CursorRefusedError
        return unb64u(body), unb64u(mac)
    except MalformedError:
        raise CursorRefusedError from None


def _mac(actor: Actor, listed: str, body: bytes) -> bytes:
    return keyed_digest("cursor", (actor.agency_id or "").encode(), listed.encode(), body)[:_MAC_BYTES]
