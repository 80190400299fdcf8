# SPDX-License-Identifier: Apache-2.0
"""A manifest is read member by member, its clocks in order."""

import pytest

from accord.envelope.encoding import b64u, canonical, sha256
from accord.envelope.errors import Failure, MalformedError, TooLargeError, VerificationError
from accord.envelope.keys import EC1, PQ1
from accord.envelope.manifest import MANIFEST_MEMBERS, read_manifest
from accord.envelope.vocabulary import MAX_KEEP_SECS
from tests.envelope.tampering import manifest_of
from tests.envelope.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(PQ1)


def test_a_manifest_is_read_member_by_member(world: World) -> None:
    sealed = world.seal()
    value = manifest_of(sealed)
    read = read_manifest(canonical(value))
    assert read.shared() | {name: getattr(read, name) for name in ("pd", "ct", "rn", "rr")} == {
        name: member for name, member in value.items() if name != "att"
    }
    assert value.keys() == MANIFEST_MEMBERS
    assert read.md == sealed.md == b64u(sha256(b"accord-manifest+jws\x00" + canonical(value)))


def test_a_suite_is_one_of_two_whatever_the_number_of_signers() -> None:
    value = manifest_of(make_world(EC1).seal())
    with pytest.raises(MalformedError):
        read_manifest(canonical(value | {"suite": "EC2"}))


@pytest.mark.parametrize("member", ["exp", "keep", "ack_by", "reply_by"])
def test_clocks_of_a_manifest_run_in_order(world: World, member: str) -> None:
    value = manifest_of(world.seal())
    iat, exp, keep = value["iat"], value["exp"], value["keep"]
    first, last = {"exp": (iat + 1, keep), "keep": (exp, iat + MAX_KEEP_SECS)}.get(member, (iat + 1, keep))
    for moment in (first, last):
        assert read_manifest(canonical(value | {member: moment}))
    for moment in (first - 1, last + 1):
        with pytest.raises(MalformedError):
            read_manifest(canonical(value | {member: moment}))


def test_a_manifest_longer_than_its_limit_is_refused_by_itself(world: World) -> None:
    payload = canonical(manifest_of(world.seal()))
    assert read_manifest(payload.ljust(65_536))
    with pytest.raises(TooLargeError):
        read_manifest(payload.ljust(65_537))


def test_red_names_one_officer_to_32_000(world: World) -> None:
    value = manifest_of(world.seal()) | {"tlp": "RED"}
    for named in (1, 32_000):
        assert read_manifest(canonical(value | {"named": named})).named == named
    with pytest.raises(MalformedError):
        read_manifest(canonical(value | {"named": 32_001}))
    with pytest.raises(VerificationError) as refused:
        read_manifest(canonical(value | {"named": 0}))
    assert refused.value.failure is Failure.RED
