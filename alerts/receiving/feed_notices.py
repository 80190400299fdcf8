# SPDX-License-Identifier: Apache-2.0
"""Notices to officers of an agency about what its feed brought."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from accord.agreements import OF_AGREEMENTS
from accord.calls.answers import FeedEntry
from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.releases import EMERGENCY, RELEASE
from accord.envelope.worth import has_force
from accord.suspensions import RESUME, SUSPEND
from alerts.models import ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.feed_statements import WITHDRAWALS
from alerts.receiving.signature_judging import judge_statements
from alerts.receiving.signature_state import judge_received
from notices.emergencies import tell_of_emergency
from notices.peers import tell_of_agreements
from notices.queueing import readers_of
from notices.telling import (
    tell_of_alerts,
    tell_of_doubt,
    tell_of_doubted_answers,
    tell_of_reaffirm,
    tell_of_reminder,
    tell_of_withdrawal,
    tell_that_alert_opens,
)
from officers.models import Officer
from peers.models import HeldStatement


class FeedNotices:
    """Notices of one agency, queued inside the transaction that files their subject."""

    def __init__(self, peers: VerifiedDirectory, now: datetime) -> None:
        self._peers, self._agency, self._now = peers, peers.reader, now

    @cached_property
    def _readers(self) -> list[Officer]:
        """Readers of the agency, read once a turn."""
        return readers_of([self._agency])

    def tell_of_arrivals(self, rows: Sequence[ReceivedAlert]) -> None:
        """Tell of new alerts, and of doubts about them; not of those that were withdrawn before they came."""
        rows = [received for received in rows if received.withdrawn_at is None]
        tell_of_alerts(self._readers, [received.about for received in rows], now=self._now)
        judge_received(rows, peers=self._peers, now=self._now)
        for received in rows:
            if received.is_emergency:
                tell_of_emergency(self._agency, received.md, now=self._now)
            if _is_judged_in_doubt(received):
                tell_of_doubt(self._agency, received.about, received.md, now=self._now)

    def tell_that_it_opens(self, received: ReceivedAlert) -> None:
        """Tell officers who heard of an alert that did not open that it opens now."""
        if received.withdrawn_at is None:
            tell_that_alert_opens(self._readers, received.about, now=self._now)

    def tell_of_statement(self, od: str) -> None:
        """Tell of a withdrawal that counts, of what a sender reaffirms, of agreements and lanes."""
        said = HeldStatement.objects.filter(reader=self._agency, od=od).first()
        if said is not None and said.k in (SUSPEND, RESUME, *OF_AGREEMENTS):
            tell_of_agreements(self._agency, od, now=self._now)
        if said is not None and said.k == RELEASE and said.body["code"] == EMERGENCY:
            tell_of_emergency(self._agency, od, now=self._now)
        if said is None or said.k not in WITHDRAWALS:
            return
        if said.k == REAFFIRM:
            if has_force(judge_statements(self._peers, [said]).get(od)):
                tell_of_reaffirm(self._agency, said.sub_d, od, now=self._now)
            self._tell_of_withdrawal(retract_od=said.sub_d)
        else:
            self._tell_of_withdrawal(retract_od=od)

    def tell_of_doubt(self, d: str) -> None:
        """Tell of a signature, under an alert or a statement about one, that no longer counts.

        Nobody signs the feed's mark, so the signature is judged here.
        """
        said = HeldStatement.objects.filter(reader=self._agency, od=d).first()
        received = self._received(said.sub_d if said else d)
        if said is None:
            if received is not None and self._is_in_doubt(received):
                tell_of_doubt(self._agency, received.about, d, now=self._now)
            return
        if has_force(judge_statements(self._peers, [said]).get(d)):
            return
        if received is not None:
            tell_of_doubt(self._agency, received.about, d, now=self._now)
            return
        revoked = {word.kid for word in self._peers.revocations(said.iss)}
        kid = next((kid for kid in said.signers if kid in revoked), d)
        tell_of_doubted_answers(self._agency, kid, now=self._now)

    def tell_of_reminder(self, item: FeedEntry) -> None:
        """Tell of a reminder; of several versions here, only of one for the newest."""
        received = self._received(item.d)
        if received is None or received.replaced_by_id is not None:
            return
        is_withdrawn = received.withdrawn_at is not None
        done = received.withdrawal_confirmed_at if is_withdrawn else received.acknowledged_at
        if done is None:
            tell_of_reminder(self._agency, received.about, item.id, is_withdrawn=is_withdrawn, now=self._now)

    def _tell_of_withdrawal(self, *, retract_od: str) -> None:
        """Tell of the alerts that this retract withdraws now."""
        for received in ReceivedAlert.objects.filter(
            agency=self._agency, retract_od=retract_od, withdrawn_at__isnull=False
        ):
            was_opened = received.first_opened_at is not None
            tell_of_withdrawal(self._agency, received.about, retract_od, was_opened=was_opened, now=self._now)

    def _is_in_doubt(self, received: ReceivedAlert) -> bool:
        judge_received([received], peers=self._peers, now=self._now)
        return _is_judged_in_doubt(received)

    def _received(self, md: str) -> ReceivedAlert | None:
        return ReceivedAlert.objects.filter(agency=self._agency, md=md).first()


def _is_judged_in_doubt(received: ReceivedAlert) -> bool:
    return received.standing is not None and not received.standing.counts
