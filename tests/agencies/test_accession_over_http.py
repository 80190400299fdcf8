# SPDX-License-Identifier: Apache-2.0
"""Accession over HTTP as a partner's system does it with its own keys: API key, challenge, keyset."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accord.envelope.keysets import read_keyset
from accord.envelope.private import Root
from accord.envelope.tree.notes import VerifierKey
from accord.envelope.tree.receipts import Receipt
from agencies.models import Keyset
from callers.capabilities import EXCHANGE_SCOPES, Capability
from callers.directory import AgencyStatus
from peers.models import Agency
from tests.agencies.partners import Partner, enter_over_http
from tests.agencies.world import DAY, api_key, log_everything, own_agency, seconds
from tests.services import surroundings

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner() -> Partner:
    return Partner()


def test_a_partner_enters_with_its_own_keys(partner: Partner, tmp_path: Path) -> None:
    admitted = partner.read("/api/v1/accession").json()
    assert (admitted["status"], admitted["custody"], admitted["name"]) == (
        "entering",
        "agency",
        partner.agency.name,
    )
    keyset = partner.keys.keyset(now=partner.now)
    answer = partner.hand_in(pop=partner.keys.pop(partner.challenge(), now=partner.now), keyset=keyset)
    assert answer.status_code == 201
    taken = {"agency": "xd-reg", "version": 1, "od": read_keyset(keyset).od}
    assert {**answer.json(), **taken} == answer.json()
    partner.api_key = partner.keys.first_api_key(answer.json())
    assert Agency.objects.get(pk="xd-reg").status == AgencyStatus.ACTIVE
    waiting = partner.read().json()
    assert (waiting["keyset"], waiting["receipt"]) == (json.loads(keyset), None)
    log_everything(tmp_path, now=timezone.now())
    published = partner.read().json()
    assert published["custody"] == "agency"
    receipt = Receipt.parse(published["receipt"])
    vkey = VerifierKey.parse(surroundings().world.secrets.ledger_vkey())
    log_time = receipt.verify(d=answer.json()["od"], keys=[vkey], k="keyset", a="xd-reg")
    assert log_time >= seconds(partner.now)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "enrol-1"}], ids=["plain", "with a key"])
def test_a_partner_whose_answer_got_lost_sends_the_same_again(
    partner: Partner, headers: dict[str, str]
) -> None:
    keyset = partner.keys.keyset(now=partner.now)
    pop = partner.keys.pop(partner.challenge(), now=partner.now)
    first = partner.hand_in(pop=pop, keyset=keyset, **headers)
    again = partner.hand_in(pop=pop, keyset=keyset, **headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert Keyset.objects.count() == 1


def test_once_entered_a_system_that_submits_statements_hands_in_what_the_root_signed(
    partner: Partner,
) -> None:
    enter_over_http(partner)
    assert partner.read("/api/v1/agencies").status_code == 200
    thief = partner.keys.keyset(
        version=2, prev=Keyset.objects.get().od, now=timezone.now(), signer=Root.generate().signer
    )
    assert partner.hand_in(pop=None, keyset=thief).status_code == 422
    renewed = partner.keys.keyset(version=2, prev=Keyset.objects.get().od, now=timezone.now())
    answer = partner.hand_in(pop=None, keyset=renewed)
    assert (answer.status_code, answer.json()["version"]) == (201, 2)


def test_once_entered_a_key_without_that_scope_touches_no_keys(partner: Partner) -> None:
    enter_over_http(partner)
    agency = Agency.objects.get(pk="xd-reg")
    scopes = EXCHANGE_SCOPES - {Capability.STATEMENT_SUBMIT}
    partner.api_key = api_key(agency, scopes=scopes, now=timezone.now())[1]
    renewed = partner.keys.keyset(version=2, prev=Keyset.objects.get().od, now=timezone.now())
    assert partner.hand_in(pop=None, keyset=renewed).status_code == 403
    refused = partner.client.post(
        f"{partner.path}/challenges",
        {"keys": partner.keys.offered()},
        content_type="application/json",
        headers=partner.headers,
    )
    assert refused.status_code == 403
    assert Keyset.objects.filter(agency_id=agency.pk).count() == 1


def _wrong_root(partner: Partner) -> tuple[bytes | None, bytes | None]:
    keyset = partner.keys.keyset(now=partner.now, signer=Root.generate().signer)
    return partner.keys.pop(partner.challenge(), now=partner.now), keyset


def _no_proof(partner: Partner) -> tuple[bytes | None, bytes | None]:
    return None, partner.keys.keyset(now=partner.now)


def _no_keyset(partner: Partner) -> tuple[bytes | None, bytes | None]:
    return partner.keys.pop(partner.challenge(), now=partner.now), None


def _no_json(partner: Partner) -> tuple[bytes | None, bytes | None]:
    return b"{", b"\xff\xfe"


def _duplicate_member(partner: Partner) -> tuple[bytes | None, bytes | None]:
    keyset = partner.keys.keyset(now=partner.now)
    return partner.keys.pop(partner.challenge(), now=partner.now), keyset[:-1] + b',"payload":"e30"}'


def _too_large(partner: Partner) -> tuple[bytes | None, bytes | None]:
    return None, b'{"payload":"' + b"A" * (256 * 1024) + b'"}'


def _a_proof_in_place_of_a_keyset(partner: Partner) -> tuple[bytes | None, bytes | None]:
    pop = partner.keys.pop(partner.challenge(), now=partner.now)
    return pop, pop


REFUSED: dict[str, tuple[Callable[[Partner], tuple[bytes | None, bytes | None]], int, str]] = {
    "a wrong root": (_wrong_root, 422, "signers-differ"),
    "no proof of possession": (_no_proof, 422, "challenge-not-met"),
    "no keyset": (_no_keyset, 400, "keyset"),
    "no JSON": (_no_json, 400, "statement"),
    "a duplicate member": (_duplicate_member, 400, "duplicate member"),
    "too large": (_too_large, 413, "urn:accord:problem:too-large"),
    "another kind of statement": (_a_proof_in_place_of_a_keyset, 422, "wrong-typ"),
}
"""What a partner hands in, and status and reason of its refusal: the code, the place in a malformed one, or the type."""


def test_refused(partner: Partner, subtests: pytest.Subtests) -> None:
    for sentence, (make, status, reason) in REFUSED.items():
        pop, keyset = make(partner)
        with subtests.test(sentence):
            answer = partner.hand_in(pop=pop, keyset=keyset)
            body = answer.json()
            assert answer.status_code == status and reason == body.get(
                "code", body.get("where", body["type"])
            )
            assert answer["Content-Type"] == "application/problem+json"
            assert not Keyset.objects.exists()
            assert Agency.objects.get(pk="xd-reg").status == AgencyStatus.ENTERING


def test_a_refused_partner_can_try_again_with_the_same_challenge(partner: Partner) -> None:
    challenge = partner.challenge()
    pop = partner.keys.pop(challenge, now=partner.now)
    wrong = partner.keys.keyset(now=partner.now, signer=Root.generate().signer)
    assert partner.hand_in(pop=pop, keyset=wrong).status_code == 422
    assert partner.hand_in(pop=pop, keyset=partner.keys.keyset(now=partner.now)).status_code == 201


def test_a_malformed_request_for_a_challenge_is_refused(partner: Partner) -> None:
    no_use, no_key = {"keys": [{"use": "sign"}]}, {"keys": [{"jwk": {}, "use": "root"}]}
    malformed: list[Any] = [{}, {"keys": []}, no_use, {"keys": "x"}, no_key, []]
    for body in malformed:
        answer = partner.client.post(
            f"{partner.path}/challenges",
            json.dumps(body),
            content_type="application/json",
            headers=partner.headers,
        )
        assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json"), body
        assert list(answer.json()["errors"]) == ["non_field_errors" if body == [] else "keys"], body


def test_another_agency_and_one_that_never_was_answer_with_the_same_bytes(partner: Partner) -> None:
    own_agency("xa-lab", now=partner.now)
    answers = [
        partner.client.post(
            f"/api/v1/agencies/{agency_id}/challenges",
            {"keys": partner.keys.offered()},
            content_type="application/json",
            headers=partner.headers,
        )
        for agency_id in ("xa-lab", "xz-none")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_an_entering_agencys_system_sees_no_other_keyset(partner: Partner, tmp_path: Path) -> None:
    own_agency("xa-lab", now=partner.now)
    log_everything(tmp_path, now=partner.now)
    assert partner.read("/api/v1/agencies/xa-lab/keyset").status_code == 403


def test_a_keyset_that_has_not_changed_is_not_sent_again(partner: Partner, tmp_path: Path) -> None:
    enter_over_http(partner)
    log_everything(tmp_path, now=timezone.now())
    first = partner.read()
    again = partner.read(**{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (
        partner.read(
            "/api/v1/agencies", **{"If-None-Match": partner.read("/api/v1/agencies")["ETag"]}
        ).status_code
        == 304
    )


def test_a_version_is_a_number_of_one_that_was_and_there_is_nothing_but_reading(partner: Partner) -> None:
    enter_over_http(partner)
    wrong = dict.fromkeys(("0", "-1", "x", "99999999999999999999", "1e3"), 422)
    for version, status in ({"1": 200, "2": 404} | wrong).items():
        assert partner.read(f"{partner.path}/keyset?version={version}").status_code == status, version
    for method in ("put", "patch", "delete"):
        for path in ("/api/v1/agencies", f"{partner.path}/keyset"):
            answer = getattr(partner.client, method)(path, headers=partner.headers)
            assert answer.status_code in {403, 405}


def test_the_directory_tells_what_every_agency_may_know_and_no_more(partner: Partner) -> None:
    enter_over_http(partner)
    (item,) = partner.read("/api/v1/agencies").json()["items"]
    assert set(item) == {
        "id", "name", "kind", "country", "timezone", "language", "custody", "status", "root_fingerprint",
        "duty_phone",
    }  # fmt: skip


def test_no_answer_repeats_a_credential(partner: Partner) -> None:
    secret = partner.api_key.partition(".")[2]
    enter_over_http(partner)
    for path in ("/api/v1/agencies", f"{partner.path}/keyset"):
        assert secret not in partner.read(path).content.decode()


def test_scopes_narrow_a_key(partner: Partner) -> None:
    enter_over_http(partner)
    agency = Agency.objects.get(pk="xd-reg")
    narrow = api_key(
        agency,
        scopes=EXCHANGE_SCOPES - {Capability.DIRECTORY_READ},
        now=timezone.now(),
        lifetime=DAY,
    )
    answer = Client().get("/api/v1/agencies", headers={"Authorization": f"Api-Key {narrow[1]}"})
    assert (answer.status_code, answer.json()["capability"]) == (403, "directory:read")
