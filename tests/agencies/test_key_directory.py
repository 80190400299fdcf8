# SPDX-License-Identifier: Apache-2.0
"""The directory shows the logged keysets only, and finds the keys of many agencies in few queries."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import Keyset as EnvelopeKeyset
from accord.envelope.keysets import newest_encryption_key
from accord.envelope.private import DecryptionKey, Root
from agencies.accession import accept_keyset, accept_revoke, suspend_key
from agencies.directory import DatabaseKeyDirectory, _newest_encryption_row, newest_keyset, published_keyset
from agencies.models import Keyset
from callers.actors import ApiClient
from callers.capabilities import Capability
from callers.errors import AbsentError
from ledger.proofs import log_places
from peers.models import Agency
from tests.agencies.world import (
    DAY,
    NOW,
    OwnKeys,
    accept,
    admit,
    enrolling,
    hosted_agency,
    log_everything,
    own_agency,
    seconds,
    system_of,
)
from tests.builders import client_with
from tests.envelope.examples import examples

HOUR = timedelta(hours=1)


def next_keyset(agency: Agency, keys: OwnKeys, version: int, *, now: datetime) -> Keyset:
    """Hand in the keyset of `keys` as the given version."""
    newest = Keyset.objects.filter(agency_id=agency.pk).order_by("-version")[0]
    return accept(agency, keys, keys.keyset(version=version, prev=newest.od, now=now), now=now)


@pytest.mark.django_db
def test_a_keyset_is_in_force_once_it_is_logged(tmp_path: Path) -> None:
    agency, _ = own_agency("xa-lab")
    assert DatabaseKeyDirectory(NOW).keyset("xa-lab") is None
    assert newest_keyset("xa-lab", now=NOW) is None
    log_everything(tmp_path, now=NOW)
    found = DatabaseKeyDirectory(NOW).keyset("xa-lab")
    assert found is not None
    assert (found.version, found.log_time) == (1, seconds(NOW))
    assert newest_keyset("xa-lab", now=NOW) == Keyset.objects.get(agency_id=agency.pk)


@pytest.mark.django_db
def test_an_unknown_agency_has_no_keyset() -> None:
    admit("xa-lab")
    directory = DatabaseKeyDirectory(NOW)
    assert directory.keyset("xa-lab") is None
    assert directory.keyset("xz-none") is None
    assert directory.keyset_logged_before("xz-none", seconds(NOW)) is None
    assert directory.revocations("xz-none") == ()


@pytest.mark.django_db
def test_a_next_version_that_waits_for_the_ledger_does_not_hide_the_one_in_force(tmp_path: Path) -> None:
    agency, keys = own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    next_keyset(agency, keys, 2, now=NOW + HOUR)
    found = DatabaseKeyDirectory(NOW + HOUR).keyset("xa-lab")
    assert found is not None
    assert found.version == 1
    log_everything(tmp_path, now=NOW + HOUR)
    found = DatabaseKeyDirectory(NOW + HOUR).keyset("xa-lab")
    assert found is not None
    assert found.version == 2


@pytest.mark.django_db
def test_the_keyset_of_a_past_moment_is_found(tmp_path: Path) -> None:
    agency, keys = own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    for version in (2, 3):
        at = NOW + version * DAY
        next_keyset(agency, keys, version, now=at)
        log_everything(tmp_path, now=at)
    directory = DatabaseKeyDirectory(NOW + 9 * DAY)
    moments: dict[datetime, int | None] = {
        NOW - timedelta(seconds=1): None,
        NOW: 1,
        NOW + 2 * DAY - timedelta(seconds=1): 1,
        NOW + 2 * DAY: 2,
        NOW + 9 * DAY: 3,
    }
    for moment, expected in moments.items():
        found = directory.keyset_logged_before("xa-lab", seconds(moment))
        assert (found.version if found else None) == expected
    second = Keyset.objects.get(version=2)
    index, logged = log_places([second.od])[second.od]
    within_its_second = [directory.keyset_logged_before("xa-lab", logged, index + more) for more in (-1, 1)]
    assert [found.version for found in within_its_second if found] == [1, 2]


@pytest.mark.django_db
def test_a_recovered_root_waits_its_three_days(tmp_path: Path) -> None:
    agency, keys = own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    recovered = replace(keys, root=keys.successor, successor=Root.generate())
    first = Keyset.objects.get(agency_id=agency.pk)
    signed = recovered.keyset(version=2, prev=first.od, now=NOW + HOUR)
    accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=signed, now=NOW + HOUR)
    log_everything(tmp_path, now=NOW + HOUR)
    delay = timedelta(hours=72)
    for late, expected in [(timedelta(0), 1), (delay - timedelta(seconds=1), 1), (delay, 2)]:
        found = DatabaseKeyDirectory(NOW + HOUR + late).keyset("xa-lab")
        assert found is not None
        assert found.version == expected


@pytest.mark.django_db
def test_a_revocation_said_by_a_keyset_counts_from_when_it_was_first_said(tmp_path: Path) -> None:
    agency, keys = own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    revoked = replace(keys.rows[0], st="revoked", since=seconds(NOW + HOUR))
    stating = replace(keys, rows=(revoked, *keys.rows[1:]))
    for version in (2, 3):
        at = NOW + version * DAY
        next_keyset(agency, stating, version, now=at)
        log_everything(tmp_path, now=at)
    said = DatabaseKeyDirectory(NOW + 9 * DAY).revocations("xa-lab")
    assert {(item.kid, item.since) for item in said} == {(keys.rows[0].kid, seconds(NOW + HOUR))}
    assert min(item.log_time for item in said) == seconds(NOW + 2 * DAY)


@pytest.mark.django_db
def test_recipients_have_their_newest_key_of_the_suite(tmp_path: Path) -> None:
    agency, keys = own_agency("xa-lab")
    newer = DecryptionKey.generate("P-256")
    log_everything(tmp_path, now=NOW)
    next_keyset(agency, keys.adding(newer, now=NOW + DAY), 2, now=NOW + DAY)
    log_everything(tmp_path, now=NOW + DAY)
    directory, at = DatabaseKeyDirectory(NOW + DAY), seconds(NOW + DAY)
    found = directory.recipient_keys(["xa-lab", "xz-none"], EC1, at)
    assert set(found) == {"xa-lab"}
    assert (found["xa-lab"].kid, found["xa-lab"].curve, found["xa-lab"].custody) == (
        newer.public.kid,
        "P-256",
        "agency",
    )
    assert directory.recipient_keys(["xa-lab"], PQ1, at)["xa-lab"].alg == "HPKE-9-KE"


@pytest.mark.django_db
def test_an_agency_without_a_key_of_the_suite_is_missing(tmp_path: Path) -> None:
    hosted_agency("xb-health", suites=[PQ1])
    log_everything(tmp_path, now=NOW)
    directory = DatabaseKeyDirectory(NOW)
    assert directory.recipient_keys(["xb-health"], EC1, seconds(NOW)) == {}
    assert set(directory.recipient_keys(["xb-health"], PQ1, seconds(NOW))) == {"xb-health"}


@pytest.mark.django_db
@pytest.mark.parametrize(("late", "there"), [(-1, True), (0, False)])
def test_an_expired_keyset_ends_sending_on_the_tick(tmp_path: Path, late: int, there: bool) -> None:
    own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    at = seconds(NOW + 90 * DAY) + late
    found = DatabaseKeyDirectory(NOW + 90 * DAY).recipient_keys(["xa-lab"], PQ1, at)
    assert bool(found) is there


@pytest.mark.django_db
@pytest.mark.parametrize("blocked_by", ["suspension", "revocation"])
def test_a_blocked_key_receives_nothing(tmp_path: Path, blocked_by: str) -> None:
    agency, keys = own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    kid = keys.decryption[0].public.kid
    if blocked_by == "suspension":
        suspend_key(system_of(agency.pk), kid, now=NOW)
    else:
        system = ApiClient("xa-lab", "x", "0" * 12, frozenset({Capability.STATEMENT_SUBMIT}))
        accept_revoke(system, keys.revoke(kid, since=NOW), now=NOW)
    directory = DatabaseKeyDirectory(NOW)
    assert directory.recipient_keys(["xa-lab"], PQ1, seconds(NOW)) == {}
    assert kid in directory.suspended_kids("xa-lab")


@pytest.mark.django_db
@pytest.mark.parametrize("blocked_by", ["suspension", "revocation that is not logged"])
def test_an_agency_whose_newest_key_is_blocked_has_none_since_senders_take_no_older_one(
    tmp_path: Path, blocked_by: str
) -> None:
    agency, keys = own_agency("xa-lab")
    newer = DecryptionKey.generate("HPKE-9-KE")
    log_everything(tmp_path, now=NOW)
    both = keys.adding(newer, now=NOW + DAY)
    next_keyset(agency, both, 2, now=NOW + DAY)
    log_everything(tmp_path, now=NOW + DAY)
    at, kid = NOW + DAY, newer.public.kid
    assert DatabaseKeyDirectory(at).recipient_keys(["xa-lab"], PQ1, seconds(at))["xa-lab"].kid == kid
    if blocked_by == "suspension":
        suspend_key(system_of(agency.pk), kid, now=at)
    else:
        system = ApiClient("xa-lab", "x", "0" * 12, frozenset({Capability.STATEMENT_SUBMIT}))
        accept_revoke(system, keys.revoke(kid, since=at, now=at), now=at)
    assert DatabaseKeyDirectory(at).recipient_keys(["xa-lab"], PQ1, seconds(at)) == {}
    assert set(DatabaseKeyDirectory(at).recipient_keys(["xa-lab"], EC1, seconds(at))) == {"xa-lab"}


@pytest.mark.django_db
def test_once_its_revocation_is_logged_the_key_before_is_the_newest(tmp_path: Path) -> None:
    agency, keys = own_agency("xa-lab")
    newer = DecryptionKey.generate("HPKE-9-KE")
    next_keyset(agency, keys.adding(newer, now=NOW + DAY), 2, now=NOW + DAY)
    system = ApiClient("xa-lab", "x", "0" * 12, frozenset({Capability.STATEMENT_SUBMIT}))
    signed = keys.revoke(newer.public.kid, since=NOW + DAY, now=NOW + DAY)
    accept_revoke(system, signed, now=NOW + DAY)
    log_everything(tmp_path, now=NOW + DAY)
    found = DatabaseKeyDirectory(NOW + DAY).recipient_keys(["xa-lab"], PQ1, seconds(NOW + DAY))
    assert found["xa-lab"].kid == keys.decryption[0].public.kid


@pytest.mark.django_db
def test_an_agency_has_no_key_of_a_suite_below_its_lowest(tmp_path: Path) -> None:
    keys = replace(OwnKeys.draw("xa-lab"), low=PQ1)
    accept(admit("xa-lab", fingerprint=keys.root.fingerprint), keys, keys.keyset())
    log_everything(tmp_path, now=NOW)
    directory = DatabaseKeyDirectory(NOW)
    assert directory.recipient_keys(["xa-lab"], EC1, seconds(NOW)) == {}
    assert set(directory.recipient_keys(["xa-lab"], PQ1, seconds(NOW))) == {"xa-lab"}


@pytest.mark.django_db
def test_many_recipients_cost_as_few_queries_as_two(
    tmp_path: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    agencies = [own_agency(f"xa-lab{number}")[0].pk for number in range(6)]
    log_everything(tmp_path, now=NOW)
    for wanted in (agencies[:2], agencies):
        with django_assert_num_queries(5):
            found = DatabaseKeyDirectory(NOW).recipient_keys(wanted, PQ1, seconds(NOW))
        assert set(found) == set(wanted)
        with django_assert_num_queries(3):
            directory = DatabaseKeyDirectory(NOW)
            directory.preload(wanted)
            assert all(directory.keyset(agency) for agency in wanted)
            assert not any(directory.revocations(agency) for agency in wanted)


@pytest.mark.django_db
def test_the_own_agency_sees_its_keyset_before_the_ledger_has_it(tmp_path: Path) -> None:
    agency, _ = own_agency("xa-lab")
    own_agency("xb-health")
    stranger = client_with("xb-health", "reader")
    own = published_keyset(client_with("xa-lab", "reader"), "xa-lab", now=NOW)
    assert (own.receipt, bytes(own.row.jws)) == (None, bytes(Keyset.objects.get(agency_id=agency.pk).jws))
    for version in (None, 1, 2):
        with pytest.raises(AbsentError):
            published_keyset(stranger, "xa-lab", version=version, now=NOW)
    log_everything(tmp_path, now=NOW)
    seen = published_keyset(stranger, "xa-lab", now=NOW)
    assert seen.receipt is not None
    assert seen.receipt["leaf"] == {"a": "xa-lab", "d": seen.row.od, "k": "keyset", "t": seconds(NOW)}
    assert published_keyset(stranger, "xa-lab", version=1, now=NOW).row == seen.row


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "use": st.sampled_from(["sign", "enc"]),
            "st": st.sampled_from(["current", "retiring", "retired", "revoked"]),
            "suites": st.sampled_from([["EC1"], ["PQ1"], ["EC1", "PQ1"]]),
            "nbf": st.integers(0, 6),
            "exp": st.integers(3, 9),
        }
    ),
    max_size=8,
)


@examples(100)
@given(
    rows=ROWS, suite=st.sampled_from([EC1, PQ1]), now=st.integers(0, 9), blocked=st.sets(st.integers(0, 7))
)
def test_the_stored_facts_choose_the_key_that_the_profile_chooses(
    rows: list[dict[str, Any]], suite: str, now: int, blocked: set[int]
) -> None:
    facts = [{**row, "kid": str(number)} for number, row in enumerate(rows)]
    keyset = SimpleNamespace(
        rows=[
            SimpleNamespace(
                **{name: row[name] for name in ("kid", "use", "st", "nbf", "exp")},
                key=SimpleNamespace(suites=frozenset(row["suites"])),
            )
            for row in facts
        ]
    )
    kids = {str(number) for number in blocked}
    expected = newest_encryption_key(cast(EnvelopeKeyset, keyset), suite, now, kids)
    chosen = _newest_encryption_row(facts, suite, now, kids)
    assert (chosen["kid"] if chosen else None) == (expected.kid if expected else None)
