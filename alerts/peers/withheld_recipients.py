# SPDX-License-Identifier: Apache-2.0
"""Recipients that the desk holds back in a preview, whatever the exchange answers.

They are those not compared by two officers, those on a lane that the agency has suspended, and those new in a circle whom no
officer has confirmed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from alerts.document.display import choice_text
from alerts.peers.circles import Place, new_places
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.lanes import is_held
from alerts.peers.pin_updates import may_seal
from alerts.peers.pins import Book, Pin, read_book
from alerts.review.verdicts import RecipientVerdict
from callers.errors import NotBoundError
from peers.agreements import kept_agreements
from peers.models import SeenAgreements, SeenLedger
from vault.errors import SealBrokenError

UNCOMPARED = "fingerprint-not-compared"
NEW_IN_CIRCLE = "new-in-circle"
LANE_SUSPENDED = "lane-suspended"
KEYS_FAILED = "keys-failed"


def hold_back(issuer: str, rows: Sequence[RecipientVerdict], *, pri: str) -> list[RecipientVerdict]:
    """Return the verdicts; a recipient that the agency itself holds back becomes a denial that says why.

    Raises NotBoundError where the kept agreements were changed past the program.
    """
    book, kept = _book(issuer), kept_agreements(issuer)
    if kept is None:
        raise NotBoundError(SeenAgreements._meta.db_table, issuer)
    places = new_places(book, kept)
    return [_judged(book, row, places.get(row.agency, ()), pri) if row.will else row for row in rows]


def _judged(book: Book, row: RecipientVerdict, places: Sequence[Place], pri: str) -> RecipientVerdict:
    """Judge a recipient that the exchange would let receive it."""
    if is_held(book, peer=row.agency, ref=row.agreement, lane=row.lane, pri=pri):
        return _stopped(row)
    if not _may_seal(book, row.agency):
        return _held(row)
    return _new(row, places) if places else row


def _stopped(row: RecipientVerdict) -> RecipientVerdict:
    """Return the denial in the exchange's own words, so that the two compare as equal."""
    text = _("%(lane)s with %(name)s is suspended by your agency, until your agency resumes it.")
    words = {"lane": choice_text("lane", row.lane), "name": row.name}
    return replace(row, will=False, code=LANE_SUSPENDED, text=text % words, agreement="", ceiling="")


def _new(row: RecipientVerdict, places: Sequence[Place]) -> RecipientVerdict:
    text = _("%(name)s is held: it is new in %(circles)s. An officer who checks alerts confirms it, once.")
    circles = ", ".join(place.text for place in places)
    return replace(row, will=False, code=NEW_IN_CIRCLE, text=text % {"name": row.name, "circles": circles})


def with_keys_failed(issuer: str, rows: Iterable[RecipientVerdict]) -> list[RecipientVerdict]:
    """Return the verdicts; one that lets a peer receive has a text where its keys failed a check when they were last fetched.

    A release to it is stopped. It stays allowed, since its keys may hold again when the alert is released.
    """
    failed = SeenLedger.objects.filter(reader=issuer).values_list("alarmed", flat=True).first() or ()
    text = _("The keys of %(name)s failed a check of this desk. A release to it is stopped until they hold.")
    return [
        replace(row, text=text % {"name": row.name}) if row.will and row.agency in failed else row
        for row in rows
    ]


def is_uncompared(directory: VerifiedDirectory, peer: str) -> bool:
    """Tell whether alerts of this peer are marked, because two officers have not compared its fingerprint."""
    return peer != directory.reader and not may_seal(directory, peer)


def _may_seal(book: Book, peer: str) -> bool:
    return book.pins.get(peer, Pin()).may_seal


def _held(row: RecipientVerdict) -> RecipientVerdict:
    text = _("%(name)s is held: two officers of your agency compare its fingerprint first.")
    return replace(row, will=False, code=UNCOMPARED, text=text % {"name": row.name})


def _book(issuer: str) -> Book:
    """Return the agency's pins; an altered book trusts nobody."""
    try:
        return read_book(issuer)
    except SealBrokenError:
        return Book(issuer)
