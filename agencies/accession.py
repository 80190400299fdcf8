# SPDX-License-Identifier: Apache-2.0
"""Accession: the operator admits an agency, a fingerprint from paper binds its root, signatures prove its keys.

The operator enters the fingerprint of the agency's root and hands over a key for entering (`agencies.entrykeys`). With it the
agency asks for a challenge and hands in its keyset with a proof of possession. A keyset counts only when

- the pinned root signed it and it follows the one before,
- nobody else registered one of its keys,
- every new key answered a challenge of ours.

It enters the ledger in the transaction that stores it. Source: docs/spec/envelope.md, "Keys".
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accord.envelope import challenges as envelope
from accord.envelope.encoding import members
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, VerificationError
from accord.envelope.keys import ENC, SIGN, PublicKey
from accord.envelope.statements.checks import verify_pop, verify_revoke
from accord.envelope.statements.form import UnverifiedStatement, parse_statement
from agencies.entrykeys import end_entry, is_for_entering
from agencies.errors import AgencyExistsError, CustodyRefusedError, KeyTakenError, TooManyKeysetsError
from agencies.expiring_rows import Challenge
from agencies.fingerprints import checked_fingerprint
from agencies.models import Agency, Key, Keyset, KeyState, KeyUse, Revocation, Succession
from agencies.moving import check_custody, take_custody
from agencies.registry import (
    NewKeyset,
    check_root_statement,
    find_known,
    keyset_in_force,
    refuse_taken,
    register_keyset,
    settle_recovery,
    verify_newcomer,
    waiting_recovery,
)
from agencies.similar_names import refuse_similar_name
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.directory import NO_COUNTRY, WITHOUT_COUNTRY, AgencyStatus
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.audit import record_event
from ledger.entries import append_entry

CHALLENGE_LIVES: Final = timedelta(seconds=envelope.CHALLENGE_LIFETIME_SECS)
MAX_CHALLENGED_KEYS: Final = 16
MOST_KEYSETS_A_DAY: Final = 30
"""Far more than a change of every key takes; each keyset is kept for ever and read by everybody."""


def admit_agency(
    operator: Actor,
    agency_id: str,
    *,
    name: str,
    kind: str,
    country: str,
    timezone: str,
    language: str,
    custody: str,
    root_fingerprint: str = "",
    duty_phone: str = "",
    compared: bool = False,
    resembles: bool = False,
    now: datetime,
) -> Agency:
    """Admit a new agency, which is entering until its first keyset is accepted. `root_fingerprint`: 64 hex digits, spaces allowed.

    `country` may be empty for a body that belongs to none, whose id begins with `WITHOUT_COUNTRY`. `compared`: both sides have read the fingerprint to each other; kept in the audit. `resembles`: as for `refuse_twin`. Raises
    NotPermittedError, InputError, AgencyExistsError.
    """
    require(operator, Capability.HUB_OPERATE)
    agency = Agency(
        id=agency_id,
        name=name.strip(),
        kind=kind,
        country=country or (NO_COUNTRY if agency_id.startswith(WITHOUT_COUNTRY) else ""),
        timezone=timezone,
        language=language,
        custody=custody,
        root_fingerprint=checked_fingerprint(root_fingerprint, custody),
        duty_phone=duty_phone.strip(),
        admitted_at=now,
    )
    _check_fields(agency)
    _check_country(agency)
    with transaction.atomic():
        if Agency.objects.filter(pk=agency_id).exists() or Agency.objects.filter(name=agency.name).exists():
            raise AgencyExistsError(agency_id)
        refuse_similar_name(agency.name, resembles=resembles)
        try:
            agency.save(force_insert=True)
        except IntegrityError:
            raise AgencyExistsError(agency_id) from None
        _record_admission(operator, agency, compared, now)
    return agency


def issue_challenge(
    caller: Actor, agency_id: str, keys: Sequence[Mapping[str, Any]], *, now: datetime
) -> envelope.Challenge:
    """Issue a one-time challenge over `{jwk, use}` rows, with a nonce sealed to each encryption key; valid for ten minutes.

    Raises AbsentError, NotPermittedError, MalformedError, KeyRefusedError, KeyTakenError.
    """
    agency = _agency_of_caller(caller, agency_id, also=Capability.STATEMENT_SUBMIT)
    offered = [_read_offered(key) for key in _at_most(keys, MAX_CHALLENGED_KEYS)]
    refuse_taken(agency.pk, {key.kid: str(key.use) for key in offered})
    sealed_to = [key for key in offered if key.use == ENC]
    nonces = [secrets.token_bytes(envelope.NONCE_BYTES) for _ in sealed_to]
    challenge = envelope.issue_challenge(
        agency.pk, sealed_to, challenge=secrets.token_bytes(envelope.NONCE_BYTES), nonces=nonces
    )
    Challenge.objects.create(
        chal=challenge.chal,
        agency=agency,
        nonce_digests=challenge.nonce_digests,
        expires_at=now + CHALLENGE_LIVES,
    )
    return challenge


def accept_keyset(
    caller: Actor,
    agency_id: str,
    *,
    pop: bytes | None,
    keyset: bytes,
    for_desk: bool = False,
    now: datetime,
) -> Keyset:
    """Verify and store a keyset and hand it to the ledger; the same bytes again return the same row.

    `pop` proves possession of the keys the keyset adds; it may be None when it adds none. `for_desk`: the agency's first API
    key, which comes with its first keyset, may do what a desk does. Raises AbsentError,
    NotPermittedError, TooManyKeysetsError, KeyTakenError, CustodyRefusedError and the envelope's errors; a refusal is
    audited.
    """
    if caller.agency_id != agency_id:
        raise AbsentError
    # Before any right is checked: a system whose first answer was lost has lost its right by that success.
    known = find_known(agency_id, keyset)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            _agency_of_caller(caller, agency_id, lock=True, also=Capability.STATEMENT_SUBMIT)
            settle_recovery(agency_id, now=now)
            agency = Agency.objects.get(pk=agency_id)
            is_first = agency.status == AgencyStatus.ENTERING
            newcomer = verify_newcomer(agency, keyset, now=now)
            if newcomer.known is not None:
                return newcomer.known
            _require_room(agency, newcomer, now)
            _check_newcomer(agency, newcomer)
            if not newcomer.is_logged:
                _prove_possession(agency, newcomer, pop, now)
            stored = register_keyset(caller, agency, newcomer, now=now)
            take_custody(caller, agency, newcomer.keyset, now=now)
            if is_first:
                end_entry(caller, agency, stored, newcomer.keyset, for_desk=for_desk, now=now)
            return stored
    except (EnvelopeError, TooManyKeysetsError, KeyTakenError, CustodyRefusedError) as refused:
        _record_refusal(caller, agency_id, refused, now)
        raise


def accept_revoke(caller: Actor, jws: bytes, *, now: datetime) -> Revocation:
    """Verify and store a `revoke` by the caller's root and hand it to the ledger; the same bytes again return the same row.

    The root is the one in force: a recovered root that waits revokes nothing. The key is blocked at once; the revocation counts
    from its log time. Raises AbsentError, NotPermittedError and the envelope's errors (Failure.REPLAY for an id that came
    before with other bytes); a refusal is audited.
    """
    agency_id = caller.agency_id or ""
    try:
        with transaction.atomic():
            agency = _agency_of_caller(caller, agency_id, lock=True, also=Capability.STATEMENT_SUBMIT)
            return _known_revoke(agency, parse_statement(jws)) or _revoke(caller, agency, jws, now)
    except EnvelopeError as refused:
        _record_refusal(caller, agency_id, refused, now, act="key.revoke_refused")
        raise


def suspend_agency(operator: Actor, agency_id: str, *, now: datetime) -> Agency:
    """Stop new flow to and from an agency on this hub; nothing is deleted. A second call changes nothing."""
    require(operator, Capability.HUB_OPERATE)
    with transaction.atomic():
        locked = Agency.objects.select_for_update().get(pk=agency_id)
        if locked.status == AgencyStatus.SUSPENDED:
            return locked
        locked.status, locked.suspended_at = AgencyStatus.SUSPENDED, now
        locked.save(update_fields=["status", "suspended_at"])
        _record("agency.suspended", operator, locked.pk, locked.pk, now)
    return locked


def resume_agency(operator: Actor, agency_id: str, *, now: datetime) -> Agency:
    """Let flow start again; an agency without a keyset is entering again."""
    require(operator, Capability.HUB_OPERATE)
    with transaction.atomic():
        locked = Agency.objects.select_for_update().get(pk=agency_id)
        if locked.status != AgencyStatus.SUSPENDED:
            return locked
        has_keyset = Keyset.objects.filter(agency=locked).exists()
        locked.status = AgencyStatus.ACTIVE if has_keyset else AgencyStatus.ENTERING
        locked.suspended_at = None
        locked.save(update_fields=["status", "suspended_at"])
        _record("agency.resumed", operator, locked.pk, locked.pk, now)
    return locked


def suspend_key(actor: Actor, kid: str, *, now: datetime) -> Key:
    """Block a key at intake, for a system of its agency; this says nothing about the past. A second call changes nothing.

    A later keyset, signed by the root, lifts the block: whoever stole an API key can stop sending with it but not start it.
    Raises AbsentError, NotPermittedError.
    """
    with transaction.atomic():
        key = Key.objects.select_for_update().filter(pk=kid, use__in=[SIGN, ENC]).first()
        if key is None or key.agency_id != actor.agency_id:
            raise AbsentError
        require(actor, Capability.KEY_SUSPEND)
        if key.suspended_at is None:
            key.suspended_at, key.until_keyset = now, True
            key.save(update_fields=["suspended_at", "until_keyset"])
            _record("key.suspended", actor, key.agency_id, kid, now)
    return key


def _known_revoke(agency: Agency, unverified: UnverifiedStatement) -> Revocation | None:
    """Return the row of the same statement; raise VerificationError where its id came with other bytes."""
    for row in Revocation.objects.filter(agency=agency):
        if row.od == unverified.od:
            return row
        if parse_statement(bytes(row.jws)).statement.id == unverified.statement.id:
            raise VerificationError(Failure.REPLAY, unverified.statement.id)
    return None


def _revoke(caller: Actor, agency: Agency, jws: bytes, now: datetime) -> Revocation:
    standing = keyset_in_force(agency.pk, now=now)
    if standing is None:
        raise VerificationError(Failure.KEYSET_UNKNOWN, agencies=(agency.pk,))
    statement = verify_revoke(jws, standing)
    check_root_statement(statement, agency.pk, now)
    body = statement.body
    revocation = Revocation.objects.create(
        od=statement.od,
        agency=agency,
        key_id=body["kid"],
        since=body["since"],
        code=body["code"],
        jws=jws,
        accepted_at=now,
    )
    key = Key.objects.select_for_update().get(pk=body["kid"])
    key.st, key.since = KeyState.REVOKED, min(body["since"], key.since or body["since"])
    key.save(update_fields=["st", "since"])
    append_entry(statement.od, kind="revoke", agency=agency.pk, now=now)
    _record("key.revoked", caller, agency.pk, key.kid, now, {"code": body["code"], "since": body["since"]})
    return revocation


def _agency_of_caller(
    caller: Actor, agency_id: str, *, lock: bool = False, also: Capability = Capability.KEY_ENROL
) -> Agency:
    """Return the caller's own agency; any other is absent. `also` is a capability that may replace a key officer's."""
    if caller.agency_id != agency_id:
        raise AbsentError
    if not caller.capabilities & {Capability.KEY_ENROL, Capability.KEY_MANAGE, also}:
        raise NotPermittedError(Capability.KEY_MANAGE, ask=_("a key officer of your agency"))
    found = Agency.objects.select_for_update() if lock else Agency.objects.all()
    agency = found.filter(pk=agency_id).first()
    if agency is None:
        raise AbsentError
    if is_for_entering(caller) and agency.status != AgencyStatus.ENTERING:
        raise NotPermittedError(Capability.STATEMENT_SUBMIT, ask=_("a key of your agency's own"))
    return agency


def _require_room(agency: Agency, newcomer: NewKeyset, now: datetime) -> None:
    """Raise TooManyKeysetsError. A recovery and the answer to one always pass: they decide who the agency is."""
    lately = Keyset.objects.filter(agency=agency, accepted_at__gt=now - timedelta(days=1)).exclude(
        succession=Succession.RECOVERED
    )
    times = list(lately.order_by("-accepted_at").values_list("accepted_at", flat=True)[:MOST_KEYSETS_A_DAY])
    if len(times) < MOST_KEYSETS_A_DAY or newcomer.keyset.succession == Succession.RECOVERED:
        return
    if waiting_recovery(agency.pk, now=now) is None:
        raise TooManyKeysetsError(agency.pk, times[-1] + timedelta(days=1), now=now)


def _check_newcomer(agency: Agency, newcomer: NewKeyset) -> None:
    check_custody(agency, newcomer)
    claims = {row.kid: str(row.use) for row in newcomer.keyset.rows}
    refuse_taken(agency.pk, claims | {key.kid: KeyUse.ROOT.value for key in newcomer.keyset.root})


def _prove_possession(agency: Agency, newcomer: NewKeyset, pop: bytes | None, now: datetime) -> None:
    if not newcomer.added:
        return
    if pop is None:
        raise VerificationError(Failure.CHALLENGE, "proof of possession missing")
    challenge = _take_challenge(agency, pop, now)
    if {row.kid for row in newcomer.added if row.use == ENC} != challenge.nonce_digests.keys():
        raise VerificationError(Failure.CHALLENGE, "other encryption keys")
    verify_pop(
        pop,
        agency=agency.pk,
        signing=_keys_to_sign(newcomer),
        chal=challenge.chal,
        nonce_digests=challenge.nonce_digests,
        now=int(now.timestamp()),
    )


def _keys_to_sign(newcomer: NewKeyset) -> list[PublicKey]:
    """Return the new signing keys; where only encryption keys are new, the current signing keys, which vouch for them."""
    new = [row.key for row in newcomer.added if row.use == SIGN]
    current = [row.key for row in newcomer.keyset.rows if row.use == SIGN and row.st == KeyState.CURRENT]
    return new or current


def _take_challenge(agency: Agency, pop: bytes, now: datetime) -> Challenge:
    """Return the challenge that a proof answers, and use it up in this transaction."""
    chal = parse_statement(pop).statement.body.get("chal")
    challenge = Challenge.objects.select_for_update().filter(pk=chal, agency=agency).first()
    if challenge is None or challenge.used_at is not None or now >= challenge.expires_at:
        raise VerificationError(Failure.CHALLENGE, "unknown, used or expired")
    challenge.used_at = now
    challenge.save(update_fields=["used_at"])
    return challenge


def _at_most(keys: Sequence[Mapping[str, Any]], limit: int) -> Sequence[Mapping[str, Any]]:
    if not 1 <= len(keys) <= limit:
        raise MalformedError("keys")
    return keys


def _read_offered(value: object) -> PublicKey:
    row = members(value, frozenset({"jwk", "use"}), "keys row")
    if not isinstance(row["jwk"], Mapping) or row["use"] not in (SIGN, ENC):
        raise MalformedError("keys row")
    return PublicKey.from_jwk(row["jwk"], row["use"])


def _check_fields(agency: Agency) -> None:
    try:
        agency.clean_fields()
    except ValidationError as refused:
        field, problems = next(iter(refused.message_dict.items()))
        raise InputError(field, " ".join(problems)) from None


def _check_country(agency: Agency) -> None:
    if (agency.country == NO_COUNTRY) != agency.pk.startswith(WITHOUT_COUNTRY):
        raise InputError("country", _("Country: XX belongs to ids that begin with xx-, and to no other."))


def _record_admission(operator: Actor, agency: Agency, compared: bool, now: datetime) -> None:
    detail = {
        "custody": agency.custody,
        "root_fingerprint": agency.root_fingerprint,
        "compared": compared,
    }
    _record("agency.admitted", operator, agency.pk, agency.pk, now, detail)


def _record_refusal(
    caller: Actor, agency_id: str, refused: Exception, now: datetime, *, act: str = "keyset.refused"
) -> None:
    code = getattr(refused, "code", type(refused).__name__)
    with transaction.atomic():
        _record(act, caller, agency_id, agency_id, now, {"code": str(code)})


def _record(
    act: str,
    actor: Actor,
    agency_id: str,
    subject: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    record_event(act, actor=actor.audit_name, agency=agency_id, subject=subject, detail=detail, now=now)
