# SPDX-License-Identifier: Apache-2.0
"""Two requests at a time for one key, address, challenge or retry: exactly one succeeds and the other is told."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import read_keyset
from accord.envelope.private import Root
from agencies.accession import accept_keyset, issue_challenge
from agencies.errors import KeyTakenError
from agencies.models import Key, Keyset
from callers.actors import ApiClient
from callers.errors import InputError, NotPermittedError, RequestInProgressError
from callers.idempotency import Outcome, idempotent
from callers.start_code import start_code_digest
from ledger.models import AuditEvent
from officers.accounts import disable_officer, enrol_officer
from officers.entering import Confirmed, ask_admitted, take_in
from officers.errors import LastAdminError, TakenInError
from officers.first_start import make_first_keeper
from officers.invitations import invite_officer
from officers.models import Officer
from peers.models import Agency
from tests.agencies.heads import Head, card_of
from tests.agencies.world import NOW, OwnKeys, admit, enrol, enrolling, hosted_agency, log_everything
from tests.alerts.test_disk_full_at_the_desk import full_disk
from tests.at_once import at_once
from tests.desk_calls import answer_as_of
from tests.entries import admit_elsewhere, make_keeper
from tests.locked_desk import PASSPHRASE, LockedDesk, unmade_desk
from vault import unlocking
from vault.changes import Create
from vault.errors import ChangeWaitsError, RingMadeError
from vault.kek import lock_desk, open_desk
from vault.locking import draw_recovery_key
from vault.models import DrawnKey, EntryKey, Proposal, VaultKey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_retry]
CODE = "AB2C-DE3F-GH4J-KL5M"
ROOT = "ab" * 32


def kinds(outcomes: Sequence[Any]) -> set[type]:
    return {type(outcome) for outcome in outcomes}


def test_of_two_agencies_that_claim_one_key_one_gets_it() -> None:
    shared = OwnKeys.draw("xa-lab")
    acts = []
    for agency_id in ("xa-lab", "xb-health"):
        own = OwnKeys.draw(agency_id)
        keys = replace(own, signing=shared.signing, decryption=shared.decryption, rows=shared.rows)
        agency = admit(agency_id, fingerprint=own.root.fingerprint)
        pop = keys.pop(issue_challenge(enrolling(agency), agency_id, keys.offered(), now=NOW))
        caller, keyset = enrolling(agency), keys.keyset()
        acts.append(
            lambda caller=caller, agency_id=agency_id, pop=pop, keyset=keyset: accept_keyset(
                caller, agency_id, pop=pop, keyset=keyset, now=NOW
            )
        )
    outcomes = at_once(*acts)
    assert kinds(outcomes) == {Keyset, KeyTakenError}
    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, Keyset)]
    owners = Key.objects.filter(kid__in=[row.kid for row in shared.rows]).values_list("agency", flat=True)
    assert set(owners) == {winner.agency_id}


def test_the_same_keyset_twice_at_once_is_stored_once() -> None:
    keys = OwnKeys.draw("xa-lab")
    agency = admit("xa-lab", fingerprint=keys.root.fingerprint)
    pop = keys.pop(issue_challenge(enrolling(agency), "xa-lab", keys.offered(), now=NOW))
    keyset = keys.keyset()

    def accept() -> Keyset:
        return accept_keyset(enrolling(agency), "xa-lab", pop=pop, keyset=keyset, now=NOW)

    first, second = at_once(accept, accept)
    assert first.pk == second.pk
    assert Keyset.objects.count() == 1


def test_of_two_colleagues_enrolled_under_one_address_one_is() -> None:
    agency = admit("xa-lab")
    admin = enrol(agency, "agency_admin")

    def act() -> Officer:
        return enrol_officer(
            admin, agency, email="ilka@xa-lab.example", full_name="Ilka", roles=["reader"], now=NOW
        )

    assert kinds(at_once(act, act)) == {Officer, InputError}


def test_of_two_admins_who_disable_each_other_one_stays() -> None:
    agency = admit("xa-lab")
    one = enrol(agency, "agency_admin")
    two = enrol(agency, "agency_admin", "reader", email="two@xa-lab.example")
    outcomes = at_once(lambda: disable_officer(one, two, now=NOW), lambda: disable_officer(two, one, now=NOW))
    assert kinds(outcomes) == {Officer, LastAdminError}
    assert Officer.objects.filter(is_active=True).count() == 1


def test_one_idempotency_key_twice_at_once_works_once() -> None:
    done: list[int] = []
    client = ApiClient("xa-lab", "case system", "0" * 12, frozenset())

    def work() -> Outcome:
        done.append(1)
        return Outcome(201, "thing")

    def act() -> Outcome:
        plain = APIRequestFactory().post("/things", {"a": 1}, format="json", HTTP_IDEMPOTENCY_KEY="k-1")
        return idempotent(Request(plain, parsers=[JSONParser()]), client, work, now=NOW)

    outcomes = at_once(act, act)
    assert kinds(outcomes) <= {Outcome, RequestInProgressError}
    assert len(done) == 1


# The first start of an own desk.


@pytest.fixture
def unmade(tmp_path: Path) -> Iterator[LockedDesk]:
    """A desk that has no ring yet."""
    with unmade_desk(tmp_path) as desk:
        yield desk


@pytest.fixture
def first_start(settings: Settings, tmp_path: Path) -> None:
    """A desk that waits for its first keeper."""
    code_file = tmp_path / "first-start"
    code_file.write_text(f"{start_code_digest(CODE)}\n")
    settings.OWN_DESK, settings.FIRST_START_FILE = True, str(code_file)


@pytest.fixture
def told(settings: Settings, tmp_path: Path) -> Officer:
    """The keeper of a desk that knows its exchange and whose log has begun."""
    hosted_agency("xd-reg")
    log_everything(tmp_path, now=NOW)
    Agency.objects.update(is_hosted=False)
    settings.OWN_DESK = True
    answer_as_of(NOW)
    return make_keeper()


def test_of_two_who_make_the_ring_one_does_and_it_opens_with_that_ones_paper(unmade: LockedDesk) -> None:
    papers = (draw_recovery_key(), draw_recovery_key())

    def make(paper: str) -> Callable[[], str]:
        def act() -> str:
            unlocking.make_ring(passphrase=PASSPHRASE, recovery_key=paper, actor=unlocking.DESK, now=NOW)
            return paper

        return act

    outcomes = at_once(*map(make, papers))
    assert kinds(outcomes) == {str, RingMadeError}
    (made,) = [paper for paper in papers if paper in outcomes]
    assert [unlocking.is_recovery_key(paper) for paper in papers] == [paper == made for paper in papers]
    assert list(unmade.locked.parent.iterdir()) == [unmade.locked]
    lock_desk()
    open_desk(made)
    assert AuditEvent.objects.filter(act="vault.ring_made").count() == 1


def test_of_two_first_keepers_one_stays(first_start: None) -> None:
    def make(name: str) -> Callable[[], Officer]:
        return lambda: make_first_keeper(
            CODE, email=f"{name}@desk.example", full_name=name, password="seventeen brown herons", now=NOW
        )

    assert kinds(at_once(make("noor"), make("pavo"))) == {Officer}
    assert Officer.objects.filter(is_active=True).count() == 1
    assert AuditEvent.objects.filter(act="officer.disabled").count() == 1


def test_of_two_agencies_taken_in_at_once_an_own_desk_has_one(told: Officer) -> None:
    given = {name: _admitted_elsewhere(name) for name in ("xa-lab", "xb-health")}
    outcomes = at_once(*(_taking_in(told, name, key) for name, key in given.items()))
    assert kinds(outcomes) == {Agency, InputError}
    assert Agency.objects.filter(is_hosted=True).count() == EntryKey.objects.count() == 1


def test_of_two_who_take_the_same_agency_in_one_is_told(told: Officer) -> None:
    key = _admitted_elsewhere("xa-lab")
    outcomes = at_once(*[_taking_in(told, "xa-lab", key)] * 2)
    assert kinds(outcomes) == {Agency, TakenInError}
    assert AuditEvent.objects.filter(act="agency.taken_in").count() == 1


def test_of_two_first_admins_invited_at_once_one_is() -> None:
    agency, keeper = admit("xa-lab"), make_keeper()

    def invite(name: str) -> Callable[[], object]:
        return lambda: invite_officer(
            keeper, agency, email=f"{name}@lab.example", full_name=name, roles=["agency_admin"], now=NOW
        )

    assert kinds(at_once(invite("ilka"), invite("benno"))) == {tuple, NotPermittedError}
    assert Officer.objects.filter(agency=agency).count() == 1


def _admitted_elsewhere(agency_id: str) -> str:
    return admit_elsewhere(agency_id, now=NOW, custody="agency", root_fingerprint=ROOT)


def _taking_in(keeper: Officer, agency_id: str, key: str) -> Callable[[], Agency]:
    facts = ask_admitted(keeper, agency_id, key, now=NOW).entry
    compared = Confirmed(facts.name, facts.custody, facts.root_fingerprint)
    return lambda: take_in(keeper, agency_id, key, confirmed=compared, now=NOW)


# The first keys, which the head signs.


@pytest.fixture
def head(tmp_path: Path) -> Head:
    root, successor = Root.generate(), Root.generate()
    return Head(
        admit("xa-lab", custody="hub-own-root", fingerprint=root.fingerprint), root, successor, tmp_path
    )


def test_of_two_proposals_made_at_once_one_is_open_with_its_keys(head: Head) -> None:
    change = Create((PQ1, EC1), card_of(head.root, head.successor))
    assert kinds(at_once(lambda: head.propose(change), lambda: head.propose(change))) == {bytes}
    (proposal,) = Proposal.objects.all()
    named = {row.kid for row in read_keyset(head.sign(bytes(proposal.payload))).rows}
    assert set(DrawnKey.objects.values_list("kid", flat=True)) == named


def test_a_signed_file_handed_in_twice_at_once_is_one_keyset(head: Head) -> None:
    signed = head.sign(head.propose(Create((PQ1, EC1), card_of(head.root, head.successor))))
    first, second = at_once(lambda: head.hand_in(signed), lambda: head.hand_in(signed))
    assert first.pk == second.pk
    assert VaultKey.objects.count() == 4 and not DrawnKey.objects.exists()


def test_a_proposal_made_while_the_one_before_is_handed_in_never_makes_a_second_key_set(head: Head) -> None:
    change = Create((PQ1, EC1), card_of(head.root, head.successor))
    signed = head.sign(head.propose(change))
    outcomes = at_once(lambda: head.hand_in(signed), lambda: head.propose(change))
    assert kinds(outcomes) & {InputError, ChangeWaitsError} and kinds(outcomes) & {Keyset, bytes}
    is_taken = isinstance(outcomes[0], Keyset)
    assert Keyset.objects.count() == is_taken and Proposal.objects.exists() != is_taken
    assert (VaultKey.objects.count(), DrawnKey.objects.count()) == ((4, 0) if is_taken else (0, 4))


@pytest.mark.parametrize("table", ["vault_drawnkey", "vault_proposal", "ledger_auditevent"])
def test_a_disk_that_is_full_while_keys_are_drawn_leaves_none_and_later_one_set(
    head: Head, table: str
) -> None:
    change = Create((PQ1, EC1), card_of(head.root, head.successor))
    with full_disk(table, "INSERT"), pytest.raises(OperationalError):
        head.propose(change)
    assert not DrawnKey.objects.exists() and not Proposal.objects.exists()
    assert head.change(change).version == 1
    assert VaultKey.objects.count() == 4


@pytest.mark.parametrize("table", ["vault_vaultkey", "vault_keystatement"])
def test_a_disk_that_is_full_while_keys_are_handed_in_leaves_the_proposal_open(
    head: Head, table: str
) -> None:
    signed = head.sign(head.propose(Create((PQ1, EC1), card_of(head.root, head.successor))))
    with full_disk(table, "INSERT"), pytest.raises(OperationalError):
        head.hand_in(signed)
    assert not VaultKey.objects.exists() and DrawnKey.objects.count() == 4
    assert isinstance(head.hand_in(signed), Keyset)
    assert VaultKey.objects.count() == 4 and not DrawnKey.objects.exists()
