# SPDX-License-Identifier: Apache-2.0
"""Keys that the hub makes and holds for a hosted agency pass the same accession as an agency's own."""

from pathlib import Path

import pytest

from accord.envelope.keys import EC1, PQ1
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Key, Keyset
from callers.actors import SystemActor
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from tests.agencies.world import (
    DAY,
    NOW,
    OPERATOR,
    admit,
    enrol,
    hosted_agency,
    log_everything,
    own_agency,
    seconds,
)
from vault import services
from vault.changes import PrivateKey, draw_decryption, draw_signing
from vault.errors import CustodyRefusedError
from vault.models import VaultKey

pytestmark = pytest.mark.django_db
WORKER = SystemActor("desk-worker", "xb-health")


def test_hosted_keys_come_in_by_the_same_door_as_everybodys() -> None:
    agency = hosted_agency("xa-lab")
    acts = list(AuditEvent.objects.filter(agency="xa-lab").order_by("seq").values_list("act", flat=True))
    assert acts == ["agency.admitted", "keyset.accepted", "agency.keys_created"]
    keyset = Keyset.objects.get(agency_id=agency.pk)
    assert (keyset.custody, keyset.root_fingerprint, keyset.low) == ("hub", agency.root_fingerprint, "PQ1")
    assert keyset.exp - keyset.iat == 90 * 86400


@pytest.mark.parametrize(
    ("suites", "algs"),
    [
        ([PQ1], {"Ed25519", "ML-DSA-65", "HPKE-9-KE"}),
        ([EC1], {"Ed25519", "ECDH-ES+A256KW"}),
        ([PQ1, EC1], {"Ed25519", "ML-DSA-65", "HPKE-9-KE", "ECDH-ES+A256KW"}),
    ],
    ids=["PQ1", "EC1", "both"],
)
def test_keys_are_made_for_the_suites_asked_for(suites: list[str], algs: set[str]) -> None:
    agency = hosted_agency("xa-lab", suites=suites)
    assert {key.alg for key in Key.objects.filter(agency_id=agency.pk).exclude(use="root")} == algs


def test_the_lowest_suite_is_pq1_unless_another_is_chosen_on_purpose() -> None:
    for agency_id, low, expected in (("xa-lab", "", PQ1), ("xb-health", EC1, EC1)):
        word = services.create_agency_keys(OPERATOR, admit(agency_id, custody="hub"), low=low, now=NOW)
        assert word.keyset.low == expected
    with pytest.raises(InputError) as refused:
        services.create_agency_keys(
            OPERATOR, admit("xc-customs", custody="hub"), suites=[PQ1], low=EC1, now=NOW
        )
    assert refused.value.field == "low"


@pytest.mark.parametrize("custody", ["agency", "hub-own-root"])
def test_no_root_is_made_for_an_agency_that_holds_its_own(custody: str) -> None:
    agency = admit("xa-lab", custody=custody)
    with pytest.raises(CustodyRefusedError):
        services.create_agency_keys(OPERATOR, agency, now=NOW)
    assert not VaultKey.objects.exists()


def test_a_root_is_made_once() -> None:
    agency = hosted_agency("xa-lab")
    with pytest.raises(CustodyRefusedError):
        services.create_agency_keys(OPERATOR, agency, now=NOW)


def test_keys_are_made_by_a_key_officer_or_the_operator() -> None:
    agency = admit("xa-lab", custody="hub")
    for role in ("reader", "releaser", "agency_admin"):
        with pytest.raises(NotPermittedError):
            services.create_agency_keys(enrol(agency, role), agency, now=NOW)
    with pytest.raises(AbsentError):
        services.create_agency_keys(enrol(admit("xb-health"), "key_officer"), agency, now=NOW)
    assert services.create_agency_keys(enrol(agency, "key_officer"), agency, now=NOW).keyset.version == 1


def test_an_unknown_suite_is_refused() -> None:
    agency = admit("xa-lab", custody="hub")
    unknown: list[list[str]] = [[], ["PQ2"], ["PQ1", "RSA"]]
    for suites in unknown:
        with pytest.raises(InputError, match=r"^suites: "):
            services.create_agency_keys(OPERATOR, agency, suites=suites, now=NOW)


def test_a_hosted_keyset_is_renewed_before_it_ends(tmp_path: Path) -> None:
    agency = hosted_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    renewed = services.renew_agency_keys(OPERATOR, agency, now=NOW + 60 * DAY)
    log_everything(tmp_path, now=NOW + 60 * DAY)
    assert (renewed.keyset.version, renewed.keyset.exp) == (2, seconds(NOW + 150 * DAY))
    found = DatabaseKeyDirectory(NOW + 100 * DAY).recipient_keys(["xa-lab"], PQ1, seconds(NOW + 100 * DAY))
    assert "xa-lab" in found


def test_no_keyset_is_renewed_whose_root_the_hub_does_not_hold() -> None:
    agency, _ = own_agency("xd-reg")
    with pytest.raises(CustodyRefusedError):
        services.renew_agency_keys(OPERATOR, agency, now=NOW)


def test_no_private_key_shows_in_repr() -> None:
    keys: list[PrivateKey] = [*draw_signing([PQ1, EC1]), *draw_decryption([PQ1, EC1])]
    shown = repr(keys)
    for key in keys:
        assert key.to_bytes().hex() not in shown
        assert repr(key.to_bytes()) not in shown
