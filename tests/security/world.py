# SPDX-License-Identifier: Apache-2.0
"""One world for all engines: a laboratory that owns one object of every kind, a partner, a stranger, and all callers.

Every caller addresses the laboratory's objects. `Thing` states to whom an object is visible; the expectations follow
from that and from the declared capabilities alone.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from accord.version import VERSION
from agencies.accession import admit_agency
from agencies.entrykeys import issue_entry_key
from agencies.models import ApiKey, Instance
from alerts.agency.agreement_versions import Terms, answer_version, propose_agreement
from alerts.boxes.saved_views import create_view
from alerts.drafting.drafts import attach_file, create_draft
from alerts.drafting.system_drafts import attach_system_draft_file
from alerts.drafting.templates import create_template
from alerts.models import Alert, ReceivedAlert, WithheldAlert
from alerts.projections.tokens import tokens_of
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.review.preview import preview_release
from alerts.rows.onward import OnwardRelease
from alerts.sending.withdrawal import withdraw_alert
from callers.capabilities import DESK_SCOPES, EXCHANGE_SCOPES, Capability, Role
from callers.directory import Custody
from casework.cases import CaseFacts, add_item, open_case
from casework.notes import write_note
from casework.tasks import create_task
from casework.units import save_unit
from ledger.models import LoopState, SetAside
from notices.models import Notification
from officers.deskkeys import authenticate_key, issue_key
from officers.models import AgencyPolicy, DeskKey, Officer
from officers.session_rows import OfficerSession, Proof
from peers.models import Agency
from science.spectra.library import begin_import, confirm_import
from sharing.models import Statement
from tests.alerts.conftest import make_desk
from tests.bound_rows import rewrite
from tests.builders import OPERATOR
from tests.desk_calls import nothing_taken
from tests.exchange_keys import give_api_key
from tests.pages.desk_world import HARM, DeskWorld
from tests.pages.key_desks import Customs, key_of, version_of
from tests.restored_worlds import restored_world
from tests.security.planted_science import SciencePlanting, open_in_sessions

BACKEND: Final = "officers.login.backends.EmailBackend"
INSTANCE: Final = "7d1f0c52-3a94-4f0e-9b6a-2c8d5e41b7a3"
WITHHELD_IN: Final = datetime(2026, 6, 1, tzinfo=UTC)
LAB, PARTNER, OWN_KEYS, CUSTOMS, STRANGER = "xa-lab", "xb-health", "xd-reg", "xc-customs", "xs-harbour"
OFFICER_ROLES: Final = tuple(role for role in Role if role is not Role.KEEPER)
READERS: Final = frozenset({"reader", "author", "releaser", "key_officer", "agency_admin"})
WRITERS: Final = frozenset({"author"})
REVIEWERS: Final = frozenset({"author", "releaser"})
GONE: Final = "disabled"
KEY_OFFICERS: Final = frozenset({"key_officer"})
EVERYBODY: Final = frozenset(role.value for role in OFFICER_ROLES)
FILE: Final = ("spectrum.msp", b"Name: etizolam\nNum Peaks: 1\n342 999\n")
LINE: Final = {
    "technique": "ms", "method": "LC-HRMS", "reference": "certified", "conclusion": "identified", "file": FILE[0],
}  # fmt: skip
IDENTIFIED: Final[dict[str, Any]] = {
    "preferred_name": "etizolam",
    "structure": "CCc1cc2c(s1)-n1c(C)nnc1CN=C2c1ccccc1Cl",
    "evidence": [LINE],
}
DIGEST_OF_NOTHING: Final = "A" * 43


FRESH_SECONDS: Final = 900.0
"""Below the shortest limit that counts from the world's beginning, even with the longest module: an alert is open for 30 minutes."""
_HANDLER: Final = ClientHandler(enforce_csrf_checks=False)
"""The handler of all clients: middleware loaded anew for each of thousands of requests would take most of the time."""


@dataclass(frozen=True)
class Thing:
    """An object by its value in addresses: its owners, the roles that may see it, and the value of an absent one."""

    kind: str
    value: object
    absent: object
    agencies: frozenset[str] = frozenset({LAB})
    roles: frozenset[str] = READERS
    is_public: bool = False


@dataclass(frozen=True)
class Caller:
    """A caller with a session cookie, an API key, or neither. `capabilities` is None if its credential is not accepted."""

    name: str
    agency: str
    role: str
    capabilities: frozenset[Capability] | None
    cookie: str = ""
    key: str = ""

    def client(self) -> Client:
        headers = {"authorization": self.key} if self.key else {}
        client = Client(raise_request_exception=False, headers=headers)
        client.handler = _HANDLER
        if self.cookie:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.cookie
        return client

    @property
    def has_session(self) -> bool:
        return bool(self.cookie) and self.capabilities is not None

    @property
    def has_key(self) -> bool:
        return bool(self.key) and self.capabilities is not None

    def sees(self, thing: Thing) -> bool:
        if thing.is_public:
            return thing.kind != "agency" or self.capabilities != frozenset({Capability.KEY_ENROL})
        return self.agency in thing.agencies and (self.has_key or self.role in thing.roles | {"every role"})


@contextmanager
def undone() -> Iterator[None]:
    """Undo everything that happens inside the block. Durable transactions take it for a test's own."""
    inside = transaction.atomic()
    inside._from_testcase = True  # type: ignore[attr-defined]
    with inside:
        yield
        transaction.set_rollback(True)


@dataclass
class SecurityWorld:
    """The world of the engines: `things` by kind; `cast` is every caller."""

    desk: DeskWorld
    stranger: Agency
    customs: Customs
    people: dict[str, Officer] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)
    preview_digest: str = ""
    keyset_version: int = 0
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: Path) -> Self:
        desk = DeskWorld.build(folder)
        stranger = make_desk(desk.hub, STRANGER, "Harbour Office").agency
        world = cls(desk, stranger, Customs.build(desk))
        desk.settle()
        for role in OFFICER_ROLES:
            name = role.replace("_", " ").title()
            world.people[role] = desk.hub.make_officer(desk.lab, role, name=f"Own {name}")
        world._make_alerts()
        world._make_answers()
        world._make_keys()
        world._make_agency_rows()
        open_in_sessions(world)
        return world

    @classmethod
    def kept(cls, folder: Path) -> Self:
        """Return the built world, from memory if it was built not long ago; every session has a fresh proof."""
        world = restored_world("security", cls.build, folder, fresh_seconds=FRESH_SECONDS)
        assert world.cast, "sessions and keys belong to the world, not to the first test that asks for them"
        rewrite(OfficerSession.objects.all(), proved_at=timezone.now())
        return world

    # --- objects ----------------------------------------------------------------------------------------------

    def put(self, kind: str, value: object, absent: object = None, **more: Any) -> None:
        self.things[kind] = Thing(kind, value, uuid.UUID(int=7) if absent is None else absent, **more)

    def _own_draft(self, **changes: Any) -> Alert:
        data = (
            HARM
            | IDENTIFIED
            | {"recipients": [PARTNER, OWN_KEYS], "event_date": self.desk.hub.now.date().isoformat()}
        )
        draft = create_draft(self.people["author"], data={**data, **changes}, now=self.desk.tick())
        filename, data_ = FILE
        attach_file(self.people["author"], draft, base=1, filename=filename, data=data_, now=self.desk.tick())
        draft.refresh_from_db()
        return draft

    def _make_alerts(self) -> None:
        desk = self.desk
        self.put("draft", self._own_draft().pk, roles=WRITERS)
        self.put("submitted", desk.submit(self._own_draft()).pk, roles=REVIEWERS)
        self.put("validated", desk.validate(desk.submit(self._own_draft())).pk, roles=REVIEWERS)
        rewrite(AgencyPolicy.objects.filter(pk=LAB), flash_single_releaser=True)
        sent = desk.send(self._own_draft())
        self._withhold(sent)
        flash = desk.send(self._own_draft(pri="flash"))
        Alert.objects.filter(pk=flash.pk).update(
            second_look_by=timezone.now() + timedelta(hours=20), released_by=self._other_releaser()
        )
        gone = desk.send(self._own_draft())
        withdraw_alert(desk.benno, gone, code="error", now=desk.tick())
        self.put("withdrawn", gone.pk)
        self.put("sent", sent.pk)
        self.put("flash", flash.pk)
        self.put("md in doubt", sent.md, DIGEST_OF_NOTHING, agencies=frozenset())
        self.put("answer in doubt", DIGEST_OF_NOTHING, "B" * 43, agencies=frozenset())
        self.put("word to send", "C" * 43, "B" * 43, agencies=frozenset())
        self.put("proposal", DIGEST_OF_NOTHING, "B" * 43, agencies=frozenset())
        waiting = Alert.objects.get(pk=str(self.things["submitted"].value))
        self.preview_digest = preview_release(desk.benno, waiting, now=desk.hub.now).digest
        self.put("md", sent.md, DIGEST_OF_NOTHING, agencies=frozenset({LAB, PARTNER, OWN_KEYS}))
        self.put("submission", sent.md, DIGEST_OF_NOTHING)

    def _other_releaser(self) -> Officer:
        return self.desk.hub.make_officer(self.desk.lab, Role.RELEASER, name="Other Releaser")

    def _withhold(self, sent: Alert) -> None:
        """Note of a sent alert, besides, that a lane that is open again had kept it from the partner."""
        (kind,) = tokens_of(LAB, [("alert_type", "harm_cluster")])
        row = WithheldAlert(agency_id=LAB, alert_id=sent.pk, peer_id=PARTNER, lane="public_health", kind=kind)
        row.released_at, row.keep = WITHHELD_IN, timezone.now() + timedelta(days=365)
        row.save()
        self.put("withheld peer", PARTNER, STRANGER)
        self.put("withheld lane", "public_health", "trade")
        self.put("peer to decide about", PARTNER, STRANGER, roles=REVIEWERS)

    def _incoming(self) -> ReceivedAlert:
        desk = self.desk
        draft = desk.draft(desk.aroha, **IDENTIFIED, recipients=[LAB])
        attach_file(desk.aroha, draft, base=1, filename=FILE[0], data=FILE[1], now=desk.tick())
        draft.refresh_from_db()
        self.foreign_sent = desk.send(draft, desk.haitham)
        return desk.received(desk.ilka)

    def _make_answers(self) -> None:
        desk, reader = self.desk, self.people["reader"]
        taken_back = self._incoming()
        open_alert(reader, taken_back, reason="on_duty", now=desk.tick())
        withdraw_alert(desk.haitham, self.foreign_sent, code="error", now=desk.tick())
        opened = self._incoming()
        open_alert(reader, opened, reason="on_duty", now=desk.tick())
        received = self._incoming()
        desk.settle()
        self.put("received", received.pk)
        self.put("next version", received.pk, agencies=frozenset())
        self.put("opened", opened.pk)
        self.put("taken back", taken_back.pk)
        self.put("reference", received.reference, "7QK4-M2XN")
        theirs = ReceivedAlert.objects.filter(agency_id=PARTNER).latest("number")
        open_alert(desk.aroha, theirs, reason="on_duty", now=desk.tick())
        acknowledge_alert(desk.aroha, theirs, now=desk.tick())
        desk.settle()
        said = Statement.objects.filter(iss=PARTNER, k="ack").latest("received_at")
        self.put("statement", said.od, DIGEST_OF_NOTHING, agencies=frozenset({LAB, PARTNER}))
        self.put("notice", self._notice().pk)

    def _notice(self) -> Notification:
        about = ReceivedAlert.objects.filter(agency_id=LAB).latest("number").about
        return Notification.objects.create(
            subject="7QK4-M2XN", occasion="alert", officer=self.people["reader"], channel="email",
            recipient_id=LAB, state="failed", about=about.md, reference=about.reference, pri=about.pri,
            status=about.status, tlp=about.tlp, lane=about.lane,
            not_before=self.desk.hub.now, queued_at=self.desk.tick(), message_id=str(uuid.uuid4()), cause="mailbox",
        )  # fmt: skip

    def _make_agreements(self, admin: Officer) -> None:
        """Have the partner propose two agreements, of which the laboratory accepts the first."""
        desk = self.desk
        ods = [
            propose_agreement(desk.haitham, _terms(ref, desk.hub.now), now=desk.tick())
            for ref in ("S1", "S2")
        ]
        desk.settle()
        answer_version(admin, ods[0], "accept", now=desk.tick())
        desk.settle()
        both = frozenset({LAB, PARTNER})
        self.put("signed agreement", "S1", "S99", agencies=both, roles=EVERYBODY)
        self.put("agreement version", ods[1], DIGEST_OF_NOTHING, agencies=both, roles=EVERYBODY)

    def _make_keys(self) -> None:
        self.keyset_version = version_of(self.desk.benno)
        self.put("kid", key_of(self.desk.benno).kid, DIGEST_OF_NOTHING, roles=KEY_OFFICERS)
        self.put("agency", LAB, "xz-nowhere", is_public=True)
        self.put("partner", PARTNER, "xz-nowhere", agencies=frozenset({LAB, STRANGER}))
        self.put("entry", LAB, "xz-nowhere", roles=EVERYBODY)
        now = self.desk.hub.now
        Instance.objects.create(
            agency_id=LAB, instance_id=INSTANCE, software="accord 1.0.0", since=now, seen_at=now
        )
        self.put("instance", INSTANCE, str(uuid.UUID(int=9)))
        self.put("own agency", LAB, "xz-nowhere", roles=EVERYBODY)
        self.put("leaf", 0, 10**9, is_public=True)
        self.put("step", 1, 99, is_public=True)
        self.put("file", 0, 31, is_public=True)

    def _make_agency_rows(self) -> None:
        author, admin, now = self.people["author"], self.people["agency_admin"], self.desk.tick()
        view = create_view(self.people["reader"], "inbox", name="Mine", filters={"lane": "science"}, now=now)
        template = create_template(
            author, Alert.objects.get(pk=str(self.things["draft"].value)), name="Form", now=now
        )
        row, _ = self._issue_at_desk(self.desk.lab, Capability.SCIENCE_QUERY)
        exchange_key, _ = self._issue(self.desk.lab, Capability.DIRECTORY_READ)
        self.put("view", view.pk, roles=frozenset({"reader"}))
        self.put("template", template.pk, roles=WRITERS)
        self.put("officer", self.people["auditor"].public_id, "A" * 22, roles=EVERYBODY)
        self.put("desk key", row.pk, "0" * 12, roles=frozenset({"agency_admin"}))
        audit_key, _ = self._issue_at_desk(self.desk.lab, Capability.AUDIT_FOLLOW)
        self.put("audit key", audit_key.pk, "0" * 12, roles=frozenset({"auditor", "agency_admin"}))
        self.put("audited alert", self.things["sent"].value, roles=frozenset({"auditor"}))
        self.put("API key", exchange_key.pk, "0" * 12, roles=frozenset({"agency_admin"}))
        self.put("agreement", "G1", "G99", agencies=frozenset({LAB, PARTNER, OWN_KEYS}), roles=EVERYBODY)
        self._make_agreements(admin)
        self.put("any agency", LAB, "xz-nowhere", agencies=frozenset({""}), roles=frozenset({"keeper"}))
        self.put("token", "A" * 43, "B" * 43, is_public=True)
        self.put("factor", 1, 2, agencies=frozenset())
        self._make_casework()
        self._make_onward()
        self._make_set_aside()
        self._make_library()
        self.put("power change", uuid.UUID(int=8), agencies=frozenset())
        self._make_written_draft()
        with nothing_taken():
            self.put("queued", self.desk.send(self._own_draft()).pk, roles=REVIEWERS)
        reader = next(caller for caller in self.cast if caller.name == f"reader of {LAB}")
        own = OfficerSession.objects.filter(officer=self.people["reader"]).latest("signed_in_at")
        assert reader.has_session and admin.is_active
        self.put("session", own.pk, roles=frozenset({"reader"}))
        # Sessions count as seen in the future, so that no request of a long run notes them as seen again.
        rewrite(
            OfficerSession.objects.all(), proof=Proof.PASSKEY, seen_at=timezone.now() + timedelta(hours=2)
        )

    def _make_set_aside(self) -> None:
        now, hubs = self.desk.tick(), {"agencies": frozenset({""}), "roles": frozenset({"keeper"})}
        item = SetAside.objects.create(
            loop="desk.feed",
            agency=LAB,
            key="1",
            reason="ValueError",
            version=VERSION,
            first_at=now,
            tried_at=now,
        )
        state = LoopState.objects.create(loop="desk.spectra", in_a_row=10, version="0", stopped_at=now)
        self.put("item set aside", item.pk, 10**9, **hubs)
        self.put("stopped loop", state.pk, 10**9, **hubs)

    def _make_onward(self) -> None:
        """Prepare a release of a received alert, and make an emergency that waits for its review."""
        received = ReceivedAlert.objects.get(pk=str(self.things["received"].value))
        now, author = self.desk.tick(), self.people["author"]
        usual: dict[str, Any] = {
            "agency": self.desk.lab, "received": received, "recipients": [OWN_KEYS], "until": received.keep,
            "purpose": "prevent", "prepared_by": author, "prepared_at": now,
        }  # fmt: skip
        waits = OnwardRelease(**usual, is_emergency=False)
        urgent = OnwardRelease(
            **usual, is_emergency=True, od="D" * 43, released_by=self.people["releaser"], released_at=now,
            review_by=timezone.now() + timedelta(hours=24),
        )  # fmt: skip
        for row in (waits, urgent):
            row.save(force_insert=True)
        self.put("prepared release", waits.pk)
        self.put("emergency", urgent.pk, roles=frozenset({"auditor", "agency_admin"}))

    def _make_casework(self) -> None:
        """Make a case of a unit to which every reading role belongs, with one of all that it holds; the auditor sees none."""
        author, now = self.people["author"], self.desk.tick()
        members = [self.people[role].public_id for role in READERS]
        unit = save_unit(self.people["agency_admin"], None, name="Narcotics", members=members, now=now)
        due = (now + timedelta(days=90)).date()
        case = open_case(author, CaseFacts("K 1", "Blue tablets", due, unit.pk), now=now)
        received = ReceivedAlert.objects.get(pk=str(self.things["received"].value))
        item = add_item(author, case, received, now=now)
        write_note(author, case, text="Ask the ward.", now=now)
        write_note(author, received, text="Seen before.", now=now)
        task = create_task(author, kind="call", text="Call the ward.", case=case, subject=received, now=now)
        for kind, row in (("unit", unit), ("case", case), ("item in a case", item), ("task", task)):
            self.put(kind, row.pk)
        self.put("busy officer", author.public_id, "A" * 22, roles=EVERYBODY)

    def _make_written_draft(self) -> None:
        """Make a draft of the only system of the laboratory that writes drafts; no officer reads it at that address."""
        writer = self.by_name(f"desk key {Capability.DRAFT_WRITE} of {LAB}")
        system = authenticate_key(writer.key.removeprefix("Desk-Key "), "127.0.0.1", now=timezone.now())
        draft = create_draft(system, data={**HARM, "title": "From a system"}, now=self.desk.tick())
        filename, data = FILE
        attach_system_draft_file(system, draft.pk, filename=filename, data=data, now=self.desk.tick())
        self.put("written draft", draft.pk, roles=frozenset())

    def _make_library(self) -> None:
        releaser, now = self.people["releaser"], self.desk.tick()
        record = b"NAME: ethanol\nFORMULA: C2H6O\nPRECURSORMZ: 47.0491\nNum Peaks: 1\n29.0386 100\n"
        batch = begin_import(releaser, filename="own.msp", data=record, now=now)
        confirm_import(releaser, batch, now=now)
        managers = frozenset({"releaser", "agency_admin"})
        self.put("spectra import", batch.pk, roles=managers)
        self.put("rule", "US-FRS", "XX-NONE", is_public=True)
        SciencePlanting(self).all()
        self.put("library spectrum", batch.spectra.get().pk, roles=managers)

    def tag(self, kind: str) -> str:
        """Return the ETag of an own alert."""
        alert = Alert.objects.get(pk=str(self.things[kind].value))
        return f'"{alert.current}-{alert.state}"'

    # --- callers ----------------------------------------------------------------------------------------------

    @cached_property
    def cast(self) -> list[Caller]:
        return [
            Caller("nobody", "", "", frozenset()),
            *(self._officer(self.people[role], role) for role in OFFICER_ROLES),
            *(self._member(self.stranger, role) for role in OFFICER_ROLES),
            self._partner(),
            self._keeper(),
            self._disabled(),
            *(self._key(self.desk.lab, scope) for scope in sorted(EXCHANGE_SCOPES | DESK_SCOPES)),
            *self._keys_of(self.stranger),
            *self._keys_of(self.desk.health),
            self._entering_key(),
            self._spoilt("expired", expires_at=timezone.now() - timedelta(seconds=1)),
            self._spoilt("revoked", revoked_at=timezone.now() - timedelta(seconds=1)),
            self._spoilt_at_desk("expired", expires_at=timezone.now() - timedelta(seconds=1)),
            self._spoilt_at_desk("revoked", revoked_at=timezone.now() - timedelta(seconds=1)),
            Caller("malformed key", LAB, "", None, key="Api-Key " + "0" * 12 + "." + "A" * 43),
            Caller("malformed key for the desk", LAB, "", None, key="Desk-Key " + "0" * 12 + "." + "A" * 43),
        ]

    def by_name(self, name: str) -> Caller:
        return next(caller for caller in self.cast if caller.name == name)

    def _officer(self, officer: Officer, role: str) -> Caller:
        return Caller(
            f"{role} of {officer.agency_id}",
            officer.agency_id or "",
            role,
            officer.capabilities,
            session(officer),
        )

    def _member(self, agency: Agency, role: str) -> Caller:
        return self._officer(self.desk.hub.make_officer(agency, role, name=f"Foreign {role}"), role)

    def _partner(self) -> Caller:
        officer = self.desk.hub.make_officer(self.desk.health, *OFFICER_ROLES, name="Partner Everything")
        return self._officer(officer, "every role")

    def _keeper(self) -> Caller:
        noor = self.desk.noor
        return Caller("keeper", "", "keeper", noor.capabilities, session(noor))

    def _disabled(self) -> Caller:
        officer = self.desk.hub.make_officer(self.desk.lab, *OFFICER_ROLES, name="Gone")
        cookie = session(officer)
        Officer.objects.filter(pk=officer.pk).update(is_active=False)
        return Caller("disabled officer", LAB, GONE, frozenset(), cookie)

    def _key(self, agency: Agency, *scopes: Capability) -> Caller:
        name = scopes[0] if len(scopes) == 1 else "all scopes"
        if DESK_SCOPES.issuperset(scopes):
            name, text = f"desk key {name}", f"Desk-Key {self._issue_at_desk(agency, *scopes)[1]}"
        else:
            name, text = f"key {name}", f"Api-Key {self._issue(agency, *scopes)[1]}"
        return Caller(f"{name} of {agency.pk}", agency.pk, "", frozenset(scopes), key=text)

    def _keys_of(self, agency: Agency) -> list[Caller]:
        """Return a key of the exchange with all scopes, and one of the desk if the agency is hosted here."""
        found = [self._key(agency, *sorted(EXCHANGE_SCOPES))]
        return [*found, self._key(agency, *sorted(DESK_SCOPES))] if agency.is_hosted else found

    def _entering_key(self) -> Caller:
        agency = admit_agency(
            OPERATOR, "xn-newcomer", name="Newcomer", kind="customs", country="XN", timezone="UTC", language="en",
            custody=Custody.AGENCY, root_fingerprint="0" * 64, now=self.desk.hub.now,
        )  # fmt: skip
        _, text = issue_entry_key(OPERATOR, agency.pk, client="system", now=timezone.now())
        return Caller(
            "key of an entering agency",
            agency.pk,
            "",
            frozenset({Capability.KEY_ENROL}),
            key=f"Api-Key {text}",
        )

    def _spoilt(self, how: str, **changed: Any) -> Caller:
        row, text = self._issue(self.desk.lab, *sorted(EXCHANGE_SCOPES))
        ApiKey.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=30), **changed)
        return Caller(f"{how} key", LAB, "", None, key=f"Api-Key {text}")

    def _spoilt_at_desk(self, how: str, **changed: Any) -> Caller:
        row, text = self._issue_at_desk(self.desk.lab, *sorted(DESK_SCOPES))
        rewrite(DeskKey.objects.filter(pk=row.pk), created_at=timezone.now() - timedelta(days=30), **changed)
        return Caller(f"{how} key for the desk", LAB, "", None, key=f"Desk-Key {text}")

    def _issue(self, agency: Agency, *scopes: Capability) -> tuple[ApiKey, str]:
        return give_api_key(agency.pk, scopes=scopes, now=timezone.now())

    def _issue_at_desk(self, agency: Agency, *scopes: Capability) -> tuple[DeskKey, str]:
        issuer = self.desk.hub.make_officer(agency, Role.AGENCY_ADMIN, Role.AUDITOR, name="Issuer")
        return issue_key(
            issuer, agency, client="system", scopes=scopes, lifetime=timedelta(days=30), now=timezone.now()
        )


def session(officer: Officer) -> str:
    """Return the cookie of a session of this officer, as the sign-in page sets it."""
    client = Client()
    client.force_login(officer, BACKEND)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _terms(ref: str, now: datetime) -> Terms:
    return Terms(
        ref,
        frozenset({LAB}),
        frozenset({"science"}),
        "GREEN",
        frozenset({"prevent"}),
        begins=now,
        until=now + timedelta(days=365),
    )
