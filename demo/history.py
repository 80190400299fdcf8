# SPDX-License-Identifier: Apache-2.0
"""Here is what happened in the demonstration world before today, told in order of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agencies.accession import suspend_agency
from agencies.capabilities import Role
from agencies.models import Agency, Custody, Officer
from agencies.officers import change_roles
from agencies.vault.doors import renew_agency_keys
from alerts.acknowledgement import acknowledge_alert
from alerts.drafts import create_draft
from alerts.models import Alert, ReceivedAlert
from alerts.opening import OpeningReason, open_alert
from alerts.preview import check_draft
from alerts.release import release_alert
from alerts.review import submit_alert, validate_alert
from alerts.withdrawal import confirm_withdrawal, withdraw_alert
from demo import alerts as texts
from demo.founding import Founders, found_world, replace_api_key
from demo.past import Past
from demo.people import People, write_private
from demo.refusals import refusing_mail_server
from demo.world import AGENCIES, AGREEMENTS
from sharing.agreements import suspend_lanes
from sharing.models import Agreement, Envelope


@dataclass(frozen=True)
class World:
    """Who acts in the past, and when."""

    past: Past
    people: People
    founders: Founders
    today: datetime

    def at(self, day: int, hours: float = 9) -> None:
        """Moves to so many hours after midnight (UTC) of a day relative to today."""
        midnight = self.today.replace(hour=0, minute=0, second=0, microsecond=0)
        self.past.move_to(min(midnight + timedelta(days=day, hours=hours), self.today))

    def later(self, minutes: float) -> None:
        self.past.move_to(self.past.now + timedelta(minutes=minutes))


def tell_history(past: Past, folder: Path, *, today: datetime) -> str:
    """Builds the world and plays its past; returns one line that says what was made."""
    people, founders = found_world(past, folder, today=today)
    world = World(past, people, founders, today)
    _nine_collapses(world)
    _vape_liquid(world)
    _renew_keysets(world)
    _suspend_border_police(world)
    _suspend_lanes(world)
    _festival(world)
    _blue_tablets(world)
    _impregnated_paper(world)
    past.move_to(today)
    past.settle()
    past.settle()
    write_private(folder / "logins.json", people.logins)
    officers = sum(len(agency.officers) for agency in AGENCIES)
    return f"{len(AGENCIES)} agencies, {officers} officers, 1 operator, {Alert.objects.count()} alerts"


# --- the alerts ---------------------------------------------------------------------------------------------


def _nine_collapses(world: World) -> None:
    world.at(-51, 22)
    md = _send(world, "aroha", "dele", texts.NINE_COLLAPSES)
    world.later(11)
    _read(world, "benno", md)
    world.later(9)
    _read(world, "nourin", md)
    for agency, officer, minutes in (("xd-reg", "ruotang", 6), ("xe-drugs", "oluwen", 14)):
        world.later(minutes)
        _read_with_own_keys(world, agency, officer, md)


def _vape_liquid(world: World) -> None:
    world.at(-37)
    haitham, casimir = world.people["haitham"], world.people["casimir"]
    world.past.before_sending = lambda: _set_role(world, haitham, casimir, Role.AUDITOR)
    md = _send(world, "ilka", "benno", texts.VAPE_LIQUID)
    _set_role(world, haitham, casimir, Role.READER)
    world.later(55)
    _read(world, "aroha", md)
    world.later(120)
    _read(world, "haitham", md)
    world.later(15)
    _read_with_own_keys(world, "xe-drugs", "marisel", md)
    world.at(-30, 14)
    alert = Alert.objects.get(md=md)
    withdraw_alert(world.people["benno"], alert, code="contaminated", now=world.past.now)
    world.past.settle()
    for login, minutes in (("dele", 40), ("nourin", 95)):
        world.later(minutes)
        officer = world.people[login]
        confirm_withdrawal(officer, _received(officer, md), now=world.past.now)
        world.past.settle()


def _festival(world: World) -> None:
    world.at(-6, 10)
    with refusing_mail_server(
        no_such_address=world.people["casimir"].email, unwanted=world.people["sunniva"].email
    ):
        md = _send(world, "aroha", "dele", texts.FESTIVAL)
    for login, minutes in (("ilka", 8), ("haitham", 21)):
        world.later(minutes)
        _read(world, login, md)


def _blue_tablets(world: World) -> None:
    world.at(-1, 15)
    _submit(world, "aroha", texts.BLUE_TABLETS)


def _impregnated_paper(world: World) -> None:
    world.at(0, 0)
    _draft(world, "ilka", texts.IMPREGNATED_PAPER)


# --- keys ---------------------------------------------------------------------------------------------------


def _renew_keysets(world: World) -> None:
    """In good time before they end: the desk for its agencies, every other system for itself; API keys likewise."""
    world.at(-13, 8)
    for agency in Agency.objects.filter(custody=Custody.HUB).order_by("id"):
        renew_agency_keys(world.founders.operator, agency, now=world.past.now)
    world.past.settle()
    for agency_id, client in world.founders.clients.items():
        client.keys.renew()
        replace_api_key(world.founders, agency_id, world.past)
        world.past.settle()


# --- politics -----------------------------------------------------------------------------------------------


def _suspend_border_police(world: World) -> None:
    world.at(-12)
    agency = Agency.objects.get(pk="xf-border")
    suspend_agency(world.founders.operator, agency, now=world.past.now)
    world.past.settle()


def _suspend_lanes(world: World) -> None:
    for demo in AGREEMENTS:
        if demo.suspended is None:
            continue
        agency, lanes, day = demo.suspended
        world.at(day)
        admin = world.founders.admin_of(agency)
        suspend_lanes(admin, Agreement.objects.get(ref=demo.ref), lanes, now=world.past.now)
        world.past.settle()


# --- acts of officers ---------------------------------------------------------------------------------------


def _draft(world: World, author: str, fields: Mapping[str, Any]) -> Alert:
    day = (world.past.now - timedelta(days=1)).date().isoformat()
    data = {"event_date": day, **fields} if "narrative" in fields else dict(fields)
    return create_draft(world.people[author], data=data, now=world.past.now)


def _submit(world: World, author: str, fields: Mapping[str, Any]) -> Alert:
    """A draft whose questions the author has answered with "Keep it", submitted."""
    officer = world.people[author]
    alert = _draft(world, author, fields)
    world.later(4)
    findings = check_draft(officer, alert, now=world.past.now)
    if findings.errors:
        raise ValueError(f"{fields['title']}: {findings.errors}")
    submitted = submit_alert(officer, alert, revision=alert.current, now=world.past.now)
    world.past.settle()
    return submitted


def _send(world: World, author: str, releaser: str, fields: Mapping[str, Any]) -> str:
    """Written by one, validated and released by another; returns `md` when it is carried."""
    alert = _submit(world, author, fields)
    second = world.people[releaser]
    world.later(3)
    validate_alert(second, alert, revision=alert.current, now=world.past.now)
    released = release_alert(second, alert, revision=alert.current, now=world.past.now)
    world.past.settle()
    return Envelope.objects.get(md=released.md).md


def _received(officer: Officer, md: str) -> ReceivedAlert:
    return ReceivedAlert.objects.visible_to(officer).get(md=md)


def _read(world: World, login: str, md: str) -> None:
    """A hosted agency's officer opens and acknowledges."""
    officer = world.people[login]
    received = _received(officer, md)
    open_alert(officer, received, reason=OpeningReason.ON_DUTY, now=world.past.now)
    acknowledge_alert(officer, received, now=world.past.now)
    world.past.settle()


def _read_with_own_keys(world: World, agency: str, login: str, md: str) -> None:
    """An officer of an agency with its own system does the same with the agency's client."""
    client = world.founders.clients[agency]
    client.open(md)
    client.acknowledge(md, officer=world.people[login].public_id)
    world.past.settle()


def _set_role(world: World, admin: Officer, officer: Officer, role: Role) -> None:
    """A notice that was queued for a reader is suppressed when the right is gone at the time of sending."""
    change_roles(admin, officer, [role], now=world.past.now)
