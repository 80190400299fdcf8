# SPDX-License-Identifier: Apache-2.0
"""Statements of an agency about itself: verified, taken once, kept as signed, logged with their effect.

The API key that carries a statement adds nothing: only the agency's own keys count. The same statement again has no second
effect, whoever sends it; other bytes under its id are refused.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.statements.checks import accept_statement, verify_statement
from accord.envelope.statements.form import Statement, UnverifiedStatement, parse_statement
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Agency, OwnStatement
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from ledger.audit import record_event
from ledger.entries import append_entry
from ledger.proofs import wanted_place

Effect = Callable[[Agency, Statement], None]
"""Applies the statement's change, in the transaction that keeps it; the agency's row is locked."""


def take_own_statement(
    caller: Actor,
    agency_id: str,
    jws: bytes,
    *,
    k: str,
    effect: Effect,
    also: Capability = Capability.STATEMENT_SUBMIT,
    now: datetime,
) -> OwnStatement:
    """Verify a statement of kind `k` by the caller's agency, keep it, log it and apply its effect, once.

    `also` is a capability that may carry it beside `statement:submit`.

    Raises AbsentError (another agency), NotPermittedError, and the envelope's errors (Failure.REPLAY for an id that came before
    with other bytes); a refusal is audited.
    """
    if caller.agency_id != agency_id:
        raise AbsentError
    require(caller, Capability.STATEMENT_SUBMIT, also)
    try:
        with transaction.atomic():
            # Locked, so that of two simultaneous statements the second sees the first's effect.
            agency = Agency.objects.select_for_update().get(pk=agency_id)
            unverified = parse_statement(jws)
            known = _find_known(agency, unverified, k)
            if known is not None:
                return known
            _verify(unverified, agency.pk, now)
            effect(agency, unverified.statement)
            return _keep(agency, unverified, now)
    except EnvelopeError as refused:
        _record_refusal(caller, agency_id, k, refused, now)
        raise


def _find_known(agency: Agency, unverified: UnverifiedStatement, k: str) -> OwnStatement | None:
    stated = unverified.statement
    if stated.k != k:
        raise VerificationError(Failure.TYP, stated.k)
    row = OwnStatement.objects.filter(agency=agency, statement_id=stated.id).first()
    if row is not None and row.od != unverified.od:
        raise VerificationError(Failure.REPLAY, stated.id)
    return row


def _verify(unverified: UnverifiedStatement, agency_id: str, now: datetime) -> None:
    """Verify as of now; a statement that a restore has lost, as of its log time."""
    directory, leaf = DatabaseKeyDirectory(now), wanted_place(unverified.od)
    if unverified.statement.iss != agency_id:
        raise VerificationError(Failure.ISSUER)
    if leaf is None:
        accept_statement(unverified, caller=agency_id, directory=directory, now=int(now.timestamp()))
    else:
        verify_statement(unverified, directory, log_time=leaf.t, index=leaf.index)


def _keep(agency: Agency, unverified: UnverifiedStatement, now: datetime) -> OwnStatement:
    stated = unverified.statement
    row = OwnStatement.objects.create(
        od=unverified.od,
        agency=agency,
        k=stated.k,
        statement_id=stated.id,
        iat=stated.iat,
        jws=unverified.raw,
        accepted_at=now,
    )
    append_entry(row.od, now=now)
    return row


@transaction.atomic
def _record_refusal(caller: Actor, agency_id: str, k: str, refused: EnvelopeError, now: datetime) -> None:
    record_event(
        f"{k}.refused",
        actor=caller.audit_name,
        agency=agency_id,
        subject=agency_id,
        detail={"code": str(refused.code)},
        now=now,
    )
