# SPDX-License-Identifier: Apache-2.0
"""A change of keys breaks off anywhere; run again it is completed, and nothing is lost or done twice."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from accord.calls.exchange import Exchange
from accord.client.ceremony import open_root
from accord.client.client import Client
from accord.client.errors import (
    KeyChangeOvertakenError,
    NotLoggedYetError,
    RefusedError,
    UnreachableError,
)
from accord.client.home import create_next_root
from accord.client.keys.journal import Journal, SignedChange
from accord.client.session import connect_http
from accord.envelope.errors import EnvelopeError
from accord.envelope.keysets import read_keyset
from accord.envelope.private import generate_decryption_key, generate_signing_keys
from accord.envelope.statements.form import sign_statement
from accord.keyerrors import KeyFileDamagedError
from accord.keyfile import KeyFile
from agencies.models import Keyset, Revocation
from tests.client.altered_answers import Instead
from tests.client.conftest import CHEAP, PASSPHRASE, PartnerWorld

pytestmark = pytest.mark.no_retry


class Killed(BaseException):
    """A power cut: no further line of the program and no handler runs."""


@dataclass
class FailingExchange:
    """The honest exchange up to its n-th call, which fails before it is made or after."""

    honest: Exchange
    calls_left: int
    failure: type[BaseException]
    is_made: bool

    def __getattr__(self, name: str) -> Any:
        honest = getattr(self.honest, name)
        return (
            honest
            if name in ("close", "hub_clock")
            else lambda *args, **named: self._call(honest, args, named)
        )

    def _call(self, honest: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        self.calls_left -= 1
        if self.calls_left > 0:
            return honest(*args, **named)
        if self.calls_left == 0 and self.is_made:
            honest(*args, **named)
        raise self.failure("the line is cut")


# Of the four, each change is tried with two: one before and one after the call, one of them a power cut. At the same
# moment both leave the same behind, since nothing in a change of keys handles a hub that does not answer.
FAILURES = {
    "the question is lost": (UnreachableError, False),
    "the answer is lost": (UnreachableError, True),
    "killed before the call": (Killed, False),
    "killed after the call": (Killed, True),
}


def failing(
    world: PartnerWorld, agency: str, calls: int, failure: type[BaseException], is_made: bool
) -> Client:
    """A client whose connection to the hub breaks at the n-th call."""
    return world.client_with(
        agency,
        connect=lambda hub, key: FailingExchange(connect_http(hub, key), calls, failure, is_made),
    )


def broken_off_everywhere(
    world: PartnerWorld,
    agency: str,
    act: Callable[[Client], object],
    kind: str,
    once_done: Callable[[], None],
) -> int:
    """Let the act fail at its first call, its second and so on, and run it again; return the number of its calls."""
    failure, is_made = FAILURES[kind]
    for calls in range(1, 60):
        client = failing(world, agency, calls, failure, is_made)
        try:
            act(client)
        except (UnreachableError, Killed):
            act(world.client(agency))
            once_done()
        else:
            once_done()
            return calls - 1
    raise AssertionError("it never comes to its end")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["the question is lost", "killed after the call"])
def test_a_rotation_that_breaks_off_at_any_call_is_done_once(world: PartnerWorld, kind: str) -> None:
    alpha = world.enrol("xa-alpha")
    versions = [1]

    def once_done() -> None:
        """One more version and three more keys; all keys are held, the old ones too."""
        versions.append(versions[-1] + 1)
        overview = alpha.keys.overview()
        assert overview.version == versions[-1] == Keyset.objects.filter(agency_id="xa-alpha").count()
        assert len(overview.keys) == 3 * overview.version
        assert all(fact.held for fact in overview.keys)
        assert (overview.unpublished, overview.pending) == ((), None)

    made = broken_off_everywhere(world, "xa-alpha", lambda client: client.keys.rotate(), kind, once_done)
    assert made >= 6


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["the answer is lost", "killed before the call"])
def test_a_root_change_that_breaks_off_at_any_call_is_done_once(world: PartnerWorld, kind: str) -> None:
    alpha = world.enrol("xa-alpha")
    roots = {"next": world.place("xa-alpha").next_root_file}
    versions = [1]

    def change(client: Client) -> None:
        after = create_next_root(
            world.folder / f"safe-{versions[-1]}-{time.monotonic_ns()}",
            PASSPHRASE,
            now=int(time.time()),
            cost=CHEAP,
        )
        done = client.keys.change_root(open_root(roots["next"], PASSPHRASE).root, announce=after.fingerprint)
        found = world.folder.glob(f"safe-*/next-root-{done.next_fingerprint[:8]}.accord")
        roots["next"] = next(found)

    def once_done() -> None:
        versions.append(versions[-1] + 1)
        overview, ring = alpha.keys.overview(), world.place("xa-alpha").unlock(PASSPHRASE)
        assert overview.version == versions[-1] == Keyset.objects.filter(agency_id="xa-alpha").count()
        assert overview.holds_root
        assert (ring.root.fingerprint, ring.incoming_root) == (overview.fingerprint, None)
        assert ring.next_root == overview.next_fingerprint

    assert broken_off_everywhere(world, "xa-alpha", change, kind, once_done) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["the question is lost", "killed after the call"])
def test_a_revocation_that_breaks_off_at_any_call_is_said_once(world: PartnerWorld, kind: str) -> None:
    alpha = world.enrol("xa-alpha")
    (old,) = (fact.kid for fact in alpha.keys.overview().keys if fact.alg == "Ed25519")
    alpha.keys.rotate()
    since = [int(time.time())]

    def once_done() -> None:
        since.append(since[-1] - 60)
        assert Revocation.objects.count() == len(since) - 1
        assert alpha.keys.overview().pending is None

    def revoke(client: Client) -> None:
        client.keys.revoke(old, code="stolen", since=since[-1])

    assert broken_off_everywhere(world, "xa-alpha", revoke, kind, once_done) >= 4


def test_keys_that_a_crash_left_in_the_key_file_are_the_ones_that_are_published(world: PartnerWorld) -> None:
    """The change broke off after it had written the key file."""
    alpha = world.enrol("xa-alpha")
    with world.place("xa-alpha").changing_keys():
        opened = KeyFile.open(world.place("xa-alpha").key_file, PASSPHRASE)
        signing, decryption = generate_signing_keys("PQ1"), generate_decryption_key("PQ1")
        ring = opened.ring
        opened.replace(
            replace(
                ring,
                signing=(*ring.signing, *signing),
                decryption=(*ring.decryption, decryption),
            )
        )
    kids = (*(key.public.kid for key in signing), decryption.public.kid)
    assert alpha.keys.overview().unpublished == kids
    assert alpha.keys.rotate().kids == kids
    assert alpha.keys.overview().unpublished == ()


def test_what_was_accepted_and_not_logged_is_picked_up(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    idle = world.client_with("xa-alpha", sleep=lambda seconds: None)
    with pytest.raises(NotLoggedYetError, match="accord keys resume"):
        idle.keys.rotate(wait_secs=1)
    assert alpha.keys.overview().pending == "rotate sign enc"

    done = alpha.keys.resume()
    assert done is not None
    assert (done.kind, done.version, len(done.kids), done.resumed) == ("rotate sign enc", 2, 3, True)
    assert alpha.keys.resume() is None


def test_another_change_first_brings_the_broken_one_to_its_end(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    idle = world.client_with("xa-alpha", sleep=lambda seconds: None)
    with pytest.raises(NotLoggedYetError):
        idle.keys.rotate(wait_secs=1)
    assert alpha.keys.renew().version == 3
    assert [record.version for record in alpha.state().keysets["xa-alpha"]] == [1, 2, 3]


def test_a_refusal_of_the_hub_is_final(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")

    def refuse(*args: object, **named: object) -> object:
        raise RefusedError(422, "envelope-refused", "Refused.", "", {})

    with pytest.raises(RefusedError):
        world.lied_to("xa-alpha", post_keyset=Instead(refuse)).keys.rotate()
    overview = alpha.keys.overview()
    assert (overview.version, overview.pending, len(overview.unpublished)) == (1, None, 3)
    assert alpha.keys.rotate().kids == overview.unpublished


def test_a_keyset_that_came_first_overtakes(world: PartnerWorld) -> None:
    """Another home of the agency publishes while this program asks for its challenge."""
    alpha = world.enrol("xa-alpha")
    other = world.client("xa-alpha")
    made: list[bytes] = []

    def publish_first(answer: object, *asked: object) -> object:
        standing = read_keyset(bytes(Keyset.objects.get(agency_id="xa-alpha").jws))
        proposal = made[0]
        assert read_keyset(proposal).prev == standing.od
        state = other.state()
        exchange = connect_http(state.hub, state.api_key)
        exchange.post_keyset("xa-alpha", pop=None, keyset=proposal)
        exchange.close()
        return answer

    made.append(renewal_signed_elsewhere(world, other))
    with pytest.raises(KeyChangeOvertakenError, match="version 2"):
        world.lied_to("xa-alpha", challenge=publish_first).keys.rotate()
    assert alpha.keys.rotate().version == 3


def renewal_signed_elsewhere(world: PartnerWorld, client: Client) -> bytes:
    proposal = client.keys.propose_renewal()
    return sign_statement(proposal.payload, world.place("xa-alpha").unlock(PASSPHRASE).root.signer)


def test_what_is_too_old_for_the_hub_is_void(world: PartnerWorld) -> None:
    """A keyset that was signed two days ago and never reached the hub."""
    alpha = world.enrol("xa-alpha")
    stale = renewal_signed_elsewhere(world, alpha)
    Journal(world.place("xa-alpha").key_change_file).write(SignedChange("renew", stale))
    in_two_days = world.client_with("xa-alpha", off_by=2 * 86400)

    assert in_two_days.keys.resume() is None
    assert alpha.keys.overview().pending is None
    assert alpha.keys.renew().version == 2


def test_what_lies_in_the_journal_is_verified_before_it_is_sent(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    signed = renewal_signed_elsewhere(world, alpha)
    place = signed.index(b'"signature":"') + 20
    # Another letter of base64url, so that it still parses and only the signature is wrong.
    altered = signed[:place] + (b"B" if signed[place : place + 1] == b"A" else b"A") + signed[place + 1 :]
    Journal(world.place("xa-alpha").key_change_file).write(SignedChange("renew", altered))
    calls: list[str] = []
    careful = world.lied_to("xa-alpha", post_keyset=Instead(lambda *args, **named: calls.append("sent")))
    with pytest.raises(EnvelopeError):
        careful.keys.resume()
    assert calls == []
    assert alpha.keys.overview().pending is None
    assert alpha.keys.renew().version == 2


def test_a_damaged_journal_is_named_with_its_remedy(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    place = world.place("xa-alpha").key_change_file
    place.write_bytes(b"{")
    place.chmod(0o600)
    with pytest.raises(KeyFileDamagedError, match="Remove this file"):
        alpha.keys.renew()
    place.unlink()
    assert alpha.keys.renew().version == 2
