# SPDX-License-Identifier: Apache-2.0
"""The client: one agency that holds its own keys, in one object.

    create_keys(home, passphrase, suites=("PQ1",), now=int(time.time()))
    with Client(home, passphrase) as client:
        client.enrol("xd-reg", hub="https://hub.example", ledger_vkey=VKEY, api_key=KEY)
        client.pin("xe-drugs", FINGERPRINT)
        sent = client.submit(AlertToSend(alert=document, to=("xe-drugs",), lane="trade", purpose="prevent"))
        for entry in client.inbox():
            opened = client.open(entry.d)

Every method reads the state afresh, verifies before it trusts, and writes what it learned in one step; two programs of one
agency may use one home. Errors: `accord.client.errors` for what a person can remedy, `accord.envelope.errors` for checks that
failed, `accord.keyerrors` and `accord.state` for the own files.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from accord.calls.answers import EntryAnswer
from accord.calls.credentials import CredentialAnswer
from accord.client import apikey
from accord.client.adopting import OwnHistory, OwnObject, adopt_history, find_history
from accord.client.agreeing import Agreements
from accord.client.answering import Answer, order_of_answer
from accord.client.apikey import ApiKeyFacts
from accord.client.calling import note_call
from accord.client.enrolment import Enrolment, OwnRoot, begin_enrolment, complete_enrolment
from accord.client.errors import RequestError
from accord.client.holder import Holding, find_holder, give_back, take_over
from accord.client.home import Home
from accord.client.inbox import Doubt, entries_of, follow_feed, records_listed, require_no_alarm
from accord.client.incoming import HeldBlob, held_blobs
from accord.client.keys.own_keys import OwnKeys
from accord.client.manifests import learn_manifests, unknown_manifests
from accord.client.outcome import list_outcomes, status_of
from accord.client.outgoing import AlertToSend
from accord.client.overdue import Overdue, read_overdue
from accord.client.own_entry import shown_entry, state_entry
from accord.client.partners import AgencyFacts, list_agencies
from accord.client.pinning import PinsTaken, import_pins, pin_root
from accord.client.progress import Progress, tell_nobody
from accord.client.questions import Questions, own_agreements
from accord.client.reading import check_offline, find_envelope, open_envelope, open_saved
from accord.client.releasing import OnwardOrder, release_onward, unrelease
from accord.client.resending import resend_spooled, resend_wanted
from accord.client.results import (
    DueAnswer,
    InboxEntry,
    Opened,
    Plan,
    SealedFolder,
    Sent,
    Stated,
    SubmissionStatus,
    Verified,
    Withheld,
)
from accord.client.sealing import seal_offline
from accord.client.sending import (
    facts_of,
    look_at_sealed,
    plan_sending,
    require_receipt,
    submit_alert,
    submit_sealed,
)
from accord.client.session import Connect, Session, connect_http, require_sound_backend
from accord.client.stating import (
    acknowledge_envelope,
    confirm_retraction,
    reaffirm_object,
    retract_envelope,
)
from accord.client.systems import end_system, issue_system, list_systems
from accord.client.unknown_submissions import SubmissionCheck, check_submissions
from accord.client.watching import News, Rhythm, watch_feed
from accord.client.withheld import list_withheld, resend_withheld
from accord.envelope.encoding import digest
from accord.envelope.errors import MalformedError
from accord.passphrases import Passphrase
from accord.state import CallRecord, OtherHolder, State


def system_clock() -> int:
    """Return seconds since 1970 (UTC) by this machine's clock."""
    return int(time.time())


class Client(Agreements):
    """One agency's client over its home folder; opens the key file at once, the connection when first needed.

    `clock` returns the time in seconds, `connect` the exchange for a hub's address and API key, `sleep` pauses between two
    questions; programs that simulate time or have no network replace them. `progress` is called with the progress of large
    attachments.
    """

    def __init__(
        self,
        home: Path,
        passphrase: Passphrase,
        *,
        clock: Callable[[], int] = system_clock,
        connect: Connect = connect_http,
        sleep: Callable[[float], None] = time.sleep,
        progress: Progress = tell_nobody,
    ) -> None:
        """Open the home; raise BackendError, and `accord.keyerrors.KeyFileError` and its subclasses."""
        require_sound_backend()
        place = Home(home)
        keys = place.open_keys(passphrase)
        self._session = Session(place, keys, clock, sleep, connect, progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._session.keys.close()

    def close(self) -> None:
        """Release connections; the object stays usable."""
        self._session.close()

    @property
    def keys(self) -> OwnKeys:
        """The own keys through their life: list, renew, rotate, revoke."""
        return OwnKeys(self._session)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the own root, 64 hex digits; raises RootElsewhereError only before enrolment."""
        if self._session.home.state_file.exists():
            state = self.state()
            return state.pins[state.agency].fingerprint
        return self._session.ring.root.fingerprint

    def state(self) -> State:
        """Return the present local state; raise StateAbsentError before enrolment. Do not change it."""
        return self._session.state_file.read()

    def enrol(
        self,
        agency: str,
        *,
        hub: str,
        ledger_vkey: str,
        api_key: str,
        own: OwnRoot | None = None,
        lowest: str | None = None,
        wait_secs: float = 30,
    ) -> Enrolment:
        """Prove the keys to the hub and publish keyset version 1; safe to repeat until it is complete.

        `ledger_vkey` comes from paper, `api_key` from the hub's administrator; `lowest` is the weakest suite the agency accepts
        (else the weakest it has keys for). `own` gives the root's location, if not in the key file. Raises NotLoggedYetError
        when the ledger gave no receipt within the time: continue with `complete_enrolment`. Once enrolled, it replaces the API
        key.
        """
        self.begin_enrolment(
            agency, hub=hub, ledger_vkey=ledger_vkey, api_key=api_key, own=own, lowest=lowest
        )
        return complete_enrolment(self._session, wait_secs=wait_secs)

    def begin_enrolment(
        self,
        agency: str,
        *,
        hub: str,
        ledger_vkey: str,
        api_key: str,
        own: OwnRoot | None = None,
        lowest: str | None = None,
    ) -> None:
        """Run the first half of `enrol`: everything but the receipt."""
        begin_enrolment(
            self._session,
            agency,
            own or self._own_root(),
            hub=hub,
            ledger_vkey=ledger_vkey,
            api_key=api_key,
            lowest=lowest,
        )

    def _own_root(self) -> OwnRoot:
        """Return the root of the key file; once this home has a state its pin suffices."""
        ring = self._session.ring
        if ring.held_root is None and self._session.home.state_file.exists():
            return OwnRoot(fingerprint=self.fingerprint)
        return OwnRoot.of_ring(ring)

    def complete_enrolment(self, *, wait_secs: float = 30) -> Enrolment:
        """Run the second half of `enrol`: fetch and verify the receipt; raise NotLoggedYetError."""
        return complete_enrolment(self._session, wait_secs=wait_secs)

    def api_key(self) -> ApiKeyFacts:
        """Return this home's API key and its end, without a call."""
        return apikey.facts_of(self.state())

    def rotate_api_key(self) -> ApiKeyFacts:
        """Have the hub replace the API key, once and in its last 30 days, and use the new one."""
        return apikey.rotate_api_key(self._session)

    def come_back(self, return_key: str) -> ApiKeyFacts:
        """Have another API key issued, requested under the own keys and carried by a key from the hub's operator."""
        return apikey.come_back(self._session.begin(online=False), return_key)

    def pin(self, agency: str, fingerprint: str, *, replace: bool = False) -> None:
        """Trust this root (64 hex digits, spaces allowed) for an agency, as compared on paper.

        Raises RequestError, PinChangedError (another root is pinned and `replace` is not set).
        """
        pin_root(self._session, agency, fingerprint, replace=replace)

    def import_pins(self, fingerprints: Mapping[str, str]) -> PinsTaken:
        """Trust every root of a list, or none; raise RequestError, RootsChangedError."""
        return import_pins(self._session, fingerprints)

    def pins(self) -> dict[str, str]:
        """Return the pinned root of each agency, the own one included."""
        return {agency: pin.fingerprint for agency, pin in sorted(self.state().pins.items())}

    def agencies(self) -> list[AgencyFacts]:
        """Return the participating agencies, as the hub states them, and whose root is pinned here."""
        return list_agencies(self._session.begin())

    def entry(self) -> EntryAnswer:
        """Return the own agency's contact details, as the hub has them."""
        return shown_entry(self._session.begin())

    def state_entry(self, *, telephone: str | None, zone: str, contacts: Sequence[str]) -> EntryAnswer:
        """State the own agency's contact details, signed by its keys; raise RequestError, RefusedError."""
        return state_entry(self._begin_to_send(), telephone=telephone, zone=zone, contacts=contacts)

    def systems(self) -> list[CredentialAnswer]:
        """Return the API keys of the own agency at the hub."""
        return list_systems(self._session.begin())

    def issue_system(
        self, name: str, *, scopes: Collection[str], networks: Collection[str] = (), days: int = 90
    ) -> CredentialAnswer:
        """Have an API key issued for another system of the agency; raise RequestError, RefusedError."""
        return issue_system(self._begin_to_send(), name, scopes=scopes, networks=networks, days=days)

    def end_system(self, prefix: str) -> CredentialAnswer:
        """Have an API key of the agency ended; raise RequestError, RefusedError."""
        return end_system(self._begin_to_send(), prefix)

    def holder(self) -> Holding:
        """Announce this home and return the holder of the own identity, this home or another; raise ClientError."""
        return find_holder(self._session)

    def take_over(self) -> Holding:
        """Take the identity over here, from another holder that a person has stopped; raise HeldElsewhereError."""
        return take_over(self._session)

    def give_back(self) -> Holding:
        """Give the identity back, so that another desk or command may hold it; nothing is signed here from then on."""
        return give_back(self._session)

    def plan(self, order: AlertToSend) -> Plan:
        """Return who can be sealed to now and who cannot, and why; fetch keysets, send nothing."""
        return plan_sending(self._session.begin(), order)[0]

    def submit(self, order: AlertToSend, *, leave_out: bool = False, wait_secs: float = 0) -> Sent:
        """Sign, seal, spool and submit; with `wait_secs` wait for the receipt and verify it.

        Raises SealingError (nobody is left out silently), RefusedError (the hub's policy), UnreachableError (it stays in the
        spool), NotLoggedYetError (accepted, no receipt within the time).
        """
        act = self._begin_to_send()
        sent = submit_alert(act, order, leave_out=leave_out)
        log_time = require_receipt(act, sent.md, wait_secs=wait_secs)
        return replace(sent, log_time=log_time)

    def submit_json(
        self, document: Mapping[str, Any], *, folder: Path, leave_out: bool = False, wait_secs: float = 0
    ) -> Sent:
        """Submit from the JSON form of `AlertToSend`, as `submit`; files are found relative to `folder`."""
        order = AlertToSend.from_json(document, now=self._session.clock(), folder=folder)
        return self.submit(order, leave_out=leave_out, wait_secs=wait_secs)

    def seal(self, order: AlertToSend, folder: Path, *, leave_out: bool = False) -> SealedFolder:
        """Sign and seal into a new folder offline, with the stored keysets; `submit_sealed` sends it.

        Raises SealingError (nobody is left out silently), UnpinnedError, RequestError, UnsafePathError.
        """
        return seal_offline(self._begin_to_send(online=False), order, folder, leave_out=leave_out)

    def submit_sealed(self, folder: Path, *, wait_secs: float = 0) -> Sent:
        """Send what `seal` wrote, octet for octet, through the spool; safe to repeat. Raises as `submit`."""
        act = self._begin_to_send()
        sent = submit_sealed(act, folder)
        log_time = sent.log_time or require_receipt(act, sent.md, wait_secs=wait_secs)
        return replace(sent, log_time=log_time)

    def recipients_of_sealed(self, folder: Path) -> tuple[str, ...]:
        """Return the recipients of `submit_sealed`; raise RequestError where it would send nothing."""
        return look_at_sealed(self._session.begin(online=False), folder).inner.aud

    def resend(self) -> list[Sent]:
        """Send again what has no receipt, octet for octet, and fetch receipts that arrived meanwhile.

        Then offer a hub that was restored from a backup what it has lost of the last seven days.
        """
        act = self._begin_to_send()
        return [*resend_spooled(act), *resend_wanted(act)]

    def withheld(self) -> list[Withheld]:
        """Return what suspended lanes kept from others, after taking in the news and the receipts."""
        return list_withheld(self._session.begin())

    def resend_withheld(self, peer: str, lane: str, *, mds: Collection[str] = ()) -> list[Withheld]:
        """Send an agency what was withheld from it on a lane, all that waits or these; a repeat goes on where one broke off."""
        return list(resend_withheld(self._begin_to_send(), peer, lane, mds=mds))

    def inbox(self, *, after: int | None = None, limit: int = 100) -> list[InboxEntry]:
        """Take in all news of the feed, then list what is kept: after a number, or else the newest.

        Statements that could not be verified are listed without their content; `inbox_with_doubts` gives the reasons. Raises
        LedgerAlarmError where one of them shows another ledger than the stored one.
        """
        entries, doubts = self.inbox_with_doubts(after=after, limit=limit)
        require_no_alarm(doubts)
        return entries

    def inbox_with_doubts(
        self, *, after: int | None = None, limit: int = 100
    ) -> tuple[list[InboxEntry], list[Doubt]]:
        """Return the entries of `inbox`, and the statements that could not be verified with the reasons, alarms included."""
        act = self._session.begin()
        _, doubts = follow_feed(act)
        records = records_listed(act.state, after=after, limit=limit)
        learn_manifests(act, records)
        return entries_of(act, records), doubts

    def to_answer(self) -> tuple[list[InboxEntry], list[Doubt], list[Doubt]]:
        """Take in all news, then return the questions without a final answer of this agency, the most urgent first.

        With them the statements that could not be verified, as of `inbox_with_doubts`, and the alerts of which it is therefore not
        known whether they ask anything.
        """
        act = self._session.begin()
        _, doubts = follow_feed(act)
        unknown = learn_manifests(act, unknown_manifests(act))
        waiting = [md for md, _ in Questions(act).to_answer() if md in act.state.inbox]
        questions = Questions(act, own_agreements(act) if waiting else ())
        return entries_of(act, [act.state.inbox[md] for md in waiting], questions), doubts, unknown

    def overdue(self, *, coming: bool = False) -> Overdue:
        """Take in all news, then return which acknowledgements and answers are overdue both ways; with `coming` also those not due yet."""
        return read_overdue(self._session.begin(), coming=coming)

    def answer_order(
        self, reference_or_md: str, answer: Answer, *, officer: str | None = None
    ) -> AlertToSend:
        """Take in all news, open a question and return the answer to it, for `submit`; nothing is sent yet.

        Raises NotToAnswerError, DocumentError, RequestError, and as `open`.
        """
        act = self._begin_to_send()
        follow_feed(act)
        learn_manifests(act, unknown_manifests(act))
        return order_of_answer(act, find_envelope(act, reference_or_md), answer, officer=officer)

    def note_call(
        self, reference_or_md: str, *, text: str, agency: str | None = None, at: int | None = None
    ) -> CallRecord:
        """Note a telephone call about a received alert, or to `agency` about an own one; nothing is sent."""
        act = self._session.begin()
        known = reference_or_md.strip() in act.state.submissions
        md = reference_or_md.strip() if known else find_envelope(act, reference_or_md).md
        return note_call(act, md, text=text, agency=agency, at=at)

    def watch(
        self,
        *,
        opening: bool = False,
        officer: str | None = None,
        once: bool = False,
        rhythm: Rhythm | None = None,
        trouble: Callable[[Exception, float], None] = lambda failed, pause: None,
        elsewhere: Callable[[OtherHolder], None] = lambda other: None,
        due: Callable[[DueAnswer], None] | None = None,
    ) -> Generator[News, None, None]:
        """Yield every item of the feed in order, at least once, from where the last watch ended; it never ends.

        An item counts as delivered when the next one is requested. `opening`: alerts are fetched, verified and opened (as
        `open`, for `officer`); one that stays closed has its reason in `problem`. `once` ends at the newest. `trouble` is
        called at each pause for a hub that gives no answer, `elsewhere` with another holder of the own identity that the hub
        names, `due` with an answer that this agency owes, within a day of its time and when that is past, once each. Raises
        VerificationError where the ledger is not the stored one, LedgerAlarmError, WatchedAlreadyError,
        RefusedError, StateError.
        """
        return watch_feed(
            self._session,
            opening=opening,
            officer=officer,
            once=once,
            rhythm=rhythm or Rhythm(random.random),
            trouble=trouble,
            elsewhere=elsewhere,
            due=due,
        )

    def open(self, reference_or_md: str, *, officer: str | None = None) -> Opened:
        """Fetch an alert, make every check, open it. RED requires an `officer` whom it names.

        Raises VerificationError, OpeningError, UnpinnedError, NotEntitledError, LedgerAlarmError, AbsentError, RefusedError,
        DiskError.
        """
        act = self._session.begin()
        return open_envelope(act, find_envelope(act, reference_or_md), officer=officer)

    def open_saved(
        self,
        slice_octets: bytes,
        blobs: Sequence[bytes | HeldBlob] | None = None,
        *,
        officer: str | None = None,
    ) -> Opened:
        """Open a saved slice offline, against the stored pins, keysets and checkpoint.

        Where the ledger could not be compared this is noted, and done at the next chance. Raises as `open`, and RequestError
        where attachments are missing.
        """
        act = self._session.begin(online=False)
        return open_saved(act, slice_octets, held_blobs(blobs), officer=officer)

    def acknowledge(
        self,
        reference_or_md: str,
        *,
        officer: str | None,
        st: str = "opened",
        code: str | None = None,
        wait_secs: float = 0,
    ) -> Stated:
        """Sign an acknowledgement (`opened`, `refused`, `unopenable`) after making every check again.

        An identical earlier acknowledgement is not signed again: the result is the earlier one (`stated_before`).
        """
        act = self._begin_to_send()
        place = find_envelope(act, reference_or_md)
        return acknowledge_envelope(act, place, officer=officer, st=st, code=code, wait_secs=wait_secs)

    def retract(
        self, md: str, *, code: str, by: str | None = None, officer: str | None = None, wait_secs: float = 0
    ) -> Stated:
        """Withdraw an alert of our own (`error`, `contaminated`, `mistaken`, `legal`)."""
        act = self._begin_to_send()
        return retract_envelope(
            act, _require_digest(md), code=code, by=by, officer=officer, wait_secs=wait_secs
        )

    def release_onward(
        self, place: str, order: OnwardOrder, *, officer: str | None = None, wait_secs: float = 0
    ) -> Stated:
        """Release an alert that this agency sent or received to further agencies; `place` is its reference or md."""
        act = self._begin_to_send()
        return release_onward(act, find_envelope(act, place), order, officer=officer, wait_secs=wait_secs)

    def unrelease(self, d: str, *, code: str, officer: str | None = None, wait_secs: float = 0) -> Stated:
        """End a release onward, by its digest: an own one, or one of an own alert."""
        act = self._begin_to_send()
        follow_feed(act)
        return unrelease(act, _require_digest(d), code=code, officer=officer, wait_secs=wait_secs)

    def reaffirm(self, d: str, *, officer: str | None = None, wait_secs: float = 0) -> Stated:
        """Reaffirm an alert or a statement of our own whose signature a later revocation repudiated."""
        act = self._begin_to_send()
        return reaffirm_object(act, _require_digest(d), officer=officer, wait_secs=wait_secs)

    def confirm(
        self, reference_or_md: str, *, st: str = "stopped", officer: str | None = None, wait_secs: float = 0
    ) -> Stated:
        """Confirm a retraction: use has `stopped`, or stopping is `impossible`. By reference, md, or its od."""
        act = self._begin_to_send()
        follow_feed(act)
        place = find_envelope(act, reference_or_md)
        return confirm_retraction(act, place.md, st=st, officer=officer, wait_secs=wait_secs)

    def verify(
        self,
        slice_octets: bytes,
        blobs: Sequence[bytes | HeldBlob] | None = None,
        *,
        officer: str | None = None,
    ) -> Verified:
        """Check a saved slice offline, against the stored pins, keysets and checkpoint.

        `officer` as for `open`. Raises NotEntitledError.
        """
        act = self._session.begin(online=False)
        return check_offline(act, slice_octets, held_blobs(blobs), officer=officer)

    def submissions(self, *, limit: int = 100) -> list[SubmissionStatus]:
        """Return what became of this agency's submissions, newest first; verify receipts and clear the spool."""
        return list_outcomes(self._session.begin(), limit=limit)

    def check_submissions(self) -> SubmissionCheck:
        """Compare everything that the hub lists as sent by this agency with what was sent from here; see its `alarm`."""
        return check_submissions(self._session.begin())

    def own_history(self) -> OwnHistory:
        """Return objects that the hub lists as this agency's and this home does not know, verified as by a reader."""
        return find_history(self._session.begin())

    def adopt(self, chosen: Sequence[OwnObject]) -> None:
        """Record objects of `own_history` as sent from here: a person of the agency has confirmed that they are its own."""
        adopt_history(self._session.begin(), chosen)

    def clock_ahead_secs(self) -> int | None:
        """Return how far this machine's clock is ahead of the hub's (negative: behind), going by its last answer.

        None where the hub was not called or stated no time. Use it only as a hint for a person.
        """
        return self._session.clock_ahead_secs()

    def submission(self, d: str) -> SubmissionStatus:
        """Return what became of one object of ours, by md or od."""
        act = self._session.begin()
        act.refresh(act.agency)
        facts = facts_of(act, _require_digest(d))
        return status_of(act, facts, Questions(act, own_agreements(act)))


def _require_digest(text: str) -> str:
    try:
        return digest(text.strip(), "md")
    except MalformedError as exc:
        raise RequestError("Name it by its md or od: 43 letters, digits, - and _.") from exc
