# SPDX-License-Identifier: Apache-2.0
"""A saved alert is checked without a network against the kept facts; each check has its name."""

from pathlib import Path

import pytest

from accord.client.checks import OPENING, ORDER, RECEIPT, SEALED, SIGNATURES
from accord.client.client import Client
from accord.client.errors import RequestError, UnsafePathError
from accord.client.results import Opened, Verified
from accord.client.saved_alerts import load_saved, save_opened
from accord.envelope.content import Attachment
from accord.envelope.encoding import canonical, parse_object
from accord.state import StateAbsentError
from tests.client.altered_answers import flip
from tests.client.conftest import PASSPHRASE, PartnerWorld

SPECTRUM = Attachment("etizolam.msp", "text/plain", b"NAME: Etizolam\n")


def no_network(hub: str, api_key: str) -> object:
    raise AssertionError("an offline check must not ask the hub")


@pytest.fixture
def opened(world: PartnerWorld) -> Opened:
    sent = world.deliver("xa-alpha", "xb-bravo", file=SPECTRUM)
    return world.client("xb-bravo").open(sent.md)


@pytest.fixture
def offline(world: PartnerWorld, opened: Opened) -> Client:
    return Client(world.home("xb-bravo"), PASSPHRASE, connect=no_network)  # type: ignore[arg-type]


def outcomes(verified: Verified) -> dict[str, bool | None]:
    return {check.name: check.held for check in verified.checks}


def test_a_saved_alert_verifies_without_a_network(opened: Opened, offline: Client, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    assert [path.name for path in save_opened(opened, folder)] == ["slice.json", "blob-0"]

    verified = offline.verify(*load_saved(folder))
    assert outcomes(verified) == dict.fromkeys(ORDER, True)
    assert verified.opened is not None
    assert verified.opened.attachment(0) == SPECTRUM.plain
    with pytest.raises(UnsafePathError):
        save_opened(opened, folder)


def test_without_its_blobs_it_is_checked_but_not_opened(opened: Opened, offline: Client) -> None:
    verified = offline.verify(opened.slice_octets)
    assert (verified.failure, verified.opened) == (None, None)
    assert outcomes(verified) == dict.fromkeys(ORDER, True) | {OPENING: None}


def test_the_check_that_failed_is_named(opened: Opened, offline: Client, subtests: pytest.Subtests) -> None:
    value = parse_object(opened.slice_octets, limit=2**20)
    manifest, jwe = value["manifest"], value["jwe"]
    signature = manifest["signatures"][0] | {"signature": manifest["signatures"][1]["signature"]}
    altered = {
        ORDER[0]: value | {"v": 2},
        RECEIPT: value | {"receipts": []},
        SIGNATURES: value | {"manifest": manifest | {"signatures": [signature, manifest["signatures"][1]]}},
        SEALED: value | {"jwe": jwe | {"iv": "A" * 16}},
    }
    for name, changed in altered.items():
        with subtests.test(name):
            verified = offline.verify(canonical(changed), opened.blobs)
            held = outcomes(verified)
            place = ORDER.index(name)
            assert verified.opened is None
            assert [held[check] for check in ORDER[:place]] == [True] * place
            assert held[name] is False
            assert [held[check] for check in ORDER[place + 1 :]] == [None] * (len(ORDER) - place - 1)


def test_what_fails_after_opening_has_one_name(opened: Opened, offline: Client) -> None:
    verified = offline.verify(opened.slice_octets, [flip(opened.blobs[0].read(), 30)])
    assert (verified.failure, verified.opened) == ("unopenable", None)
    assert outcomes(verified)[OPENING] is False


def test_a_home_that_never_met_the_sender_cannot_verify(world: PartnerWorld, opened: Opened) -> None:
    charlie = world.enrol("xc-charlie")
    verified = charlie.verify(opened.slice_octets, opened.blobs)
    assert verified.failure == "keyset-unknown"


def test_a_home_without_state_says_so(world: PartnerWorld, opened: Opened) -> None:
    world.make_keys("xc-charlie")
    with pytest.raises(StateAbsentError):
        world.client("xc-charlie").verify(opened.slice_octets)


def test_a_place_without_a_slice_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(RequestError):
            load_saved(path)
