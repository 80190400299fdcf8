# SPDX-License-Identifier: Apache-2.0
"""Facts of an agency's keys that its officers may see, and the acts that each custody lets them do."""

from datetime import timedelta
from pathlib import Path

import pytest

from accord.envelope.keys import show_fingerprint
from agencies.models import Key
from callers.directory import Custody
from callers.errors import AbsentError, InputError, NotPermittedError
from officers.keyfacts import KeyFact, check_typed, key_facts
from officers.models import Officer
from peers.models import Agency
from tests.agencies.world import DAY, NOW, admit, enrol, log_everything, logged_agencies
from vault import agency_keys, suspending

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab(tmp_path: Path) -> Agency:
    return logged_agencies(tmp_path, "xa-lab")


@pytest.fixture
def officer(lab: Agency) -> Officer:
    return enrol(lab, "key_officer")


def fact(officer: Officer, kid: str, *, days: float = 1) -> KeyFact:
    facts = key_facts(officer, now=NOW + timedelta(days=days))
    return next(key for key in facts.keys if key.kid == kid)


def some_kid(use: str = "sign") -> str:
    return str(Key.objects.filter(agency="xa-lab", use=use)[0].pk)


def test_custody_is_said_as_what_it_is() -> None:
    assert [str(custody.label) for custody in Custody] == [
        "Keys held by the agency",
        "Operational keys held by its desk, root with the agency's head",
        "Its desk can act as this agency",
    ]


def test_the_facts_of_a_hosted_agencys_keys(lab: Agency, officer: Officer) -> None:
    facts = key_facts(officer, now=NOW + DAY)
    assert (facts.custody, facts.custody_text) == ("hub", "This desk can act as your agency")
    assert facts.keyset is not None and facts.waiting is None
    assert (facts.keyset.version, facts.keyset.days_left, facts.keyset.is_logged) == (1, 89, True)
    assert facts.keyset.root == show_fingerprint(lab.root_fingerprint)
    assert [key.use for key in facts.keys] == ["sign", "sign", "enc", "enc"]
    assert {key.state for key in facts.keys} == {"current"}
    assert {key.suite for key in facts.keys if key.use == "enc"} == {"EC1", "PQ1"}
    assert facts.verbs == {
        "renew", "rotate", "retire", "revoke", "suspend", "change_root", "recover_root",
    }  # fmt: skip


def test_a_keyset_that_waits_for_the_log_is_shown_as_such(lab: Agency, officer: Officer) -> None:
    agency_keys.renew_agency_keys(officer, lab, now=NOW + DAY)
    keyset = key_facts(officer, now=NOW + DAY).keyset
    assert keyset is not None and (keyset.version, keyset.is_logged) == (2, False)


def test_states_are_said_in_words(lab: Agency, officer: Officer, tmp_path: Path) -> None:
    kid = some_kid()
    assert suspending.suspend_key(officer, lab, kid, now=NOW)
    assert (fact(officer, kid).state, fact(officer, kid).state_text) == ("suspended", "Suspended")
    agency_keys.renew_agency_keys(officer, lab, now=NOW + timedelta(hours=1))
    assert fact(officer, kid).state == "current"
    agency_keys.rotate_agency_keys(officer, lab, now=NOW + DAY)
    assert fact(officer, kid, days=2).state == "retiring"
    assert fact(officer, kid, days=40).state == "ended"
    agency_keys.revoke_agency_key(officer, lab, kid=kid, since=NOW, code="lost", now=NOW + DAY)
    revoked = fact(officer, kid, days=2)
    assert (revoked.state, revoked.since, revoked.is_ending) == ("revoked", NOW, False)


def test_what_ends_within_thirty_days_is_marked(lab: Agency, officer: Officer) -> None:
    kid = some_kid()
    assert not fact(officer, kid, days=334).is_ending
    assert fact(officer, kid, days=335).is_ending


def test_a_recovery_that_waits_is_shown_with_its_hour(lab: Agency, officer: Officer, tmp_path: Path) -> None:
    begun = agency_keys.recover_agency_root(officer, lab, now=NOW + DAY)
    waiting = key_facts(officer, now=NOW + DAY).waiting
    assert waiting is not None and waiting.from_at is None
    log_everything(tmp_path, now=NOW + DAY)
    facts = key_facts(officer, now=NOW + 2 * DAY)
    assert facts.waiting is not None
    assert (facts.waiting.version, facts.waiting.from_at) == (2, NOW + 4 * DAY)
    assert facts.waiting.root == show_fingerprint(begun.keyset.root_fingerprint)
    assert facts.verbs == {"cancel_recovery", "revoke", "suspend"}
    after = key_facts(officer, now=NOW + 4 * DAY)
    assert after.waiting is None and after.keyset is not None
    assert after.keyset.root == show_fingerprint(begun.keyset.root_fingerprint)


def test_an_agency_that_enters_begins_with_its_keys() -> None:
    entering = admit("xb-health", custody="hub-own-root")
    begins = key_facts(enrol(entering, "key_officer"), now=NOW)
    assert begins.keyset is None and begins.keys == ()
    assert begins.verbs == {"create"}


def test_others_read_and_do_nothing(lab: Agency, subtests: pytest.Subtests) -> None:
    for role in ["reader", "releaser", "agency_admin", "auditor"]:
        with subtests.test(str(role)[:60]):
            facts = key_facts(enrol(lab, role), now=NOW)
            assert (facts.may_manage, facts.verbs, len(facts.keys)) == (False, frozenset(), 4)


def test_an_operator_has_no_keys_to_look_at(lab: Agency) -> None:
    operator = Officer(email="noor@hub.example", full_name="Noor", roles=["operator"], joined_at=NOW)
    with pytest.raises((NotPermittedError, AbsentError)):
        key_facts(operator, now=NOW)


def test_no_root_key_is_among_the_keys(lab: Agency, officer: Officer) -> None:
    roots = set(Key.objects.filter(agency_id=lab.pk, use="root").values_list("kid", flat=True))
    assert not roots & {key.kid for key in key_facts(officer, now=NOW).keys}


def test_what_cannot_be_undone_is_confirmed_by_four_characters() -> None:
    kid = "A" * 39 + "3f9a"
    for good in ("3F9A", "3f9a", " 3F9a "):
        check_typed(kid, good)
    for wrong in ("", "3F9", "AAAA", "3F9AA"):
        with pytest.raises(InputError) as refused:
            check_typed(kid, wrong)
        assert refused.value.field == "typed" and "3f9a" in refused.value.problem
