# SPDX-License-Identifier: Apache-2.0
"""Sending of chosen alerts by a second person, in steps: each is a new envelope, signed in the officer's session as any release.

A step that breaks off loses nothing: what is signed stays signed, the next step goes on with the rest. What no longer fits is
refused by itself, with a code, and stops no other.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alerts.access import agency_of
from alerts.drafting.revisions import read_revision
from alerts.errors import (
    AlertIncompleteError,
    ChangedSinceValidationError,
    ContentDeletedError,
    ExchangeAwayError,
    ExpiredError,
    MoveRefusedError,
    NotTakenError,
    SecondPersonNeededError,
    SendingStoppedError,
    UnopenableError,
)
from alerts.models import Alert, WithheldAlert
from alerts.peers.withheld_recipients import LANE_SUSPENDED
from alerts.red_readers import is_red
from alerts.review.preview import preview_for_act
from alerts.rows.withheld import WithheldState
from alerts.sending.amendment import files_sent
from alerts.sending.release import release_alert
from alerts.sending.sending_stopped import require_may_send
from alerts.sending.sent_signatures import own_signatures
from alerts.states import AlertState, Move
from alerts.withheld.copying import copied_fields, draft_copy
from alerts.withheld.deciding import drop_copy, may_decide
from alerts.withheld.lists import (
    LEAST_LEFT,
    SIGNED,
    Progress,
    WithheldLane,
    progress_of,
    withheld_lane,
    withheld_lanes,
)
from callers.capabilities import Capability, require
from callers.errors import InputError
from ledger.audit import record_event
from officers.attribution import independent_of_each
from officers.models import Officer

STEP: Final = 20
"""Alerts that one step sends: a few seconds."""
REASON: Final = "own alert, sent after a suspension"


class _NotSentError(Exception):
    """Reason why one chosen alert is not sent, as a code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def send_chosen(officer: Officer, peer: str, lane: str, *, at_most: int = STEP, now: datetime) -> Progress:
    """Sign and hand in the next of the chosen alerts; return how far all of them have come. Not inside a transaction.

    Raises SecondPersonNeededError for one of those who chose, SendingStoppedError while the lane is suspended or where nothing can
    be sealed for the peer, ExchangeAwayError.
    """
    require(officer, Capability.ALERT_RELEASE)
    require_may_send(officer, agency_of(officer).pk, now=now)
    if withheld_lane(officer, peer, lane, now=now).since:
        raise SendingStoppedError(_("The lane is suspended again: nothing was sent."))
    if has_chosen(officer, peer, lane):
        raise SecondPersonNeededError(Move.RELEASE.value)
    for row in _unsigned(officer, peer, lane)[:at_most]:
        _send(officer, row, now)
    return progress_of(officer, peer, lane)


def has_chosen(officer: Officer, peer: str, lane: str) -> bool:
    """Tell whether somebody who counts as the officer has chosen anything there that is not signed yet."""
    return (peer, lane) in _lanes_chosen_by(officer)


def _lanes_chosen_by(officer: Officer) -> set[tuple[str, str]]:
    """Return each peer and lane of which somebody who counts as the officer has chosen anything that is not signed yet."""
    rows = WithheldAlert.objects.visible_to(officer).filter(state=WithheldState.CHOSEN).exclude(SIGNED)
    chosen = set(rows.order_by().values_list("peer_id", "lane", "decided_by"))
    names = {one.pk: one.audit_name for one in Officer.objects.filter(pk__in={by for *_at, by in chosen})}
    choosers: dict[tuple[str, str], list[str]] = {}
    for peer, lane, by in chosen:
        choosers.setdefault((peer, lane), []).extend([names[by]] if by in names else [])
    return {at for at, independent in independent_of_each([officer], choosers).items() if not independent}


def offers_of(officer: Officer, *, now: datetime) -> Iterator[WithheldLane]:
    """Yield each peer and lane of which the officer can choose something now, or release what a colleague has chosen."""
    if not may_decide(officer):
        return
    may_send = Capability.ALERT_RELEASE in officer.capabilities
    own = _lanes_chosen_by(officer) if may_send else set()
    for one in withheld_lanes(officer, now=now):
        shown = one if may_send and (one.peer.pk, one.lane) not in own else replace(one, chosen=0)
        if shown.offered or shown.chosen:
            yield shown


def _unsigned(officer: Officer, peer: str, lane: str) -> "QuerySet[WithheldAlert]":
    rows = WithheldAlert.objects.visible_to(officer).filter(peer=peer, lane=lane, state=WithheldState.CHOSEN)
    beside = rows.exclude(SIGNED).select_related("alert__agency", "sent", "decided_by")
    return beside.order_by("released_at", "pk")


def _send(officer: Officer, row: WithheldAlert, now: datetime) -> None:
    try:
        copy = row.sent if row.sent and row.sent.state == AlertState.VALIDATED else _copy(officer, row, now)
        release_alert(officer, copy, revision=copy.current, now=now)
    except _NotSentError as refused:
        _refuse(officer, row, refused.code, now)
    except (AlertIncompleteError, InputError):
        _refuse(officer, row, "no-longer-fits", now)
    except ChangedSinceValidationError:
        _refuse(officer, row, "changed", now)
    except NotTakenError as refused:
        codes = [denial["code"] for denial in refused.denials]
        _refuse(officer, row, codes[0] if codes else refused.cause, now)
    except (UnopenableError, ContentDeletedError, ExpiredError):
        _refuse(officer, row, "content-deleted", now)
    except MoveRefusedError:
        # A colleague's step has signed it at this moment.
        return


def _copy(officer: Officer, row: WithheldAlert, now: datetime) -> Alert:
    """Return the alert under which it goes out, checked against today's agreements. Raises _NotSentError."""
    _require_sendable(officer, row, now)
    content = read_revision(row.alert)
    data = copied_fields(row, content, now=now)
    preview = preview_for_act(row.agency_id, data, now=now)
    if preview.as_of is not None:
        # Its last answer may be from the suspension.
        raise ExchangeAwayError
    if preview.wont:
        raise _NotSentError(preview.wont[0].code)
    files = files_sent(officer, row.alert, reason=REASON, now=now) if content.attachments else []
    with transaction.atomic():
        locked = WithheldAlert.objects.select_for_update(of=("self",)).select_related("alert", "decided_by")
        fresh = locked.get(pk=row.pk)
        if fresh.state != WithheldState.CHOSEN or fresh.sent_id != row.sent_id:
            raise MoveRefusedError(Move.RELEASE.value, fresh.state)
        copy = draft_copy(officer, fresh, data, content, files, preview, now=now)
        _record("alert.resent", officer, copy, now, original=str(row.alert_id), peer=row.peer_id)
    row.sent = copy
    return copy


def _require_sendable(officer: Officer, row: WithheldAlert, now: datetime) -> None:
    """Raise _NotSentError for what ended since it was chosen."""
    alert = row.alert
    if alert.withdrawn_at is not None or alert.replaced_at is not None:
        raise _NotSentError("replaced")
    if is_red(alert.tlp, alert.floor):
        raise _NotSentError("red")
    if row.keep <= now + LEAST_LEFT:
        raise _NotSentError("kept-too-short")
    if not own_signatures(officer, [alert.md], now=now)[alert.md].counts:
        raise _NotSentError("in-doubt")


@transaction.atomic
def _refuse(officer: Officer, row: WithheldAlert, code: str, now: datetime) -> None:
    """Note why it was not sent; where the lane was suspended again it is withheld as before."""
    fresh = WithheldAlert.objects.select_for_update(of=("self",)).select_related("sent").get(pk=row.pk)
    if fresh.sent is not None and fresh.sent.state in (AlertState.QUEUED, AlertState.RELEASED):
        return
    drop_copy(fresh, now=now)
    is_held = code == LANE_SUSPENDED
    fresh.state = WithheldState.WAITING if is_held else WithheldState.REFUSED
    fresh.code = "" if is_held else code[:60]
    fresh.save(update_fields=["state", "code", "sent"])
    record_event(
        "alert.withheld_refused",
        actor=officer.audit_name,
        agency=row.agency_id,
        subject=str(row.alert_id),
        detail={"peer": row.peer_id, "cause": code},
        now=now,
    )


def _record(act: str, officer: Officer, alert: Alert, now: datetime, **detail: str) -> None:
    record_event(
        act, actor=officer.audit_name, agency=alert.agency_id, subject=str(alert.pk), detail=detail, now=now
    )
