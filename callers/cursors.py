# SPDX-License-Identifier: Apache-2.0
"""Cursors of the REST lists: the end of a page, sealed for the caller's agency, one list and its filters.

Only the hub can make a cursor: it is `time.place` in base64url and a keyed digest over it, the agency and the list. A
cursor that was altered, invented, given to another agency or used for another list is refused alike. A lasting cursor
has no time: it serves a reader who was away for any length of time.
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
    """Return a list's name with its filters; a cursor of one set of filters does not serve another."""
    return "&".join([name, *(f"{key}={filters[key]}" for key in sorted(filters))])


def seal_cursor(actor: Actor, listed: str, place: str | None, *, now: datetime) -> str | None:
    """Return the cursor of the page after `place`; None where there is none."""
    if place is None:
        return None
    return seal_lasting(actor, listed, f"{int(now.timestamp())}.{place}")


def open_cursor(actor: Actor, listed: str, cursor: str, *, now: datetime) -> str:
    """Return the place of a cursor, empty for an empty one; raises CursorRefusedError, CursorExpiredError."""
    if not cursor:
        return ""
    made, _, place = open_lasting(actor, listed, cursor).partition(".")
    if now - datetime.fromtimestamp(int(made), tz=UTC) >= LIVES:
        raise CursorExpiredError
    return place


def seal_lasting(actor: Actor, listed: str, place: str) -> str:
    """Return a cursor that does not expire; `listed` names a list whose cursors are all of this kind."""
    body = place.encode()
    return f"{b64u(body)}.{b64u(_mac(actor, listed, body))}"


def open_lasting(actor: Actor, listed: str, cursor: str) -> str:
    """Return the place of a lasting cursor, empty for an empty one; raises CursorRefusedError."""
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
