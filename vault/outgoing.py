# SPDX-License-Identifier: Apache-2.0
"""Handing in an agency's signed keysets and revocations at the exchange, over its API; survives a crash at any point.

- What the root has signed is kept, with the private keys drawn for it, in the transaction that makes it (`keep_statement`).
- Then it is handed in (`send_statement`). The exchange answers the same octets alike, so that this may be repeated; while
  the exchange is away the statement waits, and the desk-worker repeats it.
- A statement that the exchange takes is settled. One that it refuses for good ends, and its private keys are deleted a
  day later, when these octets can no longer come in by any way.
"""

import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from accord.calls.answers import MOST_WANTED, KeysetTaken
from accord.calls.errors import (
    AnswerError,
    ApiKeyRefusedError,
    BusyError,
    ClientError,
    RefusedError,
    UnreachableError,
)
from accord.calls.exchange import Exchange
from accord.calls.verdicts import is_final
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import ENC, PQ1, SIGN
from accord.envelope.keysets import KeyRow, Keyset, read_keyset
from accord.envelope.private import DecryptionKey, SignerSet, SigningKey
from accord.envelope.statements.checks import pop_suite
from accord.envelope.statements.form import make_statement, parse_statement
from accord.envelope.unseal import open_challenge, open_credential
from accord.envelope.vocabulary import MAX_IAT_AGE_SECS
from accord.following.pinned import read_record
from accord.moments import moment_of
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, NotBoundError
from callers.identifiers import RANDOM_SIZE_BYTES, uuid7_at
from callers.task_calls import call_task
from ledger.audit import record_event
from peers.exchange import calling_agencies, exchange_of
from peers.following import follow_keysets, follow_own_waiting
from vault.changes import PrivateKey
from vault.errors import (
    ChangeRefusedError,
    ChangeWaitsError,
    CustodyRefusedError,
    KeyTakenError,
    MayBeTakenError,
    SigningKeysMissingError,
    VaultError,
)
from vault.exchangekeys import NOT_PERMITTED, keep_first_key
from vault.handing import has_left
from vault.instances import ANNOUNCE_TASK, HELD_ELSEWHERE, announce, may_send, may_send_now
from vault.models import KeyStatement, VaultKey
from vault.own_keys import KEYSET, REVOKE, own_memory
from vault.wrapped_keys import private_keys

FORGOTTEN_AFTER: Final = timedelta(seconds=MAX_IAT_AGE_SECS) + timedelta(hours=1)
"""Age above which no statement is accepted, whatever the clocks."""
LOST_AFTER: Final = timedelta(minutes=10)
GIVEN_UP: Final = "given-up"
ALTERED: Final = "altered"
LACKS_RIGHT: Final = "lacks-right"
_NONCE_SIZE_BYTES = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UntakenStatement:
    """Statement that the exchange has not taken, for people.

    `trouble` is what prevented the last attempt, `cause` why it was refused, or empty. `act` is its audit event,
    `change` the name of a proposal's change, or empty.
    """

    od: str
    k: str
    kid: str
    act: str
    change: str
    made_at: datetime
    tried_at: datetime | None
    trouble: str
    cause: str


def list_untaken(agency_id: str) -> list[UntakenStatement]:
    """List what waits for the exchange or was refused by it, without what was given up; oldest first."""
    rows = KeyStatement.objects.filter(agency_id=agency_id, taken_at=None).exclude(cause=GIVEN_UP)
    return [_fact(row) for row in rows.order_by("made_at")]


def _fact(row: KeyStatement) -> UntakenStatement:
    trouble, change = row.trouble if row.is_bound else ALTERED, str(row.detail.get("change", ""))
    return UntakenStatement(
        row.od, row.k, row.kid, row.act, change, row.made_at, row.tried_at, trouble, row.cause
    )


def keep_statement(
    actor: Actor,
    agency_id: str,
    jws: bytes,
    act: str,
    *,
    keyset: Keyset | None = None,
    drawn: Sequence[str] = (),
    now: datetime,
    **detail: Any,
) -> KeyStatement:
    """Keep what the root has signed, in the caller's transaction; `keyset` as it was verified, None for a revocation.

    Raises ChangeWaitsError where a keyset of the agency waits.
    """
    unverified = parse_statement(jws)
    statement = KeyStatement(
        od=unverified.od,
        agency_id=agency_id,
        k=REVOKE if keyset is None else KEYSET,
        kid=unverified.statement.body["kid"] if keyset is None else "",
        jws=jws.decode(),
        succession="" if keyset is None else keyset.succession,
        drawn=sorted(drawn),
        act=act,
        detail=detail,
        made_by=actor.audit_name,
        made_at=now,
    )
    try:
        with transaction.atomic():
            statement.save(force_insert=True)
    except IntegrityError:
        raise ChangeWaitsError from None
    return statement


def require_none_waits(agency_id: str) -> None:
    """Raise ChangeWaitsError where a keyset of the agency waits for the exchange."""
    if KeyStatement.objects.filter(agency_id=agency_id, k=KEYSET, taken_at=None, ended_at=None).exists():
        raise ChangeWaitsError


def send_statement(od: str, *, now: datetime) -> KeyStatement:
    """Hand in a statement that waits; return it as taken, or as still waiting with what prevented it.

    A keyset waits while another holder has the agency's identity, since two holders would make keysets against each
    other. A revocation, which only takes power away, is sent anyway. Not inside a transaction. Raises KeyTakenError,
    CustodyRefusedError or ChangeRefusedError where the exchange refuses it for good, NotBoundError for one that was
    altered, AbsentError.
    """
    if not _may_go_out(od, now):
        return _note_trouble(od, HELD_ELSEWHERE)
    statement = _begin_try(od, now)
    if not statement.is_waiting:
        return statement
    try:
        exchange = exchange_of(statement.agency_id)
        taken = _hand_in(exchange, statement, now)
    except RefusedError as refused:
        if is_final(refused):
            return _end(od, refused, now)
        return _note_trouble(od, _trouble_of(refused))
    except ClientError as trouble:
        return _note_trouble(od, _trouble_of(trouble))
    return _settle(od, taken, now)


def send_waiting(*, now: datetime) -> int:
    """Hand in all statements that wait, and clear those that are over; return how many were taken.

    Errors of single statements are raised as a group, after all were tried.
    """
    taken, troubles = 0, list[Exception]()
    for statement in list(KeyStatement.objects.filter(taken_at=None, ended_at=None).order_by("made_at")):
        try:
            taken += send_statement(statement.od, now=now).taken_at is not None
        except (KeyTakenError, CustodyRefusedError, ChangeRefusedError):
            log.warning(
                "the exchange has refused a statement of %s", statement.agency_id, extra={"od": statement.od}
            )
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is raised below
            troubles.append(trouble)
    over = (
        KeyStatement.objects.exclude(taken_at=None, ended_at=None)
        .order_by("agency_id")
        .values_list("agency_id")
    )
    for (agency_id,) in list(over.distinct()):
        try:
            _let_go(agency_id, now)
        except ClientError:
            continue
        except Exception as trouble:  # noqa: BLE001 - as above
            troubles.append(trouble)
    if troubles:
        raise ExceptionGroup("statements of agencies that could not be handed in", troubles)
    return taken


def send_again(actor: Actor, agency_id: str, od: str, *, now: datetime) -> KeyStatement:
    """Hand in a waiting statement at once, for a key officer of the agency. Raises as `send_statement`, and NotPermittedError."""
    if not _require_open(actor, agency_id, od).is_waiting:
        raise AbsentError
    return send_asked(actor, agency_id, od, now=now)


def send_asked(actor: Actor, agency_id: str, od: str, *, now: datetime) -> KeyStatement:
    """Hand in a statement at a person's request; where the exchange named another holder, announce this desk again first."""
    if not may_send(agency_id) and not has_left(agency_id):
        with suppress(ClientError, NotBoundError, VaultError):
            announce(actor, agency_id, now=now)
    return send_statement(od, now=now)


def give_all_again() -> int:
    """Do `give_again` for each agency; return how many statements were given. What fails for one is tried again in the
    next round.
    """
    given = 0
    for agency_id in filter(may_send, calling_agencies()):
        try:
            given += give_again(agency_id)
        except (ClientError, NotBoundError) as trouble:
            log.warning("keys of %s were not given again: %s", agency_id, type(trouble).__name__)
    return given


def give_again(agency_id: str) -> int:
    """Hand in again the logged keysets and revocations that a restored exchange has lost; return how many. Not inside a
    transaction.
    """
    exchange, memory = exchange_of(agency_id), own_memory(agency_id)
    keysets = {read_record(record).od: record.jws.encode() for record in memory.keysets(agency_id)}
    revokes = {record.od: record.jws.encode() for record in memory.revocations(agency_id)}
    ods, given = [*keysets, *revokes], 0
    for first in range(0, len(ods), MOST_WANTED):
        for od in exchange.wanted(ods[first : first + MOST_WANTED]):
            if od in keysets:
                exchange.post_keyset(agency_id, pop=None, keyset=keysets[od])
            else:
                exchange.post_statement(parse_statement(revokes[od]).statement.id, revokes[od])
            given += 1
    return given


def give_up(actor: Actor, agency_id: str, od: str, *, now: datetime) -> None:
    """End a statement that waits, or put away one that was refused, for a key officer of the agency. Not inside a transaction.

    One that the exchange has taken without our receiving its answer is settled instead. Raises NotPermittedError,
    AbsentError, MayBeTakenError.
    """
    statement = _require_open(actor, agency_id, od)
    if (
        statement.is_waiting
        and statement.is_bound
        and statement.tried_at is not None
        and _was_taken(statement, now)
    ):
        return
    _put_away(actor, od, now)


def _require_open(actor: Actor, agency_id: str, od: str) -> KeyStatement:
    """Return a statement that waits or was refused; raises NotPermittedError, AbsentError."""
    require(actor, Capability.KEY_MANAGE)
    if actor.agency_id != agency_id:
        raise AbsentError
    statement = (
        KeyStatement.objects.filter(pk=od, agency_id=agency_id, taken_at=None).exclude(cause=GIVEN_UP).first()
    )
    if statement is None:
        raise AbsentError
    return statement


def _was_taken(statement: KeyStatement, now: datetime) -> bool:
    """Tell whether the exchange has the statement after all, and settle it if so; raises MayBeTakenError where it cannot
    be asked.
    """
    try:
        is_there = _is_there(exchange_of(statement.agency_id), statement)
    except ClientError as away:
        raise MayBeTakenError from away
    if is_there:
        send_statement(statement.od, now=now)
    return is_there


@transaction.atomic
def _put_away(actor: Actor, od: str, now: datetime) -> None:
    statement = KeyStatement.objects.select_for_update().filter(pk=od, taken_at=None).first()
    if statement is None:
        raise AbsentError
    record_event(
        "agency.change_given_up",
        actor=actor.audit_name,
        agency=statement.agency_id,
        subject=od,
        detail={"act": statement.act},
        now=now,
    )
    if statement.k == REVOKE or not statement.is_bound:
        # For an altered row the kids of its private keys cannot be trusted, so that the keys stay.
        statement.delete()
        return
    statement.ended_at, statement.cause = statement.ended_at or now, GIVEN_UP
    statement.save(update_fields=["ended_at", "cause"])


def _may_go_out(od: str, now: datetime) -> bool:
    statement = KeyStatement.objects.filter(pk=od, k=KEYSET, taken_at=None, ended_at=None).first()
    return statement is None or may_send_now(statement.agency_id, now=now)


@transaction.atomic
def _begin_try(od: str, now: datetime) -> KeyStatement:
    """Note that the statement may be at the exchange from now on; return it with the time of the attempt before."""
    statement = KeyStatement.objects.select_for_update().filter(pk=od).first()
    if statement is None:
        raise AbsentError
    statement.require_bound()
    before = statement.tried_at
    if statement.is_waiting:
        KeyStatement.objects.filter(pk=od).update(tried_at=now)
    statement.tried_at = before
    return statement


def _hand_in(exchange: Exchange, statement: KeyStatement, now: datetime) -> KeysetTaken:
    jws = statement.jws.encode()
    if statement.k == REVOKE:
        exchange.post_statement(parse_statement(jws).statement.id, jws)
        return KeysetTaken()
    # The exchange refuses a challenge to a key for entering once the keyset stands.
    is_known = statement.tried_at is not None and _is_there(exchange, statement)
    pop = None if is_known else _prove_possession(exchange, statement, now)
    return exchange.post_keyset(statement.agency_id, pop=pop, keyset=jws)


def _is_there(exchange: Exchange, statement: KeyStatement) -> bool:
    """Tell whether the exchange has this keyset, even before the log has it."""
    if statement.k == REVOKE:
        return False
    entering = exchange.accession()
    if entering is not None:
        return entering.keyset == statement.od
    found = exchange.keyset(statement.agency_id, statement.keyset.version)
    return found is not None and read_keyset(found.keyset).od == statement.od


def _prove_possession(exchange: Exchange, statement: KeyStatement, now: datetime) -> bytes | None:
    """Make a `pop` by the new signing keys in the keyset's order, else by those in use; None where no key is new."""
    rows = statement.keyset.rows
    added = [row for row in rows if row.kid in statement.drawn]
    if not added:
        return None
    offered = [{"jwk": row.key.jwk, "use": row.use} for row in added]
    challenge = exchange.challenge(statement.agency_id, offered)
    if {kid for kid, _ in challenge.sealed} != {row.kid for row in added if row.use == ENC}:
        raise AnswerError("The hub's challenge is not about the keys that were offered.")
    opening = private_keys(statement.agency_id, [kid for kid, _ in challenge.sealed])
    signer = SignerSet(_proving_keys(statement.agency_id, rows, added))
    return make_statement(
        "pop",
        iss=statement.agency_id,
        signer=signer,
        suite=pop_suite(signer.signers),
        id=new_id(now),
        iat=int(now.timestamp()),
        nonce=secrets.token_bytes(_NONCE_SIZE_BYTES),
        body={
            "chal": challenge.chal,
            "enc": [
                {"kid": kid, "nonce": _nonce(statement.agency_id, challenge.chal, jwe, opening.get(kid))}
                for kid, jwe in challenge.sealed
            ],
        },
    )


def _nonce(agency_id: str, chal: str, jwe: dict[str, Any], key: PrivateKey | None) -> str:
    if not isinstance(key, DecryptionKey):
        raise SigningKeysMissingError(agency_id, PQ1)
    return open_challenge(jwe, agency=agency_id, chal=chal, key=key)


def _proving_keys(agency_id: str, rows: Sequence[KeyRow], added: Sequence[KeyRow]) -> list[SigningKey]:
    new = [row.kid for row in added if row.use == SIGN]
    wanted = new or [row.kid for row in rows if row.use == SIGN and row.st == "current"]
    held = private_keys(agency_id, wanted)
    keys = [key for kid in wanted if isinstance(key := held.get(kid), SigningKey)]
    if not keys or len(keys) != len(wanted):
        raise SigningKeysMissingError(agency_id, PQ1)
    return keys


@transaction.atomic
def _settle(od: str, taken: KeysetTaken, now: datetime) -> KeyStatement:
    """Note that the exchange has taken the statement: keep what came with it, and record the audit event once."""
    statement = KeyStatement.objects.select_for_update().get(pk=od)
    if statement.taken_at is not None:
        return statement
    statement.taken_at, statement.ended_at, statement.cause = now, None, ""
    statement.save(update_fields=["taken_at", "ended_at", "cause"])
    record_event(
        statement.act,
        actor=statement.made_by,
        agency=statement.agency_id,
        subject=od,
        detail=statement.detail,
        now=now,
    )
    _keep_first_key(statement, taken)
    return statement


def _keep_first_key(statement: KeyStatement, taken: KeysetTaken) -> None:
    """Keep the first API key, which the exchange gives, sealed, with an agency's first keyset."""
    if taken.api_key is None or taken.until is None:
        return
    key = private_keys(statement.agency_id, [taken.api_key.kid]).get(taken.api_key.kid)
    if not isinstance(key, DecryptionKey):
        log.error("the first API key of %s is sealed to no key of its vault", statement.agency_id)
        return
    try:
        text = open_credential(taken.api_key, agency=statement.agency_id, od=statement.od, key=key)
    except EnvelopeError:
        log.error("the first API key of %s does not open", statement.agency_id)
        return
    keep_first_key(statement.agency_id, text, moment_of(taken.until))
    call_task(ANNOUNCE_TASK)


def _end(od: str, refused: RefusedError, now: datetime) -> KeyStatement:
    """Note the refusal and raise it; return the statement where another attempt was told that it is taken."""
    with transaction.atomic():
        statement = KeyStatement.objects.select_for_update().get(pk=od)
        if statement.is_waiting:
            _note_refusal(statement, refused, now)
    if statement.taken_at is not None:
        return statement
    raise _refusal(statement.agency_id, refused) from refused


def _note_refusal(statement: KeyStatement, refused: RefusedError, now: datetime) -> None:
    statement.taken_at, statement.ended_at, statement.cause = None, now, _code_of(refused)
    statement.save(update_fields=["taken_at", "ended_at", "cause"])
    record_event(
        "agency.change_refused",
        actor=statement.made_by,
        agency=statement.agency_id,
        subject=statement.od,
        detail={"act": statement.act, "code": statement.cause},
        now=now,
    )


def _note_trouble(od: str, trouble: str) -> KeyStatement:
    KeyStatement.objects.filter(pk=od).update(trouble=trouble)
    return KeyStatement.objects.get(pk=od)


def _let_go(agency_id: str, now: datetime) -> None:
    """Delete the statements that the log has, and those that ended long enough ago, with their private keys."""
    statements = list(KeyStatement.objects.filter(agency_id=agency_id).exclude(taken_at=None, ended_at=None))
    memory = own_memory(agency_id)
    if any(statement.taken_at is not None for statement in statements):
        follow_keysets(memory, [agency_id], now=now)
        follow_own_waiting(memory, now=now)
    logged = {read_keyset(record.jws.encode()).od for record in memory.keysets(agency_id)}
    logged |= {record.od for record in memory.revocations(agency_id)}
    for statement in statements:
        statement.require_bound()
        if statement.od in logged:
            KeyStatement.objects.filter(pk=statement.od).delete()
        elif statement.taken_at is not None and statement.taken_at <= now - LOST_AFTER:
            _hand_in_again(statement, now)
        elif statement.ended_at and statement.k == KEYSET and statement.made_at <= now - FORGOTTEN_AFTER:
            _forget_unless_there(statement, now)


def _hand_in_again(statement: KeyStatement, now: datetime) -> None:
    """Hand in again a statement that the log has not shown for long: a restored exchange may have lost it; one that has it
    answers alike.
    """
    try:
        _hand_in(exchange_of(statement.agency_id), statement, now)
    except RefusedError as refused:
        if not is_final(refused):
            raise
        with transaction.atomic():
            _note_refusal(statement, refused, now)


def _forget_unless_there(statement: KeyStatement, now: datetime) -> None:
    if _is_there(exchange_of(statement.agency_id), statement):
        _settle(statement.od, KeysetTaken(), now)
    else:
        _forget(statement)


@transaction.atomic
def _forget(statement: KeyStatement) -> None:
    locked = KeyStatement.objects.select_for_update().filter(pk=statement.od, taken_at=None).first()
    if locked is not None:
        VaultKey.objects.filter(agency_id=statement.agency_id, kid__in=statement.drawn).delete()
        locked.delete()


def _code_of(refused: RefusedError) -> str:
    return str(refused.members.get("code") or refused.slug)[:60]


def _refusal(agency_id: str, refused: RefusedError) -> Exception:
    if refused.slug == "key-taken":
        return KeyTakenError(str(refused.members.get("kid", "")))
    if refused.slug == "custody-refused":
        return CustodyRefusedError(agency_id, str(refused.members.get("custody", "")))
    return ChangeRefusedError(_code_of(refused))


def _trouble_of(trouble: ClientError) -> str:
    """Return a code for what prevented the attempt, which the page knows."""
    if isinstance(trouble, ApiKeyRefusedError):
        return "key-refused"
    if isinstance(trouble, RefusedError) and trouble.slug == NOT_PERMITTED:
        return LACKS_RIGHT
    if isinstance(trouble, BusyError):
        return "busy"
    return "away" if isinstance(trouble, UnreachableError) else "unclear"


def new_id(now: datetime) -> str:
    """Return a fresh UUID of version 7 for `now`."""
    return uuid7_at(now, secrets.token_bytes(RANDOM_SIZE_BYTES))
