# SPDX-License-Identifier: Apache-2.0
"""Agreements of the agency, by the exchange's word: asked for where none are kept, followed by the desk-worker."""

import contextlib
import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accord.calls.errors import ClientError
from alerts.errors import ExchangeAwayError
from alerts.exchange_errors import away_error_for
from callers.actors import Actor, SystemActor
from ledger.audit import record_event
from peers.agreements import (
    KeptAgreements,
    follow_agreements,
    kept_agreements,
    was_asked_since,
    was_ever_asked,
)

log = logging.getLogger(__name__)
AGREEMENTS_EVERY: Final = timedelta(seconds=20)
"""Least time between an agency's regular questions for its agreements."""


def known_agreements(actor: Actor, agency_id: str, *, now: datetime) -> KeptAgreements:
    """Return the kept agreements; ask the exchange where none are kept. Not inside a transaction.

    Raises NotBoundError for rows changed past the program, ExchangeAwayError.
    """
    kept = kept_agreements(agency_id)
    if kept is None:
        ask_for_agreements(actor, agency_id, now=now)
        kept = kept_agreements(agency_id)
    if kept is None:
        raise ExchangeAwayError
    return kept


def ensure_agreements_asked(agency_id: str, *, now: datetime) -> None:
    """Ask for the agreements if they were never asked for, since holding back recipients needs them.

    Not inside a transaction. Raises ExchangeAwayError.
    """
    if not was_ever_asked(agency_id):
        ask_for_agreements(SystemActor("desk", agency_id), agency_id, now=now)


def ask_for_agreements(actor: Actor, agency_id: str, *, now: datetime) -> None:
    """Keep what the exchange states now; audit it if the kept rows had been changed past the program.

    Not inside a transaction. Raises ExchangeAwayError.
    """
    try:
        was_altered = follow_agreements(agency_id, now=now)
    except ClientError as trouble:
        raise away_error_for(trouble, agency_id) from trouble
    if was_altered:
        log.error("the agreements kept for %s were changed past the program", agency_id)
        with transaction.atomic():
            record_event(
                "agreements.altered",
                actor=actor.audit_name,
                agency=agency_id,
                subject=f"agency:{agency_id}",
                now=now,
            )


def ask_for_agreements_again(actor: Actor, agency_id: str, *, now: datetime) -> None:
    """Ask after an act of the agency; while the exchange is away, the kept ones stay and the worker asks later."""
    with contextlib.suppress(ExchangeAwayError):
        ask_for_agreements(actor, agency_id, now=now)


def follow_agreements_when_due(actor: Actor, agency_id: str, *, now: datetime) -> None:
    """Ask for the agreements unless that was done a moment ago; while the exchange is away, the kept ones stay."""
    if was_asked_since(agency_id, now - AGREEMENTS_EVERY, now=now):
        return
    try:
        ask_for_agreements(actor, agency_id, now=now)
    except ExchangeAwayError as away:
        log.warning("the agreements of %s could not be asked for: %s", agency_id, away.__cause__)
