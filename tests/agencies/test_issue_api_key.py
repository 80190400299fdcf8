# SPDX-License-Identifier: Apache-2.0
"""API keys: issued within limits, refused one tick past them, useless to a thief of the database."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import serializers
from pytest_django import Settings

from agencies.apikeys import KEYRING, authenticate_key, make_key
from agencies.entrykeys import issue_entry_key
from agencies.models import ApiKey
from callers.capabilities import Capability
from callers.directory import AgencyStatus
from callers.errors import CredentialError, InputError
from callers.systemkeys import MAX_LIFETIME, USE_MARKED_EVERY
from ledger.models import AuditEvent
from peers.models import Agency
from tests.agencies.world import DAY, NOW, OPERATOR, admit, api_key
from tests.entries import change_entry
from tests.exchange_keys import ISSUER

pytestmark = pytest.mark.django_db
TICK = timedelta(microseconds=1)
PEER = "192.0.2.7"


@pytest.fixture
def agency() -> Agency:
    admitted = admit("xa-lab")
    change_entry(admitted.pk, status=AgencyStatus.ACTIVE)
    admitted.refresh_from_db()
    return admitted


def test_a_key_signs_its_system_in(agency: Agency) -> None:
    key, text = api_key(agency, client="case system", scopes=["feed:read"])
    client = authenticate_key(text, PEER, now=NOW)
    assert client.agency_id == "xa-lab"
    assert client.audit_name == "client:xa-lab/case system"
    assert client.capabilities == {Capability.FEED_READ}
    assert text.startswith(f"{key.prefix}.")


def test_two_keys_share_no_secret(agency: Agency) -> None:
    texts = {api_key(agency)[1].partition(".")[2] for _ in range(3)}
    assert len(texts) == 3
    assert all(len(text) == 43 for text in texts)


def test_a_key_ends_on_the_tick(agency: Agency) -> None:
    key, text = api_key(agency, lifetime=30 * DAY)
    assert key.expires_at == NOW + 30 * DAY
    for at, good in ((-TICK, True), (timedelta(0), False), (TICK, False)):
        assert signs_in(text, now=key.expires_at + at) is good


def test_a_lifetime_is_taken_up_to_its_limit(agency: Agency) -> None:
    for lifetime in (TICK, MAX_LIFETIME):
        assert api_key(agency, lifetime=lifetime)[0].expires_at == NOW + lifetime


REFUSED: dict[str, list[Any]] = {
    "lifetime": [timedelta(0), -DAY, MAX_LIFETIME + TICK],
    # Each of these would blur the audit.
    "client": ["", " ", "a/b", "a\nb", "x" * 61, "-x"],
    "networks": [["192.0.2.1/24"], ["example.org"], ["192.0.2.0/33"], [""]],
}


@pytest.mark.parametrize("field", REFUSED)
def test_what_no_key_may_have_is_refused_by_its_field(agency: Agency, field: str) -> None:
    for value in REFUSED[field]:
        with pytest.raises(InputError) as refused:
            api_key(agency, **{field: value})
        assert refused.value.field == field, value


NETWORKS: dict[str, tuple[list[str], str, bool]] = {
    "inside": (["192.0.2.0/24"], "192.0.2.255", True),
    "one past the end": (["192.0.2.0/24"], "192.0.3.0", False),
    "one before the start": (["192.0.2.0/24"], "192.0.1.255", False),
    "the second of two": (["198.51.100.0/25", "2001:db8::/32"], "2001:db8::1", True),
    "another family": (["192.0.2.0/24"], "2001:db8::1", False),
    "version 4 in version 6 clothes": (["192.0.2.0/24"], "::ffff:192.0.2.9", True),
    "no address": (["192.0.2.0/24"], "", False),
    "none asked for": ([], "203.0.113.5", True),
}


def test_a_key_is_good_in_its_networks_only(agency: Agency, subtests: pytest.Subtests) -> None:
    for sentence, (networks, peer, good) in NETWORKS.items():
        _, text = api_key(agency, networks=networks)
        with subtests.test(sentence):
            assert signs_in(text, peer=peer) is good


def test_a_revoked_key_is_refused_and_stays_revoked(agency: Agency) -> None:
    key, text = api_key(agency)
    KEYRING.end(ISSUER, [key], now=NOW)
    KEYRING.end(ISSUER, [key], now=NOW + DAY)
    assert not signs_in(text)
    assert ApiKey.objects.get(pk=key.pk).revoked_at == NOW
    assert AuditEvent.objects.filter(act="apikey.revoked").count() == 1


WRONG: dict[str, Any] = {
    "nothing": lambda text: "",
    "no dot": lambda text: text.replace(".", ""),
    "another secret": lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
    "another prefix": lambda text: ("0" if text[0] != "0" else "1") + text[1:],
    "a space after it": lambda text: text + " ",
    "letter case": lambda text: text.swapcase(),
    "the prefix alone": lambda text: text[:13],
}


def test_a_wrong_key_is_refused(agency: Agency, subtests: pytest.Subtests) -> None:
    for sentence, wrong in WRONG.items():
        with subtests.test(sentence):
            assert not signs_in(wrong(api_key(agency)[1]))


def test_every_refusal_reads_alike(agency: Agency) -> None:
    key, text = api_key(agency)
    KEYRING.end(ISSUER, [key], now=NOW)
    texts = {str(refusal(text)), str(refusal("0" * 12 + "." + "A" * 43)), str(refusal("x"))}
    assert texts == {"credential refused"}


def test_the_database_holds_no_usable_credential(agency: Agency) -> None:
    key, text = api_key(agency)
    secret = text.partition(".")[2]
    dump = serializers.serialize("json", [*ApiKey.objects.all(), *AuditEvent.objects.all()])
    assert secret not in dump
    assert not signs_in(f"{key.prefix}.{bytes(key.digest).hex()[:43]}")


@pytest.mark.parametrize(
    "change",
    [{"agency_id": "xb-health"}, {"scopes": ["directory:read", "feed:read"]}, {"networks": ["192.0.2.0/24"]}],
    ids=["made over to another agency", "widened", "of another network"],
)
def test_a_key_changed_by_sql_serves_nobody(agency: Agency, change: dict[str, Any]) -> None:
    admit("xb-health")
    change_entry("xb-health", status=AgencyStatus.ACTIVE)
    key, text = api_key(agency, scopes=["feed:read"])
    assert signs_in(text)
    ApiKey.objects.filter(pk=key.pk).update(**change)
    assert not signs_in(text)


def test_a_copy_of_the_database_under_another_pepper_signs_nobody_in(
    agency: Agency, settings: Settings
) -> None:
    _, text = api_key(agency)
    settings.API_PEPPER = b"another pepper of 32 octets here"
    assert not signs_in(text)


def test_a_process_without_a_pepper_handles_no_credentials(agency: Agency, settings: Settings) -> None:
    settings.API_PEPPER = b""
    with pytest.raises(RuntimeError):
        api_key(agency)


def test_use_is_marked_at_most_once_a_minute(agency: Agency) -> None:
    key, text = api_key(agency)
    marks = []
    for at in (NOW, NOW + USE_MARKED_EVERY - TICK, NOW + USE_MARKED_EVERY):
        assert signs_in(text, now=at)
        key.refresh_from_db()
        marks.append(key.last_used_at)
    assert marks == [NOW, NOW, NOW + USE_MARKED_EVERY]


def test_a_refused_use_is_not_marked(agency: Agency) -> None:
    key, text = api_key(agency, networks=["192.0.2.0/24"])
    assert not signs_in(text, peer="203.0.113.5")
    key.refresh_from_db()
    assert key.last_used_at is None


def test_issuing_and_revoking_are_audited_for_the_agency(agency: Agency) -> None:
    key, _ = api_key(agency)
    KEYRING.end(ISSUER, [key], now=NOW)
    events = AuditEvent.objects.filter(subject=f"apikey:{key.prefix}").order_by("seq")
    assert [(event.act, event.agency) for event in events] == [
        ("apikey.issued", "xa-lab"),
        ("apikey.revoked", "xa-lab"),
    ]


def test_while_its_agency_enters_a_key_for_entering_serves_accession_and_every_other_nothing() -> None:
    entering = admit("xb-health")
    _, text = issue_entry_key(OPERATOR, entering.pk, client="case system", now=NOW)
    assert authenticate_key(text, PEER, now=NOW).capabilities == {Capability.KEY_ENROL}
    assert authenticate_key(api_key(entering)[1], PEER, now=NOW).capabilities == frozenset()


def test_a_key_that_was_given_more_before_serves_what_works_now(agency: Agency) -> None:
    _, text = make_key(
        ISSUER,
        agency.pk,
        client="case system",
        scopes=["draft:write", "feed:read", "key:enrol", "alert:read"],
        lifetime=DAY,
        networks=(),
        now=NOW,
    )
    assert authenticate_key(text, PEER, now=NOW).capabilities == {Capability.FEED_READ}


def refusal(text: str, *, peer: str = PEER, now: Any = NOW) -> CredentialError:
    with pytest.raises(CredentialError) as refused:
        authenticate_key(text, peer, now=now)
    return refused.value


def signs_in(text: str, *, peer: str = PEER, now: Any = NOW) -> bool:
    try:
        authenticate_key(text, peer, now=now)
    except CredentialError:
        return False
    return True
