# SPDX-License-Identifier: Apache-2.0
"""Two at a time: one key, one address, one challenge, one retry; exactly one wins and the other is told."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accord.envelope.errors import VerificationError
from agencies.accession import accept_keyset, issue_challenge
from agencies.errors import KeyTakenError
from agencies.models import Key, Keyset
from callers.actors import ApiClient
from callers.errors import CallerError, InputError, RequestInProgressError
from callers.idempotency import Outcome, idempotent
from officers.accounts import disable_officer, enrol_officer
from officers.errors import LastAdminError
from officers.models import Officer
from tests.agencies.world import NOW, OwnKeys, admit, enrol, enrolling

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_retry]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act gave or raised, all begun at one moment on a connection of their own."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait(timeout=120)
        try:
            return act()
        except (CallerError, VerificationError) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


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
