# SPDX-License-Identifier: Apache-2.0
"""Custody `hub-own-root`: the vault holds the operational keys, the agency's head signs every change of them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accord.envelope.encoding import canonical
from accord.envelope.errors import MalformedError, SealingError, VerificationError
from accord.envelope.keys import EC1, PQ1, SIGN
from accord.envelope.private import Root
from accord.envelope.statements.form import read_payload
from accord.envelope.verifying import Ledger
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Key, Keyset, KeyState, Revocation
from agencies.registry import take_over_recoveries
from callers.directory import AgencyStatus
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from ledger.pins import pinned_keys
from peers.models import Agency
from tests.agencies.heads import Head, card_of
from tests.agencies.sealing import carry, seal, subject
from tests.agencies.world import DAY, NOW, OPERATOR, admit, enrol, hosted_agency, seconds
from vault import proposing, services
from vault.changes import CancelRecovery, ChangeRoot, Create, RecoverRoot, Renew, Retire, Rotate
from vault.errors import CustodyRefusedError, RecoveryWaitsError, SealBrokenError
from vault.models import DrawnKey, Proposal, VaultKey
from vault.tasks import forget_old_proposals

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def head(db: None, tmp_path: Path) -> Head:
    root, successor = Root.generate(), Root.generate()
    agency = admit("xa-lab", custody="hub-own-root", fingerprint=root.fingerprint)
    return Head(agency, root, successor, tmp_path)


def kids(st: str = "current") -> set[str]:
    return set(Key.objects.filter(agency="xa-lab", st=st).exclude(use="root").values_list("kid", flat=True))


# The first keyset.


def test_an_agency_enters_with_keys_of_the_vault_under_its_heads_root(head: Head) -> None:
    keyset = head.enter()
    assert (keyset.version, keyset.custody, head.agency.status) == (1, "hub-own-root", AgencyStatus.ACTIVE)
    assert keyset.root_fingerprint == head.root.fingerprint
    held = set(VaultKey.objects.filter(agency_id="xa-lab").values_list("pk", flat=True))
    assert held == kids() and len(held) == 4
    assert not DrawnKey.objects.exists() and not Proposal.objects.exists()
    acts = AuditEvent.objects.filter(actor=head.officer.audit_name).values_list("act", flat=True)
    assert set(acts) == {"agency.change_proposed", "agency.proposal_accepted"}


def test_such_an_agency_seals_signs_and_opens_through_the_doors(head: Head, tmp_path: Path) -> None:
    hosted_agency("xb-health")
    head.enter()
    reader = enrol(head.agency, "reader")
    health = Agency.objects.get(pk="xb-health")
    sent = carry(seal(head.officer, ["xb-health"]), tmp_path)
    opened = services.open_envelope(
        enrol(health, "reader"),
        sent.slice_for("xb-health"),
        reason="on duty",
        blobs=sent.envelope.blobs,
        peers=DatabaseKeyDirectory(NOW),
        ledger=Ledger(pinned_keys()),
        now=NOW,
    )
    assert opened.alert["title"] == "Blue tablets"
    received = carry(seal(enrol(health, "releaser"), ["xa-lab"]), tmp_path)
    own = services.open_envelope(
        reader,
        received.slice_for("xa-lab"),
        reason="on duty",
        blobs=received.envelope.blobs,
        peers=DatabaseKeyDirectory(NOW),
        ledger=Ledger(pinned_keys()),
        now=NOW,
    )
    assert own.alert["title"] == "Blue tablets"
    body = {"st": "opened", "code": None}
    assert services.sign_statement(reader, k="ack", sub=subject(received), body=body, now=NOW)
    row = services.seal_row("xa-lab", "alertrevision", "r1", 1, b"x")
    assert services.open_row("xa-lab", "alertrevision", "r1", 1, row) == b"x"


def test_red_goes_neither_from_nor_to_such_an_agency(head: Head, tmp_path: Path) -> None:
    hosted_agency("xb-health")
    head.enter()
    with pytest.raises(SealingError):
        seal(head.officer, ["xb-health"], tlp="RED")


def test_no_root_but_the_one_on_paper(head: Head) -> None:
    other = Root.generate()
    with pytest.raises(InputError) as refused:
        head.propose(Create((PQ1,), card_of(other, head.successor)))
    assert refused.value.field == "root"
    assert not Proposal.objects.exists() and not DrawnKey.objects.exists()


def test_the_first_keyset_is_proposed_once(head: Head) -> None:
    head.enter()
    with pytest.raises(InputError):
        head.propose(Create((PQ1,), card_of(head.root, head.successor)))


# Later keysets.


def test_the_payload_is_exactly_what_the_head_signs(head: Head) -> None:
    head.enter()
    payload = head.propose(Rotate(), now=NOW + DAY)
    statement = read_payload(payload, "keyset")
    assert canonical_again(payload) == payload
    assert statement.signers == tuple(key.kid for key in head.root.public)
    assert (statement.iss, statement.iat, statement.body["ver"]) == ("xa-lab", seconds(NOW + DAY), 2)


def canonical_again(payload: bytes) -> bytes:
    from accord.envelope.encoding import parse_object

    return canonical(parse_object(payload, limit=len(payload), where="payload"))


def test_the_head_is_given_the_keyset_before_to_compare(head: Head) -> None:
    assert proposing.previous_keyset(head.officer, head.agency, now=NOW) is None
    entered = head.enter()
    assert proposing.previous_keyset(head.officer, head.agency, now=NOW) == bytes(entered.jws)


def test_nothing_that_was_drawn_is_used_before_the_head_has_signed(head: Head) -> None:
    head.enter()
    before = kids()
    payload = head.propose(Rotate(), now=NOW + DAY)
    drawn = set(DrawnKey.objects.values_list("kid", flat=True))
    assert len(drawn) == 4 and not drawn & kids()
    assert not VaultKey.objects.filter(pk__in=drawn).exists()
    head.hand_in(head.sign(payload), now=NOW + DAY)
    assert kids() == drawn and kids("retiring") == before


def test_the_same_signed_file_twice_gives_the_same_row(head: Head) -> None:
    head.enter()
    signed = head.sign(head.propose(Rotate(uses=(SIGN,)), now=NOW + DAY))
    assert head.hand_in(signed, now=NOW + DAY) == head.hand_in(signed, now=NOW + 3 * DAY)
    assert Keyset.objects.filter(agency="xa-lab").count() == 2


def test_a_key_is_retired_and_a_keyset_renewed_on_proposal(head: Head) -> None:
    head.enter()
    kid = Key.objects.get(agency="xa-lab", use="enc", suites__contains=["EC1"]).pk
    head.change(Retire(kid), now=NOW + DAY)
    renewed = head.change(Renew(), now=NOW + 2 * DAY)
    assert (renewed.version, renewed.exp) == (3, seconds(NOW + 92 * DAY))
    assert Key.objects.get(pk=kid).st == KeyState.RETIRED


def test_the_root_changes_to_the_announced_one_signed_by_both(head: Head) -> None:
    head.enter()
    third = Root.generate()
    change = ChangeRoot(card_of(head.successor, third))
    changed = head.change(change, head.root, head.successor, now=NOW + DAY)
    assert (changed.succession, head.agency.root_fingerprint) == ("changed", head.successor.fingerprint)


def test_a_lost_root_is_recovered_and_until_then_nothing_else_is_proposed(head: Head) -> None:
    head.enter()
    third, begun = Root.generate(), NOW + DAY
    head.change(RecoverRoot(card_of(head.successor, third)), head.successor, now=begun)
    for change in (Renew(), Rotate()):
        with pytest.raises(RecoveryWaitsError):
            head.propose(change, now=begun + HOUR)
    after = begun + 3 * DAY
    head.root, head.successor = head.successor, third
    assert head.change(Renew(), now=after).version == 3
    take_over_recoveries(now=after)
    head.agency.refresh_from_db()
    assert head.agency.root_fingerprint == head.root.fingerprint


def test_a_recovery_is_cancelled_by_the_old_root(head: Head) -> None:
    head.enter()
    with pytest.raises(InputError):
        head.propose(CancelRecovery())
    thief = RecoverRoot(card_of(head.successor, Root.generate()))
    head.change(thief, head.successor, now=NOW + DAY)
    kept = head.change(CancelRecovery(), now=NOW + 2 * DAY)
    assert (kept.version, kept.succession) == (2, "same")
    keyset = DatabaseKeyDirectory(NOW + 9 * DAY).keyset("xa-lab")
    assert keyset is not None and keyset.root_fingerprint == head.agency.root_fingerprint


@pytest.mark.parametrize("kind", [ChangeRoot, RecoverRoot])
def test_a_root_that_was_not_announced_is_not_proposed(head: Head, kind: Any) -> None:
    head.enter()
    with pytest.raises(InputError):
        head.propose(kind(card_of(Root.generate(), Root.generate())), now=NOW + DAY)


@pytest.mark.parametrize("kind", [ChangeRoot, RecoverRoot])
def test_a_root_that_goes_is_not_announced_as_the_next_one(head: Head, kind: Any) -> None:
    """A thief of that root would only have to wait."""
    head.enter()
    with pytest.raises(InputError) as refused:
        head.propose(kind(card_of(head.successor, head.root)), now=NOW + DAY)
    assert refused.value.field == "announce"


def test_a_change_to_the_root_in_force_is_none(head: Head) -> None:
    head.enter()
    with pytest.raises(InputError) as refused:
        head.propose(ChangeRoot(card_of(head.root, Root.generate())), now=NOW + DAY)
    assert refused.value.field == "root"


def test_a_revoke_is_proposed_signed_and_counts(head: Head) -> None:
    head.enter()
    kid, at = Key.objects.get(agency="xa-lab", alg="ML-DSA-65", use="sign").pk, NOW + DAY
    payload = proposing.propose_revoke(
        head.officer, head.agency, kid=kid, since=NOW + HOUR, code="stolen", now=at
    )
    assert Key.objects.get(pk=kid).st == KeyState.CURRENT
    said = head.hand_in(head.sign(payload), now=at)
    assert isinstance(said, Revocation) and said.key_id == kid
    assert Key.objects.get(pk=kid).st == KeyState.REVOKED
    assert head.hand_in(head.sign(payload), now=at) == said


# Refusals.


def _by_another_root(head: Head, payload: bytes) -> bytes:
    return sign_again(payload, Root.generate())


def _by_the_successor(head: Head, payload: bytes) -> bytes:
    return sign_again(payload, head.successor)


def sign_again(payload: bytes, root: Root) -> bytes:
    """Sign the right payload by other keys that claim the right kids."""
    from accord.envelope.encoding import b64u, parse_object
    from accord.envelope.vocabulary import statement_typ

    value = parse_object(payload, limit=len(payload), where="payload")
    signatures = []
    for kid, key in zip(value["signers"], root.signer._keys, strict=True):
        protected = b64u(canonical({"alg": key.public.alg, "kid": kid, "typ": statement_typ(value["k"])}))
        signed = f"{protected}.{b64u(payload)}".encode()
        signatures.append({"protected": protected, "signature": b64u(key.sign(signed))})
    return canonical({"payload": b64u(payload), "signatures": signatures})


@pytest.mark.parametrize("forge", [_by_another_root, _by_the_successor])
def test_a_proposal_signed_by_another_root_is_refused_and_stays_open(
    head: Head, forge: Callable[[Head, bytes], bytes]
) -> None:
    head.enter()
    payload = head.propose(Rotate(), now=NOW + DAY)
    with pytest.raises(VerificationError):
        head.hand_in(forge(head, payload), now=NOW + DAY)
    assert Keyset.objects.filter(agency="xa-lab").count() == 1
    assert AuditEvent.objects.get(act="agency.proposal_refused").actor == head.officer.audit_name
    assert isinstance(head.hand_in(head.sign(payload), now=NOW + DAY), Keyset)


def test_a_statement_that_was_not_proposed_here_is_refused(head: Head) -> None:
    """The right root signed it, but no desk drew its keys."""
    head.enter()
    first = head.propose(Renew(), now=NOW + DAY)
    head.propose(Rotate(), now=NOW + DAY)
    with pytest.raises(InputError) as refused:
        head.hand_in(head.sign(first), now=NOW + DAY)
    assert refused.value.field == "signed"
    assert Proposal.objects.count() == 1


def test_a_proposal_is_too_old_after_a_day_and_its_keys_go(head: Head) -> None:
    head.enter()
    signed = head.sign(head.propose(Rotate(), now=NOW + DAY))
    with pytest.raises(InputError):
        head.hand_in(signed, now=NOW + 2 * DAY)
    assert proposing.list_proposals(head.officer, head.agency, now=NOW + 2 * DAY) == []
    assert proposing.forget_proposals(now=NOW + 2 * DAY) == 1
    assert not DrawnKey.objects.exists()


def test_the_hourly_task_forgets_what_nobody_signed(head: Head) -> None:
    past = timezone.now() - 3 * DAY
    head.propose(Create((PQ1,), card_of(head.root, head.successor)), now=past)
    forget_old_proposals()
    assert not Proposal.objects.exists() and not DrawnKey.objects.exists()
    head.propose(Create((PQ1,), card_of(head.root, head.successor)), now=timezone.now())
    forget_old_proposals()
    assert Proposal.objects.count() == 1


def test_what_waits_for_the_head_is_listed_read_again_and_taken_back(head: Head) -> None:
    head.enter()
    payload = head.propose(Rotate(), now=NOW + DAY)
    (fact,) = proposing.list_proposals(head.officer, head.agency, now=NOW + DAY)
    assert (fact.k, fact.change, fact.sign_until) == ("keyset", "rotate", NOW + 2 * DAY)
    assert proposing.read_proposal(head.officer, head.agency, fact.od, now=NOW + DAY) == payload
    proposing.discard_proposal(head.officer, head.agency, fact.od, now=NOW + DAY)
    assert not DrawnKey.objects.exists()
    for gone in (proposing.discard_proposal, proposing.read_proposal):
        with pytest.raises(AbsentError):
            gone(head.officer, head.agency, fact.od, now=NOW + DAY)


def test_a_file_that_is_no_statement_is_refused(head: Head, subtests: pytest.Subtests) -> None:
    for data in [b"", b"{", b"{}", b"\xff", b'{"payload":"e30","signatures":[]}']:
        with subtests.test(str(data)[:60]), pytest.raises((MalformedError, VerificationError)):
            head.hand_in(data)


def test_a_key_officer_of_the_agency_and_nobody_else(head: Head) -> None:
    for role in ("reader", "releaser", "agency_admin"):
        with pytest.raises(NotPermittedError):
            proposing.propose_keyset(enrol(head.agency, role), head.agency, change=Renew(), now=NOW)
    for stranger in (enrol(admit("xb-health"), "key_officer"), OPERATOR):
        with pytest.raises(AbsentError):
            proposing.list_proposals(stranger, head.agency, now=NOW)
        with pytest.raises(AbsentError):
            proposing.accept_proposal(stranger, head.agency, b"{}", now=NOW)


def test_only_where_the_head_holds_the_root() -> None:
    agency = hosted_agency("xd-reg")
    with pytest.raises(CustodyRefusedError):
        proposing.propose_keyset(enrol(agency, "key_officer"), agency, change=Renew(), now=NOW)


def test_no_drawn_key_stands_in_the_clear(head: Head) -> None:
    head.propose(Create((PQ1, EC1), card_of(head.root, head.successor)))
    for row in DrawnKey.objects.all():
        assert len(bytes(row.wrapped)) > 12 + 16
        DrawnKey.objects.filter(pk=row.pk).update(
            wrapped=bytes(row.wrapped[:-1]) + bytes([row.wrapped[-1] ^ 1])
        )
    payload = bytes(Proposal.objects.get().payload)
    with pytest.raises(SealBrokenError):
        head.hand_in(head.sign(payload))
    assert not Keyset.objects.exists()
