# SPDX-License-Identifier: Apache-2.0
"""History of the demonstration world before today, in order of time: the alerts told here, and those of the stories."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from accord.envelope.content import NamedOfficer
from agencies.accession import suspend_agency
from alerts.models import Alert
from alerts.review.validation import validate_alert
from alerts.sending.withdrawal import confirm_withdrawal, withdraw_alert
from callers.capabilities import Role
from callers.directory import Custody
from demo import alerts as texts
from demo.acts import (
    World,
    acknowledge,
    open_received,
    received_by,
    send,
    send_with_own_keys,
    submit,
    write_draft,
)
from demo.diary import Diary
from demo.exchange import DeskInThePast, PastExchange
from demo.founding import OPERATOR, found_world, replace_api_key
from demo.ownership import at_the_exchange
from demo.past import Past
from demo.people import People, write_private
from demo.refusals import refusing_mail_server
from demo.stories import first_day, read_stories
from demo.telling import note_stories
from demo.world import AGENCIES, AGREEMENTS, FOUNDED_BEFORE
from officers.accounts import disable_officer, enable_officer
from officers.models import Officer
from peers.exchange import reached_by
from peers.models import Agency
from sharing.models import Envelope
from vault.agency_keys import renew_agency_keys, rotate_agency_keys
from vault.exchangekeys import renew_exchange_keys

RENEWED_EVERY: Final = 62
"""Days between renewals of keysets and API keys, which hold for ninety."""
ROTATED_AFTER: Final = 300
"""Days after which new keys replace the first ones, which hold for a year."""


def tell_history(past: Past, folder: Path, *, today: datetime, is_whole: bool = False) -> str:
    """Build the small or the whole world and play its past; return one line that says what was made."""
    with reached_by(partial(DeskInThePast, past), by_key=partial(PastExchange, past)):
        people = _tell(past, folder, today, is_whole=is_whole)
    write_private(folder / "logins.json", people.logins)
    with at_the_exchange():
        of_own_systems = Envelope.objects.filter(iss__custody=Custody.AGENCY).count()
    alerts = Alert.objects.count() + of_own_systems
    officers = sum(len(agency.officers) for agency in AGENCIES if not agency.own_keys)
    return f"{len(AGENCIES)} agencies, {officers} officers of desks, 1 keeper, {alerts} alerts"


def _tell(past: Past, folder: Path, today: datetime, *, is_whole: bool) -> People:
    stories = read_stories(is_whole=is_whole)
    founded = min(first_day(stories), TIMES[0][0]) - FOUNDED_BEFORE
    people, founders = found_world(past, folder, today=today, day=founded)
    world = World(past, people, founders, today, Diary(past, today))
    for day, hour, act in TIMES:
        world.diary.note(world.moment(day, hour), partial(act, world))
    for day in range(0, founded + RENEWED_EVERY // 2, -RENEWED_EVERY):
        is_due = day - 13 - founded in range(ROTATED_AFTER, ROTATED_AFTER + RENEWED_EVERY)
        change = _rotate_keys if is_due else _renew_keysets
        world.diary.note(world.moment(day - 13, 8), partial(change, world))
        world.diary.note(world.moment(day - 5, 9), partial(_renew_api_keys, world))
    note_stories(world, stories)
    world.diary.play()
    past.move_to(max(today, past.now))
    past.settle()
    past.settle()
    return people


# --- the alerts ---------------------------------------------------------------------------------------------


def _spare_wheel(world: World) -> None:
    """Send from an agency that supports the classical suite only; alert and agreement expired long ago."""
    data = {"expiry": world.day(-29), "review_date": world.day(300)}
    md = send_with_own_keys(world, "xf-border", {**texts.SPARE_WHEEL, **data}, suite="EC1")
    _acknowledge_later(world, md, ("ilka", 70))


def _nine_collapses(world: World) -> None:
    md = send(world, "aroha", "dele", write_draft(world, "aroha", texts.NINE_COLLAPSES))
    _acknowledge_later(world, md, ("benno", 11), ("nourin", 20), ("ruotang", 26), ("oluwen", 40))


def _new_forwarder(world: World) -> None:
    """Send to one named officer, which no hosted agency could do."""
    names = (NamedOfficer("xe-drugs", world.people.public_id("oluwen")),)
    md = send_with_own_keys(world, "xd-reg", texts.NEW_FORWARDER, names=names)
    _acknowledge_later(world, md, ("oluwen", 190))


def _vape_liquid(world: World) -> None:
    haitham, casimir = world.people["haitham"], world.people["casimir"]
    # A queued notice is suppressed when its reader has lost the right by the time of sending.
    world.past.before_sending = lambda: disable_officer(haitham, casimir, now=world.past.now)
    md = send(world, "ilka", "benno", write_draft(world, "ilka", texts.VAPE_LIQUID))
    enable_officer(haitham, casimir, now=world.past.now)
    _acknowledge_later(world, md, ("aroha", 55), ("haitham", 175), ("marisel", 190))
    world.diary.note(world.moment(-30, 14), partial(_withdraw_vape_liquid, world, md))


def _withdraw_vape_liquid(world: World, md: str) -> None:
    withdraw_alert(world.people["benno"], Alert.objects.get(md=md), code="contaminated", now=world.past.now)
    world.past.carry()
    for login, minutes in (("dele", 40), ("nourin", 95)):
        world.later(minutes)
        officer = world.people[login]
        confirm_withdrawal(officer, received_by(officer, md), now=world.past.now)


def _post_parcel(world: World) -> None:
    md = send(world, "nourin", "haitham", write_draft(world, "nourin", texts.POST_PARCEL))
    _acknowledge_later(world, md, ("benno", 35), ("marisel", 275))


def _sedative(world: World) -> None:
    """Leave one recipient acknowledged, one opened and one unopened: two are overdue."""
    md = send_with_own_keys(world, "xe-drugs", texts.SEDATIVE)
    _acknowledge_later(world, md, ("ilka", 130))
    world.diary.note(world.past.now + timedelta(minutes=190), partial(open_received, world, "nourin", md))


def _festival(world: World) -> None:
    draft = write_draft(world, "aroha", texts.FESTIVAL)
    with refusing_mail_server(
        no_such_address=world.people["casimir"].email, unwanted=world.people["sunniva"].email
    ):
        md = send(world, "aroha", "dele", draft)
    _acknowledge_later(world, md, ("ilka", 8), ("haitham", 29))


def _blue_tablets(world: World) -> None:
    submit(world, "aroha", write_draft(world, "aroha", texts.BLUE_TABLETS))


def _licence_ended(world: World) -> None:
    """Leave an alert checked but not sent; one of its two recipients has stopped the lane."""
    alert = submit(world, "nourin", write_draft(world, "nourin", texts.LICENCE_ENDED))
    world.later(12)
    validate_alert(world.people["haitham"], alert, revision=alert.current, now=world.past.now)


def _impregnated_paper(world: World) -> None:
    write_draft(world, "ilka", texts.IMPREGNATED_PAPER)


def _acknowledge_later(world: World, md: str, *readers: tuple[str, float]) -> None:
    """Note that these officers acknowledge, so many minutes from now."""
    for login, minutes in readers:
        world.diary.note(world.past.now + timedelta(minutes=minutes), partial(acknowledge, world, login, md))


# --- keys ---------------------------------------------------------------------------------------------------


def _renew_keysets(world: World) -> None:
    """Renew keys in good time before they end: the desk for its agencies, every other system for itself."""
    for agency in Agency.objects.filter(custody=Custody.HUB).order_by("id"):
        renew_agency_keys(world.founders.keeper, agency, now=world.past.now)
    world.past.settle()
    for client in world.founders.clients.values():
        client.keys.renew()
        world.past.settle()


def _rotate_keys(world: World) -> None:
    for agency in Agency.objects.filter(custody=Custody.HUB).order_by("id"):
        rotate_agency_keys(_key_officer_of(world, agency.pk), agency, now=world.past.now)
    world.past.settle()
    for client in world.founders.clients.values():
        client.keys.rotate()
        world.past.settle()


def _key_officer_of(world: World, agency_id: str) -> Officer:
    agency = next(agency for agency in AGENCIES if agency.id == agency_id)
    return next(world.people[person.login] for person in agency.officers if Role.KEY_OFFICER in person.roles)


def _renew_api_keys(world: World) -> None:
    """Replace API keys in their last 30 days."""
    renew_exchange_keys(now=world.past.now)
    for agency_id in world.founders.clients:
        replace_api_key(world.founders, agency_id)


# --- politics -----------------------------------------------------------------------------------------------


def _suspend_border_police(world: World) -> None:
    with at_the_exchange():
        suspend_agency(OPERATOR, "xf-border", now=world.past.now)
    world.past.settle()


def _suspend_lanes(world: World) -> None:
    for demo in AGREEMENTS:
        if demo.suspended is not None:
            agency, lanes = demo.suspended
            others = [party for party in demo.parties if party != agency]
            world.founders.clients[agency].suspend(others, lanes, why="political")
            world.past.settle()


TIMES: Final = (
    (-58, 9, _spare_wheel),
    (-51, 22, _nine_collapses),
    (-44, 3, _new_forwarder),
    (-37, 9, _vape_liquid),
    (-20, 7, _post_parcel),
    (-12, 9, _suspend_border_police),
    (-9, 9, _suspend_lanes),
    (-9, 14, _sedative),
    (-6, 10, _festival),
    (-1, 15, _blue_tablets),
    (-1, 16, _licence_ended),
    (0, 0, _impregnated_paper),
)
"""Day and hour (UTC) at which each act of this module begins."""
