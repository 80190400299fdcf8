# SPDX-License-Identifier: Apache-2.0
"""Proposals: statements that an agency's head is asked to sign, where the vault holds the operational keys and not the root.

- The desk builds the exact octets; the head reads them in words and signs them offline (`accord sign`); the desk
  accepts the signed statement and hands it in (`vault.outgoing`), with proof of possession of the keys that it drew.
- Keys drawn for a proposal are neither registered nor used before that.
- A statement is accepted for 24 hours, so that a proposal ends then. One keyset proposal is open at a time; a new one
  replaces it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accord.envelope.encoding import object_digest
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import PublicKey
from accord.envelope.keysets import KeyRow, read_keyset
from accord.envelope.private import private_key_from_bytes
from accord.envelope.statements.form import parse_statement, read_payload
from accord.envelope.vocabulary import MAX_IAT_AGE_SECS, statement_typ
from callers.actors import Actor
from callers.errors import AbsentError, CallerError, InputError
from peers.models import Agency
from vault import hierarchy, outgoing
from vault.agency_keys import (
    check_recovery,
    lock_agency,
    read_revocation,
    record,
    require_key_officer,
    require_keyset,
)
from vault.changes import NAMES, Change, Create, PrivateKey, Retire
from vault.making import build_keyset, build_revoke, keep_keyset, keep_revoke, plan_change
from vault.models import DrawnKey, KeyStatement, Proposal
from vault.own_keys import OwnKeyState, keyset_in_force
from vault.wrapped_keys import ensure_secret, secrets_of

PROPOSAL_LIVES: Final = timedelta(seconds=MAX_IAT_AGE_SECS)
"""Age up to which a signed statement is accepted."""

_KEYSET, _REVOKE = "keyset", "revoke"


@dataclass(frozen=True)
class ProposalFact:
    """An open proposal, for people: `change` names its change, `kid` the key that it concerns, or is empty."""

    od: str
    k: str
    change: str
    kid: str
    made_at: datetime
    sign_until: datetime


@dataclass(frozen=True)
class NewKey:
    """A key that a proposal brings in: its whole id, what it is for (`sign`, `enc`), and by which algorithm."""

    kid: str
    use: str
    alg: str


def propose_keyset(actor: Actor, agency: Agency, *, change: Change, now: datetime) -> bytes:
    """Make the payload of a change's keyset, for the head to sign; fresh keys wait in the vault.

    For a key officer of an agency whose root is with its head. Raises NotPermittedError, AbsentError,
    CustodyRefusedError, InputError, RecoveryWaitsError, ChangeWaitsError, SigningKeysMissingError (no keyset yet).
    """
    require_key_officer(actor, agency)
    with transaction.atomic():
        locked = lock_agency(agency, has_root_here=False)
        _check_beginning(locked, change, now)
        outgoing.require_none_waits(locked.pk)
        check_recovery(locked, change, now)
        plan = plan_change(locked, change, now=now)
        payload = build_keyset(locked, plan, now=now)
        _forget(Proposal.objects.filter(agency_id=locked.pk, k=_KEYSET))
        kid = change.kid if isinstance(change, Retire) else ""
        proposal = _keep(actor, locked, _KEYSET, NAMES[type(change)], kid, payload, now)
        _keep_drawn(locked, proposal, plan.drawn, now)
    return payload


def propose_revoke(
    actor: Actor, agency: Agency, *, kid: str, since: datetime, code: str, now: datetime
) -> bytes:
    """Make the payload of a revoke, for the head to sign; the key can be suspended meanwhile. Raises as `propose_keyset`."""
    require_key_officer(actor, agency)
    body = read_revocation(agency, kid=kid, since=since, code=code, now=now)
    with transaction.atomic():
        locked = lock_agency(agency, has_root_here=False)
        payload = build_revoke(locked, require_keyset(locked, now).root, body, now=now)
        _forget(Proposal.objects.filter(agency_id=locked.pk, k=_REVOKE, kid=kid))
        _keep(actor, locked, _REVOKE, "revoke", kid, payload, now)
    return payload


def list_proposals(actor: Actor, agency: Agency, *, now: datetime) -> list[ProposalFact]:
    """List proposals that wait for the head's signature, oldest first."""
    require_key_officer(actor, agency)
    return [
        ProposalFact(row.od, row.k, row.change, row.kid, row.made_at, row.made_at + PROPOSAL_LIVES)
        for row in _open(agency, now).order_by("made_at")
    ]


def read_proposal(actor: Actor, agency: Agency, od: str, *, now: datetime) -> bytes:
    """Return the payload of an open proposal; raises AbsentError."""
    require_key_officer(actor, agency)
    row = _open(agency, now).filter(pk=od).first()
    if row is None:
        raise AbsentError
    return bytes(row.payload)


def new_keys(actor: Actor, agency: Agency, od: str, *, now: datetime) -> list[NewKey]:
    """List the keys that an open proposal brings in, as `accord sign` lists them; none where it brings none. Raises AbsentError."""
    payload = read_proposal(actor, agency, od, now=now)
    drawn = set(DrawnKey.objects.filter(proposal_id=od).values_list("kid", flat=True))
    if not drawn:
        return []
    keys = (PublicKey(row["jwk"], row["use"]) for row in read_payload(payload, _KEYSET).body["keys"])
    return [NewKey(key.kid, key.use, key.alg) for key in keys if key.kid in drawn]


def previous_keyset(actor: Actor, agency: Agency, *, now: datetime) -> bytes | None:
    """Return the keyset that a proposal follows, as signed, so that the head can compare; None before the first."""
    require_key_officer(actor, agency)
    own_keys = OwnKeyState(agency.pk, now)
    return None if own_keys.keyset is None else own_keys.jws_of(own_keys.keyset.od)


def discard_proposal(actor: Actor, agency: Agency, od: str, *, now: datetime) -> None:
    """Discard a proposal and the keys drawn for it; raises AbsentError."""
    require_key_officer(actor, agency)
    with transaction.atomic():
        locked = lock_agency(agency, has_root_here=False)
        found = Proposal.objects.filter(agency_id=locked.pk, pk=od)
        if not found.exists():
            raise AbsentError
        _forget(found)
        record("agency.proposal_discarded", actor, locked, od, now)


def accept_proposal(actor: Actor, agency: Agency, signed: bytes, *, now: datetime) -> KeyStatement | None:
    """Accept the signed statement of a proposal and hand it in; return None where the log has it already.

    The same octets may be given again. Not inside a transaction. Raises as `propose_keyset`, InputError on `signed` (no
    open proposal), ChangeWaitsError, the envelope's errors, and what `send_statement` raises. A refusal is audited.
    """
    require_key_officer(actor, agency)
    od = parse_statement(signed).od
    try:
        with transaction.atomic():
            locked = lock_agency(agency, has_root_here=False)
            if _is_logged(locked, od, now):
                return None
            if not KeyStatement.objects.filter(pk=od, agency_id=locked.pk).exists():
                _accept(actor, locked, signed, od, now)
    except (EnvelopeError, CallerError) as refused:
        code = str(getattr(refused, "code", type(refused).__name__))
        with transaction.atomic():
            record("agency.proposal_refused", actor, agency, od, now, code=code)
        raise
    return outgoing.send_asked(actor, agency.pk, od, now=now)


def forget_proposals(*, now: datetime) -> int:
    """Delete proposals that are too old to be signed, with the keys drawn for them; return how many."""
    with transaction.atomic():
        return _forget(Proposal.objects.filter(made_at__lte=now - PROPOSAL_LIVES))


def _is_logged(agency: Agency, od: str, now: datetime) -> bool:
    return OwnKeyState(agency.pk, now).is_logged(od)


def _accept(actor: Actor, agency: Agency, signed: bytes, od: str, now: datetime) -> None:
    """Replace the proposal by the statement that the head has signed, to be handed in."""
    proposal = _open(agency, now).filter(pk=od).first()
    if proposal is None:
        raise InputError(
            "signed",
            _(
                "File: no open proposal of your agency is signed here. Somebody may have made a newer one or taken this one back: look under Keys, and have signed what is open there, or make a new one."
            ),
        )
    keyset = read_keyset(signed) if proposal.k == _KEYSET else None
    drawn, change = _unwrap_drawn(agency, proposal, keyset.rows if keyset else ()), proposal.change
    _forget(Proposal.objects.filter(pk=od))
    if keyset is None:
        keep_revoke(actor, agency, signed, now=now)
        return
    act, version = "agency.proposal_accepted", keyset.version
    keep_keyset(actor, agency, signed, act, drawn=drawn, now=now, change=change, version=version)


def _check_beginning(agency: Agency, change: Change, now: datetime) -> None:
    """Check that the agency has no keyset yet, and that the root is the one whose fingerprint is on paper. Raises InputError."""
    if not isinstance(change, Create):
        return
    if keyset_in_force(agency.pk, now=now) is not None:
        raise InputError("change", _("Your agency has keys already. Rotate them instead."))
    if change.root.fingerprint != agency.root_fingerprint:
        raise InputError("root", _("Root: its fingerprint is not the one from paper."))


def _open(agency: Agency, now: datetime) -> QuerySet[Proposal]:
    return Proposal.objects.filter(agency_id=agency.pk, made_at__gt=now - PROPOSAL_LIVES)


def _keep(
    actor: Actor, agency: Agency, k: str, change: str, kid: str, payload: bytes, now: datetime
) -> Proposal:
    od = object_digest(statement_typ(k), payload)
    record("agency.change_proposed", actor, agency, od, now, change=change, kid=kid)
    return Proposal.objects.create(
        od=od,
        agency_id=agency.pk,
        k=k,
        change=change,
        kid=kid,
        payload=payload,
        made_by=actor.audit_name,
        made_at=now,
    )


def _keep_drawn(agency: Agency, proposal: Proposal, drawn: Sequence[PrivateKey], now: datetime) -> None:
    if not drawn:
        return
    secret = ensure_secret(agency.pk, now=now)
    DrawnKey.objects.bulk_create(
        DrawnKey(
            kid=key.public.kid,
            proposal=proposal,
            use=key.public.use,
            epoch=secret.epoch,
            wrapped=hierarchy.wrap_private_key(secret, key.public.kid, key.public.use, key.to_bytes()),
        )
        for key in drawn
    )


def _unwrap_drawn(agency: Agency, proposal: Proposal, rows: Sequence[KeyRow]) -> list[PrivateKey]:
    """Unwrap the drawn keys in the order of the keyset's rows; raises SealBrokenError."""
    drawn = {key.kid: key for key in DrawnKey.objects.filter(proposal=proposal)}
    secrets = secrets_of(agency.pk, {key.epoch for key in drawn.values()})
    keys: list[PrivateKey] = []
    for row in rows:
        if (key := drawn.get(row.kid)) is not None:
            stored = hierarchy.unwrap_private_key(secrets[key.epoch], key.kid, key.use, bytes(key.wrapped))
            keys.append(private_key_from_bytes(row.key, stored))
    return keys


def _forget(proposals: QuerySet[Proposal]) -> int:
    DrawnKey.objects.filter(proposal__in=proposals).delete()
    return proposals.delete()[0]
