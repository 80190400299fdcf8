# SPDX-License-Identifier: Apache-2.0
"""The menu, by what people do: areas of pages, what an officer's roles open of them, and the counts of waiting work."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from alerts.boxes.waiting import MOST, NOTHING, Waiting
from callers.capabilities import Capability
from callers.pages import Count, NavGroup, NavItem
from officers.models import Officer

C = Capability
Text = str | Promise

MOST_AT_FIRST_SIGHT: Final = 9
"""Items that show before anything is unfolded."""
_ADMINISTER: Final = frozenset({C.OFFICER_MANAGE, C.KEY_MANAGE, C.AUDIT_READ})
"""Capabilities of those whose work lies in the agency itself."""


@dataclass(frozen=True)
class Tab:
    """One page of an area; `name` is its name in the table of pages. `needs` is None for every officer."""

    name: str
    label: Text
    needs: C | None

    @cached_property
    def address(self) -> str:
        return reverse(f"admin:{self.name}")


@dataclass(frozen=True)
class Area:
    """One item of the menu, and its pages as tabs. `also` names pages that belong to it without a tab."""

    label: Text
    tabs: tuple[Tab, ...]
    also: tuple[str, ...] = ()

    def open_to(self, held: frozenset[C]) -> tuple[Tab, ...]:
        return tuple(tab for tab in self.tabs if tab.needs is None or tab.needs in held)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Addresses of its pages; every page of every officer asks for those of all areas."""
        return (*(tab.address for tab in self.tabs), *(reverse(f"admin:{name}") for name in self.also))

    def holds(self, here: str) -> bool:
        """Tell whether the page at this address belongs to the area."""
        return any(
            here == address or (address != "/" and here.startswith(address)) for address in self.addresses
        )


def _alone(name: str, label: Text, needs: C | None) -> Area:
    return Area(label, (Tab(name, label, needs),))


WORK: Final = (
    Area(
        _("Start"),
        (
            Tab("index", _("Start"), None),
            Tab("overdue", _("Overdue"), C.ALERT_READ),
            Tab("tasks", _("Tasks"), C.CASE_READ),
            Tab("cases", pgettext_lazy("casework", "Cases"), C.CASE_READ),
            Tab("units", _("Units"), C.CASE_READ),
        ),
    ),
    _alone("inbox", _("Inbox"), C.ALERT_READ),
    _alone("drafts", _("Drafts"), C.ALERT_WRITE),
    _alone("queue", _("To release"), C.QUEUE_READ),
    _alone("outbox", pgettext_lazy("alerts", "Sent"), C.ALERT_READ),
)
SUBSTANCES: Final = (
    _alone("science_board", _("Early warning"), C.SCIENCE_READ),
    Area(
        _("Identify"),
        (
            Tab("science_screen", _("Control"), C.SCIENCE_READ),
            Tab("science_similar", _("Similar"), C.SCIENCE_READ),
            Tab("science_match", _("Spectrum"), C.SCIENCE_READ),
        ),
    ),
    Area(
        _("Reference"),
        (
            Tab("science_library", _("Library"), C.SCIENCE_READ),
            Tab("science_compare", _("Profiles"), C.SCIENCE_READ),
        ),
    ),
    Area(
        _("Law"),
        (
            Tab("science_rules", _("Rules"), C.SCIENCE_READ),
            Tab("science_caught", _("Changes"), C.SCIENCE_READ),
            Tab("science_watches", _("Watched"), C.SCIENCE_READ),
        ),
        also=("science_timeline",),
    ),
)
AGENCY: Final = (
    Area(
        _("Partners"),
        (
            Tab("directory", _("Directory"), C.DIRECTORY_READ),
            Tab("agreements", _("Agreements"), C.AGREEMENT_READ),
            Tab("reciprocity", _("Reciprocity"), C.ALERT_READ),
            Tab("commitments", _("Commitments"), C.ALERT_READ),
            Tab("withheld", _("Withheld"), C.ALERT_READ),
            Tab("peers", _("Fingerprints"), C.KEY_READ),
        ),
    ),
    Area(
        _("People"),
        (
            Tab("officers", _("Officers"), C.OFFICER_READ),
            Tab("duty", _("Duty"), C.OFFICER_READ),
            Tab("policy", _("Policy"), C.OFFICER_READ),
            Tab("calendar", _("Calendar"), C.OFFICER_READ),
            Tab("notifications", _("Notifications"), C.NOTICE_READ),
            Tab("powers", _("Changes of power"), C.OFFICER_READ),
        ),
        also=("transition",),
    ),
    Area(
        _("Signing keys"),
        (Tab("keys", _("Signing keys"), C.KEY_READ), Tab("apikeys", _("API keys"), C.APIKEY_MANAGE)),
    ),
    Area(
        _("Audit"),
        (
            Tab("audit", _("Audit"), C.AUDIT_READ),
            Tab("set_aside", pgettext_lazy("work", "Set aside"), C.AUDIT_READ),
        ),
    ),
)
MENU: Final[tuple[tuple[Text, tuple[Area, ...]], ...]] = (
    (_("Work"), WORK),
    (_("Substances"), SUBSTANCES),
    (_("Agency"), AGENCY),
)


def navigation(
    officer: Officer, here: str, *, waiting: Waiting = NOTHING, is_in_review: bool = False
) -> tuple[NavGroup, ...]:
    """Return the pages that this officer's roles open, the current one marked, with the restore while the agency reviews it.

    What is administered is folded for everybody else; substances fold where both would show too many items. Where the
    restore makes them too many, both fold, and on a page of theirs the restore is left to the first page, which leads to it.
    """
    work, substances, agency = (
        _items(areas, officer.capabilities, here, _counts(waiting)) for _label, areas in MENU
    )
    restore = _restore(officer, here) if is_in_review else ()
    if not officer.agency_id:
        return (NavGroup("", (*restore, *work, *substances, *agency)),)
    is_full = len(work) + len(substances) + len(agency) > MOST_AT_FIRST_SIGHT
    inside_substances, inside_agency = _is_inside(substances), _is_inside(agency)
    administers = bool(_ADMINISTER & officer.capabilities) and not (is_full and inside_substances)
    shows_agency = inside_agency or administers
    unfolded = agency if shows_agency else substances
    is_tight = bool(restore) and len(restore) + len(work) + len(unfolded) > MOST_AT_FIRST_SIGHT
    is_inside = inside_agency or inside_substances
    if is_tight and is_inside:
        restore = ()
    folds_both = is_tight and not is_inside
    groups = (
        NavGroup(_("Work"), (*restore, *work)),
        NavGroup(
            _("Substances"), substances, is_folding=is_full, is_open=not shows_agency and not folds_both
        ),
        NavGroup(_("Agency"), agency, is_folding=True, is_open=shows_agency and not folds_both),
    )
    return tuple(group for group in groups if group.items)


def tabs(officer: Officer, here: str) -> NavGroup | None:
    """Return the pages beside the one at this address, where it is one of several of its area; else None."""
    for _label, areas in MENU:
        for area in areas:
            open_tabs = area.open_to(officer.capabilities)
            if len(open_tabs) > 1 and here in {tab.address for tab in open_tabs}:
                items = (NavItem(tab.label, tab.address, here == tab.address) for tab in open_tabs)
                return NavGroup(area.label, tuple(items))
    return None


def _items(
    areas: tuple[Area, ...], held: frozenset[C], here: str, counts: Mapping[str, Count]
) -> tuple[NavItem, ...]:
    return tuple(
        NavItem(
            area.label if len(shown) > 1 else shown[0].label,
            shown[0].address,
            area.holds(here),
            counts.get(shown[0].name),
        )
        for area in areas
        if (shown := area.open_to(held))
    )


def _restore(officer: Officer, here: str) -> tuple[NavItem, ...]:
    """Return the item of the restore that the agency reviews, for who may review it."""
    if C.OFFICER_MANAGE not in officer.capabilities:
        return ()
    address = reverse("admin:after_restore")
    return (NavItem(_("After a restore"), address, here == address),)


def _is_inside(items: tuple[NavItem, ...]) -> bool:
    return any(item.current for item in items)


def _counts(waiting: Waiting) -> dict[str, Count]:
    return dict(_worded(waiting))


def _worded(waiting: Waiting) -> Iterator[tuple[str, Count]]:
    """Yield the count of each box where something waits, with its words for who hears the page."""
    if n := waiting.inbox:
        words = _asked(waiting)
        if late := waiting.inbox_overdue:
            words = f"{words}, {ngettext('%(n)d overdue', '%(n)d overdue', late) % {'n': late}}"
        yield "inbox", Count("inbox", waiting.shown(n), words, is_late=late > 0)
    if n := waiting.release:
        words = ngettext("%(n)d waits for release", "%(n)d wait for release", n) % {"n": n}
        yield "queue", Count("queue", waiting.shown(n), words)
    if n := waiting.returned:
        words = ngettext("%(n)d returned to you", "%(n)d returned to you", n) % {"n": n}
        yield "drafts", Count("drafts", waiting.shown(n), words)


def _asked(waiting: Waiting) -> str:
    """Say how many alerts ask to be acknowledged and how many to be answered; together where they are too many to tell."""
    if waiting.inbox > MOST:
        return gettext("%(n)s to acknowledge or answer") % {"n": waiting.shown(waiting.inbox)}
    parts = []
    if n := waiting.to_acknowledge:
        parts.append(ngettext("%(n)d to acknowledge", "%(n)d to acknowledge", n) % {"n": n})
    if n := waiting.to_answer:
        parts.append(ngettext("%(n)d to answer", "%(n)d to answer", n) % {"n": n})
    return ", ".join(parts)
