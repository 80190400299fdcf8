# SPDX-License-Identifier: Apache-2.0
"""History of the demonstration world before today, in order of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from accord.client.outgoing import AlertToSend
from accord.envelope.content import NamedOfficer
from agencies.accession import suspend_agency
from alerts.document.building import build_document, build_terms
from alerts.document.check import check_document
from alerts.document.defaults import defaults_for
from alerts.document.rules import Circumstances
from alerts.document.values import read_values
from alerts.drafting.drafts import create_draft
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import OpeningReason, open_alert
from alerts.review.preview import check_draft
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import confirm_withdrawal, withdraw_alert
from callers.capabilities import Capability
from callers.directory import Custody
from demo import alerts as texts
from demo.exchange import DeskInThePast, PastExchange
from demo.founding import OPERATOR, Founders, found_world, replace_api_key
from demo.ownership import at_the_exchange
from demo.past import Past
from demo.people import People, write_private
from demo.refusals import refusing_mail_server
from demo.world import AGENCIES, AGREEMENTS
from officers.accounts import disable_officer, enable_officer
from officers.models import Officer
from peers.exchange import reached_by
from peers.models import Agency
from sharing.models import Envelope
from vault.exchangekeys import renew_exchange_keys
from vault.services import renew_agency_keys


@dataclass(frozen=True)
class World:
    """The actors of the past, and the present moment of the story."""

    past: Past
    people: People
    founders: Founders
    today: datetime

    def at(self, day: int, hours: float = 9) -> None:
        """Move to so many hours after midnight (UTC) of a day relative to today."""
        midnight = self.today.replace(hour=0, minute=0, second=0, microsecond=0)
        self.past.move_to(min(midnight + timedelta(days=day, hours=hours), self.today))

    def day(self, day: int) -> str:
        """Return a day relative to today, as a form holds it."""
        return (self.today + timedelta(days=day)).date().isoformat()

    def later(self, minutes: float) -> None:
        self.past.move_to(self.past.now + timedelta(minutes=minutes))


def tell_history(past: Past, folder: Path, *, today: datetime) -> str:
    """Build the world and play its past; return one line that says what was made."""
    with reached_by(partial(DeskInThePast, past), by_key=partial(PastExchange, past)):
        people = _tell(past, folder, today)
    write_private(folder / "logins.json", people.logins)
    with at_the_exchange():
        of_own_systems = Envelope.objects.filter(kind="alert", iss__custody=Custody.AGENCY).count()
    alerts = Alert.objects.count() + of_own_systems
    officers = sum(len(agency.officers) for agency in AGENCIES if not agency.own_keys)
    return f"{len(AGENCIES)} agencies, {officers} officers of desks, 1 keeper, {alerts} alerts"


def _tell(past: Past, folder: Path, today: datetime) -> People:
    people, founders = found_world(past, folder, today=today)
    world = World(past, people, founders, today)
    _spare_wheel(world)
    _nine_collapses(world)
    _new_forwarder(world)
    _vape_liquid(world)
    _post_parcel(world)
    _renew_keysets(world)
    _suspend_border_police(world)
    _suspend_lanes(world)
    _sedative(world)
    _festival(world)
    _renew_api_keys(world)
    _blue_tablets(world)
    _licence_ended(world)
    _impregnated_paper(world)
    past.move_to(today)
    past.settle()
    past.settle()
    return people


# --- the alerts ---------------------------------------------------------------------------------------------


def _spare_wheel(world: World) -> None:
    """Send from an agency that supports the classical suite only; alert and agreement expired long ago."""
    world.at(-58)
    data = {"expiry": world.day(-29), "review_date": world.day(300)}
    md = _send_with_own_keys(world, "xf-border", {**texts.SPARE_WHEEL, **data}, suite="EC1")
    world.later(70)
    _read(world, "ilka", md)


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


def _new_forwarder(world: World) -> None:
    """Send to one named officer, which no hosted agency could do."""
    world.at(-44, 3)
    names = (NamedOfficer("xe-drugs", world.people.public_id("oluwen")),)
    md = _send_with_own_keys(world, "xd-reg", texts.NEW_FORWARDER, names=names)
    world.later(190)
    _read_with_own_keys(world, "xe-drugs", "oluwen", md)


def _vape_liquid(world: World) -> None:
    world.at(-37)
    haitham, casimir = world.people["haitham"], world.people["casimir"]
    # A queued notice is suppressed when its reader has lost the right by the time of sending.
    world.past.before_sending = partial(_disable, world, haitham, casimir)
    md = _send(world, "ilka", "benno", texts.VAPE_LIQUID)
    enable_officer(haitham, casimir, now=world.past.now)
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


def _post_parcel(world: World) -> None:
    world.at(-20, 7)
    md = _send(world, "nourin", "haitham", texts.POST_PARCEL)
    world.later(35)
    _read(world, "benno", md)
    world.later(240)
    _read_with_own_keys(world, "xe-drugs", "marisel", md)


def _sedative(world: World) -> None:
    """Leave one recipient answered, one opened and one unopened: two are overdue."""
    world.at(-9, 14)
    md = _send_with_own_keys(world, "xe-drugs", texts.SEDATIVE)
    world.later(130)
    _read(world, "ilka", md)
    world.later(60)
    _open(world, "nourin", md)


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


def _licence_ended(world: World) -> None:
    """Leave an alert checked but not sent; one of its two recipients has stopped the lane."""
    world.at(-1, 16)
    alert, haitham = _submit(world, "nourin", texts.LICENCE_ENDED), world.people["haitham"]
    world.later(12)
    validate_alert(haitham, alert, revision=alert.current, now=world.past.now)


def _impregnated_paper(world: World) -> None:
    world.at(0, 0)
    _draft(world, "ilka", texts.IMPREGNATED_PAPER)


# --- keys ---------------------------------------------------------------------------------------------------


def _renew_keysets(world: World) -> None:
    """Renew keys in good time before they end: the desk for its agencies, every other system for itself."""
    world.at(-13, 8)
    for agency in Agency.objects.filter(custody=Custody.HUB).order_by("id"):
        renew_agency_keys(world.founders.keeper, agency, now=world.past.now)
    world.past.settle()
    for client in world.founders.clients.values():
        client.keys.renew()
        world.past.settle()


def _renew_api_keys(world: World) -> None:
    """Replace API keys in their last 30 days."""
    world.at(-5)
    renew_exchange_keys(now=world.past.now)
    for agency_id in world.founders.clients:
        replace_api_key(world.founders, agency_id)


# --- politics -----------------------------------------------------------------------------------------------


def _suspend_border_police(world: World) -> None:
    world.at(-12)
    with at_the_exchange():
        suspend_agency(OPERATOR, "xf-border", now=world.past.now)
    world.past.settle()


def _suspend_lanes(world: World) -> None:
    for demo in AGREEMENTS:
        if demo.suspended is None:
            continue
        agency, lanes, day = demo.suspended
        world.at(day)
        issued = world.founders.clients[agency].issue_system(
            "agreements", scopes=[Capability.AGREEMENT_SUSPEND.value], days=1
        )
        system = PastExchange(world.past, str(issued.key))
        for lane in lanes:
            system.suspend_lane(demo.ref, lane)
        world.past.settle()


# --- acts of officers ---------------------------------------------------------------------------------------


def _draft(world: World, author: str, fields: Mapping[str, Any]) -> Alert:
    data = {"event_date": _yesterday(world), **fields} if "narrative" in fields else dict(fields)
    return create_draft(world.people[author], data=data, now=world.past.now)


def _yesterday(world: World) -> str:
    return (world.past.now - timedelta(days=1)).date().isoformat()


def _submit(world: World, author: str, fields: Mapping[str, Any]) -> Alert:
    """Submit a draft whose questions the author has answered with "Keep it"."""
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
    """Have one officer write, another validate and release; return `md` when it is carried."""
    alert = _submit(world, author, fields)
    second = world.people[releaser]
    world.later(3)
    validate_alert(second, alert, revision=alert.current, now=world.past.now)
    released = release_alert(second, alert, revision=alert.current, now=world.past.now)
    world.past.settle()
    with at_the_exchange():
        return Envelope.objects.get(md=released.md).md


def _send_with_own_keys(
    world: World,
    agency: str,
    fields: Mapping[str, Any],
    *,
    suite: str = "PQ1",
    names: tuple[NamedOfficer, ...] = (),
) -> str:
    """Send the same document under the same terms from an agency's own system; return `md`."""
    now = world.past.now
    data = defaults_for(fields["alert_type"], today=now.date()) | {"event_date": _yesterday(world)}
    data |= read_values(fields) | {"named_officers": [f"{one.agency} {one.officer}" for one in names]}
    found = check_document(data, known=Circumstances(now.date(), custody="agency", now=now))
    if found.blocks:
        raise ValueError(f"{fields['title']}: {found.errors} {found.open_questions}")
    terms = vars(build_terms(data, jti="", now=now))
    chosen = {name: value for name, value in terms.items() if name not in {"jti", "iat", "re"}}
    order = AlertToSend(
        alert=build_document(data),
        to=tuple(data["recipients"]),
        suite=suite,
        confirm_ec1=suite == "EC1",
        names=names,
        **chosen,
    )
    md = world.founders.clients[agency].submit(order).md
    world.past.settle()
    return md


def _received(officer: Officer, md: str) -> ReceivedAlert:
    return ReceivedAlert.objects.visible_to(officer).get(md=md)


def _read(world: World, login: str, md: str) -> None:
    """Open and acknowledge as a hosted agency's officer."""
    officer, received = world.people[login], _open(world, login, md)
    acknowledge_alert(officer, received, now=world.past.now)
    world.past.settle()


def _open(world: World, login: str, md: str) -> ReceivedAlert:
    """Open, but not acknowledge, as a hosted agency's officer."""
    officer = world.people[login]
    received = _received(officer, md)
    open_alert(officer, received, reason=OpeningReason.ON_DUTY, now=world.past.now)
    return received


def _read_with_own_keys(world: World, agency: str, login: str, md: str) -> None:
    """Open and acknowledge as an officer of an agency with its own system, by the agency's client."""
    client = world.founders.clients[agency]
    named = world.people.public_id(login)
    client.open(md, officer=named)
    client.acknowledge(md, officer=named)
    world.past.settle()


def _disable(world: World, admin: Officer, officer: Officer) -> None:
    disable_officer(admin, officer, now=world.past.now)
