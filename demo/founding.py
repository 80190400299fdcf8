# SPDX-License-Identifier: Apache-2.0
"""Founding of the demonstration world: agencies admitted, keys made, agreements recorded."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from accord.calls.answers import AgencyAnswer, read_agencies
from accord.client.client import Client
from accord.client.home import create_keys
from agencies.accession import admit_agency
from agencies.api import AgencySerializer
from agencies.entrykeys import issue_entry_key
from alerts.peers.comparing import compare_fingerprints, may_compare
from alerts.peers.newcomers import confirm_circle_member, may_confirm
from callers.actors import SystemActor
from callers.capabilities import OPERATES
from callers.directory import Custody
from demo.exchange import PastExchange
from demo.ownership import at_the_exchange
from demo.past import Past
from demo.people import People, write_private
from demo.world import AGENCIES, AGREEMENTS, DemoAgency, DemoAgreement
from officers.entering import Confirmed, take_in
from officers.models import Officer
from peers.agreements import follow_agreements
from peers.entries import begin_entry
from peers.models import Agency
from sharing.agreements import record_agreement, record_circle
from vault.services import create_agency_keys

OPERATOR = SystemActor("operator", None, OPERATES)
"""The exchange's operator in the past."""
CLIENT_NAME = "case system"


@dataclass
class Founders:
    """The people who founded the world, and the clients of the agencies that hold their own keys."""

    keeper: Officer
    people: People
    clients: dict[str, Client] = field(default_factory=dict)
    homes: dict[str, Path] = field(default_factory=dict)

    def comparers_of(self, agency_id: str) -> list[Officer]:
        """Return two officers of the agency who may compare fingerprints."""
        people = [row for row in self.people.officers.values() if row.agency_id == agency_id]
        return [row for row in people if may_compare(row)][:2]

    def checker_of(self, agency_id: str) -> Officer:
        """Return an officer of the agency who checks alerts."""
        people = [row for row in self.people.officers.values() if row.agency_id == agency_id]
        return next(row for row in people if may_confirm(row))


def found_world(past: Past, folder: Path, *, today: datetime, day: int) -> tuple[People, Founders]:
    """Found everything on a day relative to today; then the first alert can be sent."""
    founded = today + timedelta(days=day)
    past.move_to(founded)
    people = People()
    founders = Founders(people.enrol_keeper(now=past.now), people)
    for demo in AGENCIES:
        _found_agency(past, folder, demo, founders)
    past.settle()
    for demo in AGENCIES:
        if demo.own_keys:
            founders.clients[demo.id].complete_enrolment(wait_secs=0)
    _pin_each_other(founders, past.now)
    for agreement in AGREEMENTS:
        _record(founders, agreement, past, founded, today)
    past.settle()
    return people, founders


def _found_agency(past: Past, folder: Path, demo: DemoAgency, founders: Founders) -> None:
    home = folder / "agencies" / demo.id
    passphrase = secrets.token_urlsafe(18)
    fingerprint = ""
    if demo.own_keys:
        fingerprint = create_keys(home, passphrase, suites=demo.suites, now=past.clock()).fingerprint
    admitted = _admit(demo, fingerprint, past.now)
    agency = (
        begin_entry(admitted, is_hosted=False, now=past.now)
        if demo.own_keys
        else _take_in(founders, admitted, past.now)
    )
    if demo.own_keys:
        write_private(home / "officers.json", founders.people.name_elsewhere(demo))
        founders.homes[demo.id] = home
        founders.clients[demo.id] = _enrol_client(past, demo, agency, founders, home, passphrase)
    else:
        founders.people.enrol_agency(founders.keeper, demo, agency, now=past.now)
        create_agency_keys(founders.keeper, agency, suites=demo.suites, low=demo.suites[-1], now=past.now)


def _admit(demo: DemoAgency, fingerprint: str, now: datetime) -> AgencyAnswer:
    """Admit the agency at the exchange; return the exchange's answer about it."""
    with at_the_exchange():
        entry = admit_agency(
            OPERATOR,
            demo.id,
            name=demo.name,
            kind=demo.kind,
            country=demo.country,
            timezone=demo.timezone,
            language=demo.language,
            custody=Custody.AGENCY if demo.own_keys else Custody.HUB,
            root_fingerprint=fingerprint,
            duty_phone=demo.phone,
            now=now,
        )
        (said,) = read_agencies({"items": [AgencySerializer(entry).data]})
    return said


def _entry_key(agency_id: str, client: str, now: datetime) -> str:
    """Issue the key that the exchange's operator hands to the keeper, or to whoever runs the agency's own system."""
    with at_the_exchange():
        return issue_entry_key(OPERATOR, agency_id, client=client, now=now)[1]


def _take_in(founders: Founders, admitted: AgencyAnswer, now: datetime) -> Agency:
    """Take the agency in at the desk, by the key for entering that the exchange's operator hands to the keeper."""
    entry_key = _entry_key(admitted.id, "desk", now)
    confirmed = Confirmed(admitted.name, admitted.custody, admitted.root_fingerprint)
    return take_in(founders.keeper, admitted.id, entry_key, confirmed=confirmed, now=now)


def _enrol_client(
    past: Past, demo: DemoAgency, agency: Agency, founders: Founders, home: Path, passphrase: str
) -> Client:
    """Enrol the agency's own system; its keys, passphrase and API key lie in its own folder, as on its own machine."""
    write_private(home / "passphrase.txt", f"{passphrase}\n")
    client = Client(
        home,
        passphrase,
        clock=past.clock,
        connect=lambda hub, key: PastExchange(past, key),
        sleep=lambda seconds: past.settle(),
    )
    _enter(agency, client, home, past, _entry_key(agency.pk, CLIENT_NAME, past.now))
    return client


def replace_api_key(founders: Founders, agency_id: str) -> None:
    """Replace the API key of an agency's system in its last days."""
    client = founders.clients[agency_id]
    client.rotate_api_key()
    _note_api_key(founders.homes[agency_id], client)


def _enter(agency: Agency, client: Client, home: Path, past: Past, api_key: str) -> None:
    """Enrol by this API key, and keep the system's working key beside the home."""
    vkey = str(past.exchange.key.vkey)
    client.begin_enrolment(agency.pk, hub=settings.EXCHANGE_URL, ledger_vkey=vkey, api_key=api_key)
    _note_api_key(home, client)


def _note_api_key(home: Path, client: Client) -> None:
    passphrase = (home / "passphrase.txt").read_text(encoding="utf-8").strip()
    write_private(home / "secrets.json", {"passphrase": passphrase, "api_key": client.state().api_key})


def _pin_each_other(founders: Founders, now: datetime) -> None:
    """Record that the agencies compared fingerprints on paper when they met, two officers at each hosted one."""
    roots = dict(Agency.objects.values_list("pk", "root_fingerprint"))
    for hosted in Agency.objects.filter(is_hosted=True):
        peers = {agency: root for agency, root in roots.items() if agency != hosted.pk}
        for officer in founders.comparers_of(hosted.pk):
            compare_fingerprints(officer, peers, now=now)
    for holder, client in founders.clients.items():
        for agency, fingerprint in roots.items():
            if agency != holder:
                client.pin(agency, fingerprint)


def _record(founders: Founders, demo: DemoAgreement, past: Past, founded: datetime, today: datetime) -> None:
    with at_the_exchange():
        record_agreement(
            OPERATOR,
            ref=demo.ref,
            title=demo.title,
            parties=demo.parties,
            lanes=demo.lanes,
            ceiling=demo.ceiling,
            nbf=founded,
            until=today + timedelta(days=demo.until_day),
            survive_lanes=demo.survive_lanes,
            survive_flash=demo.survive_flash,
            now=past.now,
        )
        if demo.circle:
            name, members = demo.circle
            record_circle(OPERATOR, name=name, agreement=demo.ref, members=members, now=past.now)
    if demo.circle:
        for hosted in Agency.objects.exclude(custody=Custody.AGENCY):
            follow_agreements(hosted.pk, now=past.now)
        _confirm_each_other(founders, *demo.circle, past.now)


def _confirm_each_other(founders: Founders, circle: str, members: Sequence[str], now: datetime) -> None:
    """Confirm the members of a circle to each other: one officer of each hosted member says so."""
    met = list(Agency.objects.filter(pk__in=members))
    for own in met:
        if own.custody != Custody.AGENCY:
            for peer in met:
                if peer != own:
                    confirm_circle_member(founders.checker_of(own.pk), peer, [circle], now=now)
