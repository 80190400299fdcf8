# SPDX-License-Identifier: Apache-2.0
"""Officers of the agency: the list, and one person with the acts of an agency admin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callers import clock
from callers.capabilities import Capability, Role
from casework.handing_over import may_hand_over
from desk.web.filters import Filter, read_filters
from desk.web.frame import render_page, signed_in
from officers.accountmail import hands_links_over
from officers.accounts import officer_for
from officers.duty import duty_list
from officers.invitations import Invited, invited_of
from officers.last_ones import last_ones
from officers.login.factors import has_factor
from officers.models import Officer
from officers.powers import waiting_kinds

STATES: Final = (
    ("active", gettext_lazy("Active")),
    ("invited", gettext_lazy("Invited")),
    ("disabled", gettext_lazy("Disabled")),
)
NO_PASSWORD: Final = gettext_lazy("No password yet")


@dataclass(frozen=True)
class OfficerRow:
    """Officer in the list; `place` is that on the duty list from 1, 0 for none."""

    officer: Officer
    roles: str
    place: int
    state: str
    state_text: str | Promise
    invited: Invited | None

    @property
    def tone(self) -> str:
        return {"active": "ok", "invited": "warn"}.get(self.state, "done")


@dataclass(frozen=True)
class PersonAct:
    """Link to a question about this person."""

    text: str | Promise
    address: str


ACTS: Final[Mapping[str, tuple[str | Promise, frozenset[str]]]] = {
    "officer_invite_again": (gettext_lazy("Invite again…"), frozenset({"invited"})),
    "officer_roles": (gettext_lazy("Change roles…"), frozenset({"active", "invited"})),
    "officer_deputy": (gettext_lazy("Name a deputy…"), frozenset({"active", "invited"})),
    "officer_unit": (gettext_lazy("Change the unit…"), frozenset({"active", "invited"})),
    "officer_sessions": (gettext_lazy("Sign out everywhere…"), frozenset({"active"})),
    "officer_reopen": (gettext_lazy("Open sign-in again…"), frozenset({"active"})),
    "officer_reset": (gettext_lazy("New password…"), frozenset({"active"})),
    "officer_factors": (gettext_lazy("Reset second factor…"), frozenset({"active"})),
    "officer_disable": (gettext_lazy("Disable…"), frozenset({"active", "invited"})),
    "officer_enable": (gettext_lazy("Enable…"), frozenset({"disabled"})),
}
"""Acts by the name of their page, with the states in which they are offered."""
ROLES_OF_AGENCIES: Final = [(role.value, role.label) for role in Role if role is not Role.KEEPER]
ON_ONESELF: Final = frozenset({"officer_deputy", "officer_sessions", "officer_unit"})


def officers(request: HttpRequest) -> HttpResponse:
    """List who may do what in this agency."""
    officer, now = signed_in(request), clock.now()
    offered = (Filter("role", _("Role"), ROLES_OF_AGENCIES), Filter("state", _("State"), STATES))
    filters = read_filters(request.GET, offered)
    rows = list(officer_rows(officer, role=filters.values["role"], now=now))
    if state := filters.values["state"]:
        rows = [row for row in rows if row.state == state]
    return render_page(
        request,
        "officers",
        _("Officers"),
        heading=_("Officers"),
        lead=_lead(officer),
        empty=_("Invite the first officer."),
        rows=rows,
        filters=filters,
        may_manage=Capability.OFFICER_MANAGE in officer.capabilities,
        shows_keys=True,
    )


def _lead(officer: Officer) -> str:
    """Return what the list is, and for an admin the essential roles that only one person has."""
    what = _("Who may do what in your agency.")
    if Capability.OFFICER_MANAGE not in officer.capabilities or officer.agency is None:
        return what
    alone = [str(one.role.label) for one in last_ones([officer.agency]) if one.agency_id]
    if not alone:
        return what
    words = _("Roles that one person alone has: %(roles)s. Name a second person for each.") % {
        "roles": ", ".join(alone)
    }
    return f"{what} {words}"


def person(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one officer of the own agency."""
    officer, now = signed_in(request), clock.now()
    found = officer_for(officer, public_id)
    row = next(_rows([found], places_of(officer), now))
    may_manage = Capability.OFFICER_MANAGE in officer.capabilities
    acts = list(_acts(officer, row)) if may_manage else []
    if may_hand_over(officer, found):
        acts.append(PersonAct(_("Hand over the work…"), reverse("admin:hand_over", args=[found.public_id])))
    stands_in_for = found.stands_in_for.filter(is_active=True).order_by("full_name")
    return render_page(
        request,
        "agency/person",
        _("Officer"),
        row=row,
        person=found,
        acts=acts,
        is_self=found.pk == officer.pk,
        shows_factor=may_manage,
        has_factor=may_manage and has_factor(found),
        waits=waiting_kinds([found])[found.pk],
        stands_in_for=list(stands_in_for),
    )


def officer_rows(officer: Officer, *, role: str = "", now: datetime) -> Iterator[OfficerRow]:
    """List the colleagues by name; only those with a role where one is given."""
    found = Officer.objects.visible_to(officer).order_by("full_name", "pk")
    if role:
        found = found.filter(roles__contains=[role])
    return _rows(list(found), places_of(officer), now)


def places_of(officer: Officer) -> dict[str, int]:
    """Return the places on the duty list by public id."""
    return {row.public_id: place for place, row in enumerate(duty_list(officer), 1)}


def roles_text(roles: list[str]) -> str:
    """Return roles in words, in the order of `Role`."""
    return ", ".join(str(role.label) for role in Role if role in roles)


def _rows(found: list[Officer], places: Mapping[str, int], now: datetime) -> Iterator[OfficerRow]:
    invited = invited_of(found, now=now)
    for row in found:
        waiting = invited.get(row.public_id)
        state = "disabled" if not row.is_active else "active" if row.has_usable_password() else "invited"
        text = NO_PASSWORD if state == "invited" and waiting is None else dict(STATES)[state]
        place = places.get(row.public_id, 0)
        yield OfficerRow(row, roles_text(row.roles), place, state, text, waiting)


def _acts(officer: Officer, row: OfficerRow) -> Iterator[PersonAct]:
    is_self = officer.pk == row.officer.pk
    for name, (text, states) in ACTS.items():
        if name == "officer_reset" and not hands_links_over():
            continue
        if row.state in states and (not is_self or name in ON_ONESELF):
            yield PersonAct(text, reverse(f"admin:{name}", args=[row.officer.public_id]))
