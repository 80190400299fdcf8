# SPDX-License-Identifier: Apache-2.0
"""Recipients held in a preview: not compared by two officers, or new in a circle and not confirmed by one."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from alerts.peers.circles import Place, new_places
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pins import Book, Pin, read_book
from alerts.peers.seeing import may_seal
from peers.models import Agency
from sharing.policy import RecipientVerdict
from vault.errors import SealBrokenError, SecretMissingError

UNCOMPARED = "fingerprint-not-compared"
NEW_IN_CIRCLE = "new-in-circle"


def hold_unknown(issuer: str, rows: Sequence[RecipientVerdict]) -> list[RecipientVerdict]:
    """The same rows; a peer not compared, or new in a circle, does not receive it, and the row says what is missing."""
    book = _book(issuer)
    if book is None:
        return list(rows)
    places = new_places(book)
    return [_judged(book, row, places.get(row.agency, ())) for row in rows]


def _judged(book: Book, row: RecipientVerdict, places: Sequence[Place]) -> RecipientVerdict:
    if not _may_seal(book, row.agency):
        return _held(row)
    return _new(row, places) if places and row.will else row


def _new(row: RecipientVerdict, places: Sequence[Place]) -> RecipientVerdict:
    text = _("%(name)s is held: it is new in %(circles)s. An officer who checks alerts confirms it, once.")
    circles = ", ".join(place.text for place in places)
    return replace(row, will=False, code=NEW_IN_CIRCLE, text=text % {"name": row.name, "circles": circles})


def is_uncompared(directory: VerifiedDirectory, peer: str) -> bool:
    """Whether what this peer sends is marked: nobody has compared its fingerprint, or one person alone."""
    return peer != directory.reader and not may_seal(directory, peer)


def _may_seal(book: Book, peer: str) -> bool:
    return book.pins.get(peer, Pin()).may_seal


def _held(row: RecipientVerdict) -> RecipientVerdict:
    if not row.will:
        return row
    text = _("%(name)s is held: two officers of your agency compare its fingerprint first.")
    return replace(row, will=False, code=UNCOMPARED, text=text % {"name": row.name})


def _book(issuer: str) -> Book | None:
    """None for an agency without keys here, which seals nothing here; an altered book trusts nobody."""
    try:
        book = read_book(issuer)
    except SecretMissingError:
        return None
    except SealBrokenError:
        return Book(issuer)
    return None if book.revision == 0 and not Agency.objects.get(pk=issuer).is_hosted else book
