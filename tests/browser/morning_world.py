# SPDX-License-Identifier: Apache-2.0
"""The world in which five officers begin their day: four agencies of one desk, what came in since yesterday, a night's flash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

from django.utils import timezone

from alerts.drafting.drafts import attach_file
from alerts.drafting.revisions import read_revision
from alerts.models import Alert, ReceivedAlert
from callers.capabilities import Role
from officers.models import Officer
from peers.models import Agency
from tests.pages.desk_world import FRESH_SECONDS, DeskWorld
from tests.pages.science_files import record
from tests.restored_worlds import restored_world

LAB, HEALTH, REGULATOR, CUSTOMS, DRUGS = "xa-lab", "xb-health", "xd-reg", "xc-customs", "xe-drugs"
EXHIBIT: Final = "EX-2026-114"
"""The number of a detective's exhibit, which another agency's alert names."""

PARCELS, REQUEST, FLASH = "Pressed tablets in parcels", "Courier with two names", "Collapses in one street"
SPECTRUM, BAGS, CLUSTER = (
    "An opioid in counterfeit tablets",
    "White bags in a lorry",
    "Six collapses at a fair",
)
YESTERDAY: Final = "Powder in garden ornaments"
_NO_HARM: Final = {"harm_evidence": None, "cases_non_fatal": None, "cases_fatal": None}
_SEIZURE: Final = {
    "alert_type": "seizure", "narrative": "Found at a check of parcels.", "lane": "enforcement", "purpose": "investigate",
    "pri": "routine", "place_country": "NL", **_NO_HARM,
}  # fmt: skip


@dataclass
class Colleagues:
    """Author and releaser of an agency."""

    author: Officer
    releaser: Officer


@dataclass
class MorningWorld:
    """Alerts of since yesterday evening; the newest lie on top of each inbox."""

    desk: DeskWorld
    people: dict[str, Colleagues]

    @classmethod
    def kept(cls, folder: Path) -> Self:
        """Return the world, from memory if it was built not long ago."""
        return restored_world("mornings", cls.build, folder, fresh_seconds=FRESH_SECONDS)

    @classmethod
    def build(cls, folder: Path) -> Self:
        desk = DeskWorld.build(folder, ago=timedelta(hours=18))
        desk.host(CUSTOMS, "Customs, Cadria", "customs", "Europe/Vienna")
        desk.host(DRUGS, "Drug Enforcement, Estmark", "drug_enforcement", "Europe/Vienna")
        desk.hub.make_agreement("G8", LAB, HEALTH, REGULATOR, CUSTOMS, DRUGS)
        desk.hub.sequence()
        people = {
            LAB: Colleagues(desk.ilka, desk.benno),
            HEALTH: Colleagues(desk.aroha, desk.haitham),
            CUSTOMS: cls._hired(desk, CUSTOMS, "Nourin Kalabar", "Wirin Fairlam"),
            DRUGS: cls._hired(desk, DRUGS, "Marisel Quindry", "Oluwen Brandtvik"),
        }
        world = cls(desk, people)
        world._yesterday()
        world._tonight()
        return world

    @staticmethod
    def _hired(desk: DeskWorld, agency_id: str, author: str, releaser: str) -> Colleagues:
        agency = Agency.objects.get(pk=agency_id)
        return Colleagues(
            desk.hub.make_officer(agency, Role.AUTHOR, name=author),
            desk.hub.make_officer(agency, Role.RELEASER, name=releaser),
        )

    def _yesterday(self) -> None:
        desk = self.desk
        self.send(LAB, _SEIZURE | {"title": PARCELS, "exhibit_no": EXHIBIT, "recipients": [DRUGS, CUSTOMS]})
        desk.submit(
            desk.draft(self.people[CUSTOMS].author, **_SEIZURE, title=YESTERDAY, recipients=[DRUGS, LAB])
        )

    def _tonight(self) -> None:
        """Send what came in while nobody worked; the request is due within the hour."""
        desk = self.desk
        desk.hub.now = timezone.now() - timedelta(hours=7, minutes=20)
        self.send(
            CUSTOMS,
            {
                "alert_type": "request_for_information",
                "title": REQUEST,
                "question": "Do you know a courier who shows two passports?",
                "request_priority": "urgent_direct",
                "identity_state": "unknown", "preferred_name": None,
                "lane": "enforcement", "purpose": "investigate", "pri": "urgent", "recipients": [DRUGS], **_NO_HARM,
            },
        )  # fmt: skip
        desk.hub.now = timezone.now() - timedelta(hours=3)
        self._send_spectrum()
        self.send(CUSTOMS, _SEIZURE | {"title": BAGS, "recipients": [LAB, DRUGS]})
        cluster = {"place_country": "FR", "place_region": "Bretagne", "cases_non_fatal": 6, "pri": "routine"}
        self.send(LAB, cluster | {"title": CLUSTER, "recipients": [HEALTH]})
        desk.hub.now = timezone.now() - timedelta(minutes=8)
        unknown = {"identity_state": "unknown", "preferred_name": None}
        self.send(LAB, unknown | {"title": FLASH, "pri": "flash", "recipients": [HEALTH]})

    def _send_spectrum(self) -> None:
        """Send the laboratory an alert with a mass spectrum and the analysis that it belongs to."""
        desk, author = self.desk, self.people[HEALTH].author
        line = {"technique": "ms", "method": "LC-HRMS", "reference": "certified", "conclusion": "identified"}
        draft = desk.draft(
            author,
            alert_type="new_substance",
            title=SPECTRUM,
            preferred_name="fentanyl",
            structure="CCC(=O)N(C1CCN(CC1)CCC2=CC=CC=C2)C3=CC=CC=C3",
            evidence=[{**line, "file": "fentanyl.msp"}],
            lane="science", purpose="science", pri="routine", recipients=[LAB],
        )  # fmt: skip
        spectrum = record("fentanyl").encode()
        attach_file(
            author, draft, base=draft.current, filename="fentanyl.msp", data=spectrum, now=desk.tick()
        )
        draft.refresh_from_db()
        desk.send(draft, self.people[HEALTH].releaser)

    def send(self, agency_id: str, content: Mapping[str, Any]) -> Alert:
        who = self.people[agency_id]
        return self.desk.send(self.desk.draft(who.author, **content), who.releaser)

    def received(self, agency_id: str, sent: str) -> ReceivedAlert:
        """Return the agency's row of the alert with this title."""
        return ReceivedAlert.objects.get(agency_id=agency_id, md=self.alert(sent).md)

    def alert(self, title: str) -> Alert:
        return next(row for row in Alert.objects.all() if read_revision(row).data["title"] == title)

    def newest_of(self, officer: Officer) -> Alert:
        return Alert.objects.filter(author=officer).latest("created_at")
