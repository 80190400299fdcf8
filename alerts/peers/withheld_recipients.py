# SPDX-License-Identifier: Apache-2.0
"""Recipients that the desk holds back in a preview, whatever the exchange answers.

They are those whose keys fail a check, those not compared by two officers, those on a lane that the agency has suspended, and
those new in a circle whom no officer has confirmed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from alerts.document.display import choice_text
from alerts.peers.circles import Place, new_places
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.lanes import is_held
from alerts.peers.pin_updates import may_seal
from alerts.review.verdicts import RecipientVerdict
from callers.errors import NotBoundError
from peers.agreements import kept_agreements
from peers.models import SeenAgreements

UNTRUSTED = "keys-not-trusted"
UNCOMPARED = "fingerprint-not-compared"
NEW_IN_CIRCLE = "new-in-circle"
LANE_SUSPENDED = "lane-suspended"


def hold_back(
    issuer: str, rows: Sequence[RecipientVerdict], *, pri: str, now: datetime
) -> list[RecipientVerdict]:
    """Return the verdicts; a recipient that the agency itself holds back becomes a denial that says why.

    Keys are judged as they are kept. Raises NotBoundError where the kept agreements were changed past the program.
    """
    directory, kept = VerifiedDirectory(issuer, now), kept_agreements(issuer)
    if kept is None:
        raise NotBoundError(SeenAgreements._meta.db_table, issuer)
    directory.preload(row.agency for row in rows if row.will)
    places = new_places(directory.book, kept)
    return [_judged(directory, row, places.get(row.agency, ()), pri) if row.will else row for row in rows]


def _judged(
    directory: VerifiedDirectory, row: RecipientVerdict, places: Sequence[Place], pri: str
) -> RecipientVerdict:
    """Judge a recipient that the exchange would let receive it."""
    if is_held(directory.book, peer=row.agency, ref=row.agreement, lane=row.lane, pri=pri):
        return _stopped(row)
    if not may_seal(directory, row.agency):
        return _held(row)
    if row.agency in directory.refused:
        return _untrusted(row)
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


def is_uncompared(directory: VerifiedDirectory, peer: str) -> bool:
    """Tell whether alerts of this peer are marked, because two officers have not compared its fingerprint."""
    return peer != directory.reader and not may_seal(directory, peer)


def _held(row: RecipientVerdict) -> RecipientVerdict:
    text = _("%(name)s is held: two officers of your agency compare its fingerprint first.")
    return replace(row, will=False, code=UNCOMPARED, text=text % {"name": row.name})


def _untrusted(row: RecipientVerdict) -> RecipientVerdict:
    text = _("Keys of %(agencies)s could not be trusted now; call their duty desks.")
    return replace(row, will=False, code=UNTRUSTED, text=text % {"agencies": row.name})
