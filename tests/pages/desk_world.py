# SPDX-License-Identifier: Apache-2.0
"""A small hub for the tests of the pages: two hosted agencies that may share, a third with keys and people of its own.

    desk = DeskWorld.build(folder)
    draft = desk.draft(desk.ilka, title="Blue tablets")
    alert = desk.send(draft)                # submitted, checked and released by Benno, then logged and carried
    desk.received(desk.aroha)               # its row at her agency

Either hosted agency may be at a desk of its own instead (`own`). All share one database here, which real desks do not
(`./dev drill own-desks`); `tests.own_desk.at_desk_of` makes the program that of an agency's desk.

Everything goes through the services. The hub's clock begins two hours ago and moves by a second with each step, so
that pages, which read the real clock, come after it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

from django.test import override_settings
from django.utils import timezone

from accord.envelope.private import Root
from agencies.accession import admit_agency
from alerts.drafting.drafts import create_draft
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.following import follow_feeds
from alerts.receiving.opening import open_alert
from alerts.review.preview import preview_release
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from callers.directory import Custody
from officers.accounts import enrol_keeper, enrol_officer
from officers.models import Officer
from peers.models import Agency
from tests.agreements import record_circle
from tests.builders import OPERATOR, HeldAgency, Hub
from tests.own_desk import make_own_agency
from tests.peers import confirm_each_other
from tests.restored_worlds import restored_world
from tests.stages import Stages, act
from vault.services import create_agency_keys

PASSWORD = "wendelgass im regen 7"
FRESH_SECONDS = 900.0
"""The world's clock begins two hours ago, so a quarter of an hour more changes nothing, nor does one more for a stage."""
CONTENT = "Zirrostratus"
"""A word in every alert's text and nowhere else: content has leaked wherever it turns up."""

HARM = {
    "alert_type": "harm_cluster",
    "title": f"Nine collapses {CONTENT}",
    "narrative": f"Nine people collapsed at one event. {CONTENT}",
    "harm_evidence": "suspected",
    "identity_state": "tentative",
    "preferred_name": "flualprazolam",
    "cases_non_fatal": 9,
    "cases_fatal": 0,
    "tlp": "GREEN",
    "handling": ["H0"],
    "lane": "public_health",
    "purpose": "public_health",
    "pri": "urgent",
}


@dataclass
class DeskWorld:
    hub: Hub
    lab: Agency
    health: Agency
    reg: HeldAgency
    officers: dict[str, Officer] = field(default_factory=dict)
    roots: dict[str, Root] = field(default_factory=dict)
    """The root that the head holds, by agency with a desk of its own."""
    stages: Stages | None = field(default=None, compare=False)
    """Where acts are put back from memory."""

    @classmethod
    def build(
        cls,
        folder: Path,
        *,
        passwords: bool = False,
        ago: timedelta = timedelta(hours=2),
        own: Sequence[str] = (),
    ) -> Self:
        """Build the world; `passwords` lets the officers sign in by the form, at the cost of a hash each. It begins `ago`.

        `own`: the hosted agencies that have a desk of their own instead.
        """
        hub, roots = Hub(folder, now=timezone.now() - ago), {agency: Root.generate() for agency in own}
        lab, health = (
            _own(hub, roots[agency], agency, *facts) if agency in own else _host(hub, agency, *facts)
            for agency, *facts in (
                ("xa-lab", "Forensic Laboratory, Arvenia", "laboratory", "Europe/Vienna"),
                ("xb-health", "Health Authority, Belmora", "public_health", "Australia/Adelaide"),
            )
        )
        reg = hub.make_agency(
            "xd-reg", name="Precursor Office, Dellin", kind="regulator", timezone="Asia/Singapore", low="PQ1"
        )
        hub.sequence()
        hub.make_agreement("G1", "xa-lab", "xb-health", "xd-reg", title="Science and public health")
        circle = record_circle(
            OPERATOR, name="Early Look", agreement="G1", members=["xa-lab", "xb-health"], now=hub.now
        )
        confirm_each_other(circle, now=hub.now)
        desk = cls(hub, lab, health, reg, roots=roots)
        desk._enrol(PASSWORD if passwords else None)
        return desk

    @classmethod
    def kept(
        cls,
        folder: Path,
        *,
        passwords: bool = False,
        own: Sequence[str] = (),
        stage: "Stage | None" = None,
    ) -> Self:
        """Return the built world after `stage`, from memory if it was built not long ago."""
        name, build = f"desk {passwords} {own}", partial(cls.build, passwords=passwords, own=own)
        if stage is not None:
            name += f" {stage.__module__}.{stage.__qualname__}"
            build = partial(cls._play, stage, passwords=passwords, own=own)
        desk = restored_world(name, build, folder, fresh_seconds=FRESH_SECONDS)
        desk.stages = Stages(desk, folder)
        return desk

    @classmethod
    def _play(cls, stage: "Stage", folder: Path, *, passwords: bool, own: Sequence[str]) -> Self:
        desk = cls.kept(folder, passwords=passwords, own=own)
        stage(desk)
        return desk

    def host(self, agency_id: str, name: str, kind: str, zone: str) -> Agency:
        """Admit one more agency whose keys the hub holds."""
        return _host(self.hub, agency_id, name, kind, zone)

    def _enrol(self, password: str | None) -> None:
        rows = (
            ("sunniva", self.lab, "Sunniva Okparel", [Role.AGENCY_ADMIN]),
            ("ilka", self.lab, "Ilka Torvane", [Role.AUTHOR]),
            ("benno", self.lab, "Benno Ashgrove", [Role.RELEASER, Role.KEY_OFFICER]),
            ("edda", self.lab, "Edda Quillane", [Role.AUDITOR]),
            ("haitham", self.health, "هيثم الدرعواني", [Role.AGENCY_ADMIN, Role.RELEASER]),
            ("aroha", self.health, "نورين الصفواري", [Role.AUTHOR]),
            ("casimir", self.health, "Casimir Vellan", [Role.READER]),
        )
        for login, agency, name, roles in rows:
            self.officers[login] = self._enrol_one(login, agency, name, roles, password)
        self.officers["noor"] = self._enrol_keeper(password)

    def _enrol_keeper(self, password: str | None) -> Officer:
        """Enrol the keeper; without a password by hand, as the service demands one, and its hash is expensive."""
        email, name = "noor@hub.example", "Noor Ashdene"
        if password:
            return enrol_keeper(OPERATOR, email=email, full_name=name, password=password, now=self.hub.now)
        keeper = Officer(email=email, full_name=name, roles=[Role.KEEPER], joined_at=self.hub.now)
        keeper.set_unusable_password()
        keeper.save()
        return keeper

    def _enrol_one(
        self, login: str, agency: Agency, name: str, roles: list[Role], password: str | None
    ) -> Officer:
        admin = next((o for o in self.officers.values() if o.agency_id == agency.pk), OPERATOR)
        return enrol_officer(
            admin,
            agency,
            email=f"{login}@{agency.pk}.example",
            full_name=name,
            roles=roles,
            password=password,
            duty_rank=1 if Role.AUTHOR in roles else None,
            now=self.hub.now,
        )

    def __getattr__(self, login: str) -> Officer:
        try:
            return self.__dict__["officers"][login]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(login) from None

    def tick(self) -> datetime:
        return self.hub.later(seconds=1)

    def catch_up(self) -> None:
        """Move the hub's clock to the present after a page, which reads the real clock, was used."""
        self.hub.now = max(self.hub.now, timezone.now())
        self.settle()

    def wait_for_the_clock(self) -> None:
        """Wait until the real clock, which pages read, passes the hub's: only then is a new key valid for them."""
        while timezone.now() <= self.hub.now:
            time.sleep(0.1)

    @act
    def settle(self) -> None:
        """Do what is due for sequencer and desk-worker, twice: the second batch carries the statements of the first round."""
        for _ in range(2):
            self.tick()
            self.hub.sequence()
            follow_feeds(now=self.hub.now)

    # --- alerts -------------------------------------------------------------------------------------------

    @act
    def draft(self, author: Officer | None = None, **changes: Any) -> Alert:
        """Create a complete draft of a cluster of harm, from the laboratory to the others, unless changed."""
        writer = author or self.ilka
        others = sorted({"xa-lab", "xb-health", "xd-reg"} - {writer.agency_id})
        data = HARM | {"recipients": others, "event_date": self.hub.now.date().isoformat()} | changes
        return create_draft(writer, data=data, now=self.tick())

    @act
    def submit(self, draft: Alert) -> Alert:
        assert isinstance(draft.author, Officer)
        return submit_alert(draft.author, draft, revision=draft.current, now=self.tick())

    @act
    def validate(self, alert: Alert, second: Officer | None = None) -> Alert:
        officer = second or self.benno
        seen = preview_release(officer, alert, now=self.hub.now).digest
        return validate_alert(officer, alert, revision=alert.current, seen_preview=seen, now=self.tick())

    @act
    def send(self, draft: Alert, second: Officer | None = None) -> Alert:
        """Submit, validate, release and deliver a draft."""
        officer = second or self.benno
        alert = self.validate(self.submit(draft), officer)
        sent = release_alert(officer, alert, revision=alert.current, now=self.tick())
        self.settle()
        return sent

    def received(self, officer: Officer) -> ReceivedAlert:
        """Return the newest alert that reached the officer's agency."""
        return ReceivedAlert.objects.visible_to(officer).latest("number")


Stage = Callable[[DeskWorld], object]
"""What is done in a world before tests begin with it: a function of a module, which `kept` knows by its name."""


def submit_one(desk: DeskWorld) -> Alert:
    """Submit `draft()`."""
    return desk.submit(desk.draft())


def check_one(desk: DeskWorld) -> Alert:
    """Submit and validate `draft()`."""
    return desk.validate(submit_one(desk))


def send_one(desk: DeskWorld) -> Alert:
    """Send `draft()`."""
    return desk.send(desk.draft())


@act
def answer_one(desk: DeskWorld) -> None:
    """Send `draft()`, and have the health authority open and acknowledge it."""
    send_one(desk)
    received = desk.received(desk.aroha)
    open_alert(desk.aroha, received, reason="on_duty", now=desk.tick())
    acknowledge_alert(desk.aroha, received, now=desk.tick())
    desk.settle()


def _own(hub: Hub, root: Root, agency_id: str, name: str, kind: str, zone: str) -> Agency:
    with override_settings(OWN_DESK=True):
        return make_own_agency(hub, agency_id, name, kind=kind, timezone=zone, root=root)


def _host(hub: Hub, agency_id: str, name: str, kind: str, zone: str) -> Agency:
    entry = admit_agency(
        OPERATOR,
        agency_id,
        name=name,
        kind=kind,
        country=agency_id[:2].upper(),
        timezone=zone,
        language="en",
        custody=Custody.HUB,
        root_fingerprint="",
        duty_phone="+000 1 5550 101",
        now=hub.now,
    )
    agency = Agency.objects.get(pk=entry.pk)
    create_agency_keys(OPERATOR, agency, suites=("PQ1", "EC1"), now=hub.now)
    agency.refresh_from_db()
    return agency
