# SPDX-License-Identifier: Apache-2.0
"""Manifests of received envelopes that were not opened here: fetched and verified, so that no question waits unseen.

The exchange gives a manifest without telling its sender that the content was collected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from accord.client.errors import AnswerError, LedgerAlarmError, RefusedError, UnpinnedError
from accord.client.inbox import Doubt, concerns_all, records_after
from accord.client.questions import manifest_record
from accord.client.session import Act
from accord.client.set_aside import SetAside
from accord.client.state_changes import add_manifest
from accord.envelope.errors import EnvelopeError
from accord.following.slices import verify_manifest_alone
from accord.state import InboxRecord

WRITTEN_EACH: Final = 100
"""The state is large: it is written once for so many manifests."""
_DELETED: Final = "content-deleted"


def learn_manifests(act: Act, records: Iterable[InboxRecord]) -> list[Doubt]:
    """Fetch and verify the manifests of these alerts that are not known yet; return those that could not be verified.

    Raises VerificationError where the ledger is not the stored one, and the hub's errors that are about no single alert.
    """
    doubts, aside = [], SetAside()
    for n, record in enumerate(list(_unknown(act, records)), start=1):
        try:
            _learn(act, record)
        except (EnvelopeError, UnpinnedError, AnswerError, RefusedError, LedgerAlarmError) as failed:
            if concerns_all(failed):
                act.changes.write()
                raise
            doubts.append(Doubt(record.number, record.iss, record.d, str(failed)))
        except Exception as failed:  # noqa: BLE001 - of itself, or raised again
            doubts.append(Doubt(record.number, record.iss, record.d, str(aside.take(failed))))
        if n % WRITTEN_EACH == 0:
            act.changes.write()
    act.changes.write()
    return doubts


def unknown_manifests(act: Act) -> list[InboxRecord]:
    """Return the alerts of the inbox whose manifest is not known yet."""
    return list(_unknown(act, records_after(act.state, 0)))


def _unknown(act: Act, records: Iterable[InboxRecord]) -> Iterator[InboxRecord]:
    return (record for record in records if record.what == "envelope" and record.d not in act.state.manifests)


def _learn(act: Act, record: InboxRecord) -> None:
    act.refresh(record.iss)
    try:
        answer = act.exchange.manifest(record.d)
    except RefusedError as refused:
        if refused.slug != _DELETED:
            raise
        # Nothing of it is left to answer, and asking again would not change that.
        act.changes.record(add_manifest(record.d, None))
        return
    manifest = verify_manifest_alone(act, record.d, answer)
    log_time = act.state.log_times[record.d]
    index = answer.receipt.index_at(log_time)
    act.changes.record(add_manifest(record.d, manifest_record(manifest, log_time, index)))
