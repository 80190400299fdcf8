# SPDX-License-Identifier: Apache-2.0
"""Who is held in a preview because nobody of the agency, or one person alone, has compared the fingerprint."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from agencies.models import Agency
from agencies.vault.errors import SealBrokenError, SecretMissingError
from alerts.peers.pins import Book, Pin, read_book
from sharing.policy import RecipientVerdict

UNCOMPARED = "fingerprint-not-compared"


def hold_uncompared(issuer: str, rows: Sequence[RecipientVerdict]) -> list[RecipientVerdict]:
    """The same rows; whom nothing is sealed to yet does not receive it, and the row says what is missing."""
    book = _book(issuer)
    return [row if book is None or _may_seal(book, row.agency) else _held(row) for row in rows]


def is_uncompared(agency_id: str, peer: str) -> bool:
    """Whether what this peer sends is marked: nobody has compared its fingerprint, or one person alone."""
    book = _book(agency_id)
    return book is not None and peer != agency_id and not _may_seal(book, peer)


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
