# SPDX-License-Identifier: Apache-2.0
"""The keeper's first page: whether the desk works and which agencies it has taken in. No content, no agency's business."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from desk.keeper.health import ENDS_SOON, health
from desk.keeper.health_signs import LAST_ONES, most_urgent
from desk.keeper.setting_up import setting_up
from desk.keeper.setting_up_page import shown_steps
from desk.web.frame import render_page
from officers.entering import Entry, entries
from officers.first_start import close_first_start
from officers.models import Officer
from officers.moving_in import may_move_in
from peers.own_exchange import known_exchange


def desk_page(request: HttpRequest, officer: Officer, now: datetime) -> HttpResponse:
    """Show first whether everything works or the most urgent trouble, then all of health, then the agencies."""
    found = entries(officer, now=now)
    if settings.OWN_DESK:
        close_first_start()
    signs = list(health(found, now))
    guide = setting_up(officer, now=now) if settings.OWN_DESK else None
    steps = list(shown_steps(guide)) if guide and not guide.is_over else []
    urgent = most_urgent(signs)
    is_second_person = urgent is not None and urgent.part == LAST_ONES
    return render_page(
        request,
        "keeper",
        _("This desk"),
        entries=[(entry, is_ending(entry, now)) for entry in found],
        health=signs,
        urgent=None if steps and is_second_person else urgent,
        works=urgent is None or is_second_person,
        steps=steps,
        may_move_in=may_move_in(),
        may_come=known_exchange() is not None,
        may_take_in=not (settings.OWN_DESK and (found or known_exchange() is None)),
    )


def is_ending(entry: Entry, now: datetime) -> bool:
    """Tell whether the agency's keyset ends soon, or has ended."""
    return entry.keyset_until is not None and entry.keyset_until - now < ENDS_SOON
