# SPDX-License-Identifier: Apache-2.0
"""Hostile texts in every field that somebody may write, through the services that pages and the API call."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.core.exceptions import ValidationError

from agencies.accession import admit_agency
from alerts.document.fields import FIELDS, Kind
from alerts.drafting.drafts import attach_file, create_draft
from alerts.errors import AlertsError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.review.validation import return_alert, submit_alert
from callers.directory import Custody
from callers.errors import CallerError
from officers.accounts import enrol_officer
from officers.deskkeys import issue_key
from peers.models import Agency
from sharing.errors import SharingError
from tests.agreements import record_agreement, record_circle
from tests.builders import OPERATOR
from tests.pages.desk_world import HARM
from tests.peers import confirm_each_other
from tests.security.hostile_texts import STRINGS
from tests.security.world import LAB, PARTNER, SecurityWorld
from vault.services import create_agency_keys

REFUSALS: Final = (CallerError, AlertsError, SharingError, ValidationError)
WRITABLE: Final = tuple(name for name, entry in FIELDS.items() if entry.kind in {Kind.LINE, Kind.TEXT})


LIVED: Final = ("markup", "a template", "a formula", "a link")
"""Texts that a sent alert may hold; each goes through the whole life of one."""
NAMED: Final = ("markup", "a formula behind a sign")


class Planting:
    """Hostile texts put everywhere; it lists the accepted and the refused ones, and fails on any error but an intended refusal."""

    def __init__(self, world: SecurityWorld) -> None:
        self.world, self.desk = world, world.desk
        self.taken: list[str] = []
        self.refused: list[str] = []

    def all(self) -> None:
        texts = list(STRINGS.items())
        for number, (name, text) in enumerate(texts):
            self._try(f"officer, {name}", partial(self._people, number, text))
            self._try(f"agreement, {name}", partial(self._agreement, number, text))
            self._try(f"API key, {name}", partial(self._key, text))
            self._try(f"file name, {name}", partial(self._file, text))
            self._try(f"every field, {name}", partial(self._draft, dict.fromkeys(WRITABLE, text)))
        for name in LIVED:
            self._try(f"a whole life, {name}", partial(self._life, STRINGS[name]))
        for number, name in enumerate(NAMED):
            self._try(f"agency, {name}", partial(self._agency, number, STRINGS[name]))
            self._try(f"given back, {name}", partial(self._returned, STRINGS[name]))
        self.desk.settle()

    def _try(self, what: str, plant: Callable[[], object]) -> None:
        try:
            plant()
        except REFUSALS:
            self.refused.append(what)
        else:
            self.taken.append(what)

    def _people(self, number: int, text: str) -> None:
        enrol_officer(
            self.world.people["agency_admin"], self.desk.lab, email=f"hostile{number}@xa-lab.example",
            full_name=text, unit=text[:60], roles=["author"], duty_rank=number + 10, now=self.desk.tick(),
        )  # fmt: skip

    def _agency(self, number: int, text: str) -> None:
        agency = admit_agency(
            OPERATOR, f"xz-hostile{number}", name=text, kind="customs", country="XZ", timezone="UTC", language="en",
            custody=Custody.HUB, root_fingerprint="", duty_phone=text[:40], now=self.desk.hub.now,
        )  # fmt: skip
        create_agency_keys(OPERATOR, Agency.objects.get(pk=agency.pk), suites=("PQ1",), now=self.desk.hub.now)
        record_agreement(
            OPERATOR, ref=f"Z{number}", title="Plain", parties=[LAB, agency.pk], lanes=["science"], ceiling="GREEN",
            nbf=self.desk.hub.now, now=self.desk.hub.now,
        )  # fmt: skip

    def _agreement(self, number: int, text: str) -> None:
        now = self.desk.hub.now
        record_agreement(
            OPERATOR, ref=f"H{number}", title=text, parties=[LAB, PARTNER], lanes=["science"], ceiling="GREEN",
            nbf=now, now=now,
        )  # fmt: skip
        circle = record_circle(
            OPERATOR, name=text[:60], agreement=f"H{number}", members=[LAB, PARTNER], now=now
        )
        confirm_each_other(circle, now=now)

    def _key(self, text: str) -> None:
        admin = self.world.people["agency_admin"]
        issue_key(
            admin, self.desk.lab, client=text, scopes=["science:query"], lifetime=timedelta(days=1),
            now=self.desk.tick(),
        )  # fmt: skip

    def _draft(self, changes: dict[str, Any]) -> Alert:
        data = HARM | {"recipients": [PARTNER], "event_date": self.desk.hub.now.date().isoformat()} | changes
        return create_draft(self.world.people["author"], data=data, now=self.desk.tick())

    def _file(self, text: str) -> None:
        draft = self._draft({"title": "A file with a name"})
        attach_file(
            self.world.people["author"],
            draft,
            base=1,
            filename=text,
            data=b"<svg onload=1>",
            now=self.desk.tick(),
        )

    def _life(self, text: str) -> None:
        """Write an alert at the laboratory; have the partner read and answer it."""
        desk = self.desk
        draft = self._draft(dict.fromkeys(("title", "narrative", "place_region"), text))
        desk.send(draft)
        received = ReceivedAlert.objects.filter(agency_id=PARTNER).latest("number")
        reference = text[:60] if text.isprintable() else "A-1"
        open_alert(desk.aroha, received, reason="case_number", reference=reference, now=desk.tick())
        acknowledge_alert(desk.aroha, received, now=desk.tick())

    def _returned(self, text: str) -> None:
        alert = self._draft({"title": "To be given back"})
        submit_alert(self.world.people["author"], alert, revision=1, now=self.desk.tick())
        return_alert(self.world.people["releaser"], alert, reason=text, now=self.desk.tick())
