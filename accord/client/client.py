# SPDX-License-Identifier: Apache-2.0
"""The client: one agency that holds its own keys, in one object.

    create_keys(home, passphrase, suites=("PQ1",), now=int(time.time()))
    with Client(home, passphrase) as client:
        client.enrol("xd-reg", hub="https://hub.example", ledger_vkey=VKEY, api_key=KEY)
        client.pin("xe-drugs", FINGERPRINT)
        sent = client.submit(AlertToSend(alert=document, to=("xe-drugs",), lane="trade", purpose="prevent"))
        for entry in client.inbox():
            opened = client.open(entry.d)

Every method reads the state afresh, verifies before it believes, and writes what it learned in one step; two
programs of one agency may work on one home. Errors: `accord.client.errors` for what a person can remedy,
`accord.envelope.errors` for checks that failed, `accord.keyfile` and `accord.state` for the own files.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from accord.client.enrolment import Enrolment, begin_enrolment, complete_enrolment
from accord.client.errors import PinChangedError, RequestError
from accord.client.home import Home
from accord.client.inbox import Doubt, follow_feed, list_entries, require_no_alarm
from accord.client.outcome import list_outcomes, status_of
from accord.client.outgoing import AlertToSend
from accord.client.reading import check_offline, find_envelope, open_envelope
from accord.client.results import InboxEntry, Opened, Plan, Sent, Stated, SubmissionStatus, Verified
from accord.client.sending import facts_of, plan_sending, require_receipt, resend_spooled, submit_alert
from accord.client.session import Connect, Session, connect_http, require_sound_backend
from accord.client.stating import acknowledge_envelope, confirm_retraction, retract_envelope
from accord.envelope.encoding import agency_id, digest
from accord.envelope.errors import MalformedError
from accord.state import Pin, State

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def system_clock() -> int:
    """Seconds since 1970 (UTC) by this machine's clock."""
    return int(time.time())


class Client:
    """One agency's client over its home folder; opens the key file at once, the hub when first needed.

    `clock` gives the time in seconds, `connect` the exchange for a hub's address and API key, `sleep` pauses
    between two questions; all three are for programs that live in another time or without a network.
    """

    def __init__(
        self,
        home: Path,
        passphrase: str,
        *,
        clock: Callable[[], int] = system_clock,
        connect: Connect = connect_http,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises BackendError, and `accord.keyfile.KeyFileError` and its kin."""
        require_sound_backend()
        place = Home(home)
        ring = place.unlock(passphrase)
        self._session = Session(place, ring, clock, sleep, connect)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back; the object stays usable."""
        self._session.close()

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the own root, 64 hex digits."""
        return self._session.ring.root.fingerprint

    def state(self) -> State:
        """The local state as it stands; raises StateAbsentError before enrolment. Do not change it."""
        return self._session.state_file.read()

    def enrol(
        self,
        agency: str,
        *,
        hub: str,
        ledger_vkey: str,
        api_key: str,
        lowest: str | None = None,
        wait_secs: float = 30,
    ) -> Enrolment:
        """Prove the keys to the hub and publish keyset version 1; safe to repeat until it is complete.

        `ledger_vkey` comes from paper, `api_key` from the hub's administrator; `lowest` is the weakest suite
        the agency takes (else the weakest it has keys for). Raises NotLoggedYetError when the ledger gave no
        receipt within the time: go on with `complete_enrolment`. Once enrolled it replaces the API key.
        """
        begin_enrolment(
            self._session, agency, hub=hub, ledger_vkey=ledger_vkey, api_key=api_key, lowest=lowest
        )
        return complete_enrolment(self._session, wait_secs=wait_secs)

    def begin_enrolment(
        self, agency: str, *, hub: str, ledger_vkey: str, api_key: str, lowest: str | None = None
    ) -> None:
        """The first half of `enrol`: everything but the receipt."""
        begin_enrolment(
            self._session, agency, hub=hub, ledger_vkey=ledger_vkey, api_key=api_key, lowest=lowest
        )

    def complete_enrolment(self, *, wait_secs: float = 30) -> Enrolment:
        """The second half of `enrol`: pick up and verify the receipt; raises NotLoggedYetError."""
        return complete_enrolment(self._session, wait_secs=wait_secs)

    def pin(self, agency: str, fingerprint: str, *, replace: bool = False) -> None:
        """Trust this root (64 hex digits, spaces allowed) for an agency, as compared on paper.

        Raises RequestError, PinChangedError (another root is pinned and `replace` is not said).
        """
        digits = "".join(fingerprint.split()).lower()
        _require_agency(agency)
        if not _FINGERPRINT.fullmatch(digits):
            raise RequestError("A fingerprint is 64 hex digits, in groups of four.")
        with self._session.state_file.change() as state:
            known = state.pins.get(agency)
            if known is not None and known.fingerprint != digits:
                if not replace or agency == state.agency:
                    raise PinChangedError(agency, known.fingerprint)
                # What the old root vouched for is not what the new one vouches for.
                state.keysets.pop(agency, None)
                state.revocations.pop(agency, None)
                known = None
            if known is None:
                state.pins[agency] = Pin(digits, self._session.clock())

    def pins(self) -> dict[str, str]:
        """The pinned root of each agency, the own one included."""
        return {agency: pin.fingerprint for agency, pin in sorted(self.state().pins.items())}

    def plan(self, order: AlertToSend) -> Plan:
        """Who can be sealed to now and who cannot, and why; fetches keysets, sends nothing."""
        return plan_sending(self._session.begin(), order)[0]

    def submit(self, order: AlertToSend, *, leave_out: bool = False, wait_secs: float = 0) -> Sent:
        """Sign, seal, spool and submit; with `wait_secs` wait for the receipt and verify it.

        Raises SealingError (nobody is left out silently), RefusedError (the hub's policy), UnreachableError
        (it stays in the spool), NotLoggedYetError (accepted, no receipt within the time).
        """
        act = self._session.begin()
        sent = submit_alert(act, order, leave_out=leave_out)
        log_time = require_receipt(act, sent.md, wait_secs=wait_secs)
        return Sent(sent.iss, sent.jti, sent.md, sent.to, sent.left_out, log_time)

    def submit_json(
        self, document: Mapping[str, Any], *, folder: Path, leave_out: bool = False, wait_secs: float = 0
    ) -> Sent:
        """As `submit`, from the JSON form of `AlertToSend`; files are found relative to `folder`."""
        order = AlertToSend.from_json(document, now=self._session.clock(), folder=folder)
        return self.submit(order, leave_out=leave_out, wait_secs=wait_secs)

    def resend(self) -> list[Sent]:
        """Send again what has no receipt, octet for octet, and pick up receipts that came meanwhile."""
        return list(resend_spooled(self._session.begin()))

    def inbox(self, *, after: int | None = None, limit: int = 100) -> list[InboxEntry]:
        """Take in all news of the feed, then list what is kept: after a number, or else the newest.

        Statements that could not be verified are listed without what they say; `inbox_with_doubts` tells why.
        Raises LedgerAlarmError where one of them shows another ledger than the kept one.
        """
        entries, doubts = self.inbox_with_doubts(after=after, limit=limit)
        require_no_alarm(doubts)
        return entries

    def inbox_with_doubts(
        self, *, after: int | None = None, limit: int = 100
    ) -> tuple[list[InboxEntry], list[Doubt]]:
        """As `inbox`, with the statements that could not be verified and why, alarms among them."""
        act = self._session.begin()
        _, doubts = follow_feed(act)
        return list_entries(act.state, after=after, limit=limit), doubts

    def open(self, reference_or_md: str, *, officer: str | None = None) -> Opened:
        """Fetch an alert, make every check, open it. `officer` is demanded for RED and must be named there.

        Raises VerificationError, OpeningError, UnpinnedError, NotEntitledError, ReleasedOnwardError,
        LedgerAlarmError, AbsentError, RefusedError.
        """
        act = self._session.begin()
        return open_envelope(act, find_envelope(act, reference_or_md), officer=officer)

    def acknowledge(
        self,
        reference_or_md: str,
        *,
        officer: str | None,
        st: str = "opened",
        code: str | None = None,
        wait_secs: float = 0,
    ) -> Stated:
        """Sign an acknowledgement (`opened`, `refused`, `unopenable`) after making every check again."""
        act = self._session.begin()
        place = find_envelope(act, reference_or_md)
        return acknowledge_envelope(act, place, officer=officer, st=st, code=code, wait_secs=wait_secs)

    def retract(
        self, md: str, *, code: str, by: str | None = None, officer: str | None = None, wait_secs: float = 0
    ) -> Stated:
        """Take back an alert of our own (`error`, `contaminated`, `mistaken`, `legal`)."""
        act = self._session.begin()
        return retract_envelope(
            act, _require_digest(md), code=code, by=by, officer=officer, wait_secs=wait_secs
        )

    def confirm(
        self, reference_or_md: str, *, st: str = "stopped", officer: str | None = None, wait_secs: float = 0
    ) -> Stated:
        """Confirm a retraction: use `stopped`, or stopping is `impossible`. By reference, md, or its od."""
        act = self._session.begin()
        follow_feed(act)
        place = find_envelope(act, reference_or_md)
        return confirm_retraction(act, place.md, st=st, officer=officer, wait_secs=wait_secs)

    def verify(
        self, slice_octets: bytes, blobs: Sequence[bytes] | None = None, *, officer: str | None = None
    ) -> Verified:
        """Check a saved slice without a network, against the kept pins, keysets and checkpoint.

        `officer` as for `open`. Raises NotEntitledError, ReleasedOnwardError.
        """
        return check_offline(self._session.begin(online=False), slice_octets, blobs, officer=officer)

    def submissions(self, *, limit: int = 100) -> list[SubmissionStatus]:
        """What became of what this agency sent, newest first; verifies receipts and lets the spool go."""
        return list_outcomes(self._session.begin(), limit=limit)

    def submission(self, d: str) -> SubmissionStatus:
        """What became of one object of ours, by md or od."""
        act = self._session.begin()
        return status_of(act, facts_of(act, _require_digest(d)))


def _require_agency(agency: str) -> None:
    try:
        agency_id(agency)
    except MalformedError as exc:
        raise RequestError("An agency id looks like xb-health.") from exc


def _require_digest(text: str) -> str:
    try:
        return digest(text.strip(), "md")
    except MalformedError as exc:
        raise RequestError("Name it by its md or od: 43 letters, digits, - and _.") from exc
