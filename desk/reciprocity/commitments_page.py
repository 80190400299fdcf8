# SPDX-License-Identifier: Apache-2.0
"""Standing commitments: what the agency owes its partners, what they owe it, and how each was kept."""

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from accord.commitment_states import Kept
from alerts.agency.commitment_words import how_often
from callers import clock
from desk.reciprocity.words import SUPPLIES
from desk.web.frame import render_page, signed_in
from reciprocity.commitments import Standing, commitments_of
from reciprocity.models import sees_records

STATES: Final[Mapping[Kept, tuple[str, str | Promise]]] = {
    Kept.DUE: ("warn", pgettext_lazy("commitment", "Due")),
    Kept.KEPT: ("done", pgettext_lazy("commitment", "Kept")),
    Kept.LATE: ("warn", pgettext_lazy("commitment", "Late")),
    Kept.MISSED: ("danger", pgettext_lazy("commitment", "Missed")),
    Kept.EXCUSED: ("done", pgettext_lazy("commitment", "Excused: suspended")),
}
"""Tone and word of each state."""


def commitments(request: HttpRequest) -> HttpResponse:
    """List the commitments of both directions, by what is due next."""
    found = commitments_of(signed_in(request), now=clock.now())
    return render_page(
        request,
        "reciprocity/commitments",
        _("Commitments"),
        sides=[
            (heading, empty, [_row(one) for one in found if one.is_ours is is_ours])
            for is_ours, heading, empty in (
                (True, _("We give"), _("Your agency has committed itself to nothing that recurs.")),
                (False, _("They give"), _("No partner has committed itself to anything that recurs.")),
            )
        ],
        shows_keys=True,
        is_limited=not sees_records(signed_in(request)),
    )


def _row(one: Standing) -> dict[str, object]:
    return {
        "standing": one,
        "what": SUPPLIES[one.commitment.what],
        "how": how_often(one.commitment),
        "state": STATES[one.next.state] if one.next else None,
        "next": one.next,
        "past": [(owed, *STATES[owed.state]) for owed in one.shown],
    }
