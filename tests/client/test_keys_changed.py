# SPDX-License-Identifier: Apache-2.0
"""Own keys are renewed, rotated and retired: peers follow, old alerts still open, and a warning precedes each end."""

from collections.abc import Callable
from typing import Any

import pytest

from accord.client.client import Client
from accord.client.errors import KeysetEndedError, LastKeyError, NotLoggedYetError, RequestError
from accord.client.keys.overview import KeyFact, step_of
from accord.client.keys.rows import DAY_SECS, OVERLAP_SECS
from accord.envelope.keysets import Keyset as VerifiedKeyset
from accord.envelope.keysets import read_keyset
from accord.envelope.slices import parse_slice
from accord.keyerrors import KeyFileBusyError
from agencies.models import Key, Keyset
from tests.client.altered_answers import lying_connection
from tests.client.conftest import PartnerWorld, alert_to


def stored(agency: str, version: int) -> VerifiedKeyset:
    return read_keyset(bytes(Keyset.objects.get(agency_id=agency, version=version).jws))


def keys_of(client: Client, **wanted: str) -> list[KeyFact]:
    found = client.keys.overview(online=False).keys
    return [fact for fact in found if all(getattr(fact, name) == value for name, value in wanted.items())]


def test_a_renewed_keyset_follows_with_the_same_keys(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha", "PQ1", "EC1")
    change = alpha.keys.renew()

    first, second = stored("xa-alpha", 1), stored("xa-alpha", 2)
    assert (change.kind, change.version, change.kids, change.resumed) == ("renew", 2, (), False)
    assert (second.prev, second.rows, second.low) == (first.od, first.rows, "EC1")
    assert second.exp == second.iat + 90 * DAY_SECS
    assert change.in_force_from == change.log_time
    assert alpha.keys.overview(online=False).version == 2


def test_the_lowest_suite_is_changed_by_a_renewal_and_not_beyond_the_keys(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha", "PQ1", "EC1")
    alpha.keys.renew(lowest="PQ1")
    assert stored("xa-alpha", 2).low == "PQ1"

    weak = world.enrol("xb-bravo", "EC1")
    with pytest.raises(RequestError, match="no current keys of the suite PQ1"):
        weak.keys.renew(lowest="PQ1")
    weak.keys.rotate(suites=("PQ1", "EC1"))
    weak.keys.renew(lowest="PQ1")
    assert stored("xb-bravo", 3).low == "PQ1"


def test_rotated_keys_sign_and_receive_and_old_alerts_still_open(world: PartnerWorld) -> None:
    before = world.deliver("xb-bravo", "xa-alpha")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    change = alpha.keys.rotate()

    assert (change.kind, change.version, len(change.kids)) == ("rotate sign enc", 2, 3)
    after = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    own = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    assert alpha.open(before.md).marks == alpha.open(after.md).marks == bravo.open(own.md).marks == ()
    signers = parse_slice(bravo.open(own.md).slice_octets).manifest.signers
    assert set(signers) <= set(change.kids)
    assert {fact.kid for fact in keys_of(alpha, st="current")} == set(change.kids)


def test_the_old_keys_overlap_for_thirty_days_and_are_stated_as_retired_afterwards(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, _ = pair
    old = {fact.kid for fact in keys_of(alpha, st="current")}
    alpha.keys.rotate()

    keyset = stored("xa-alpha", 2)
    for row in keyset.rows:
        if row.kid in old:
            assert row.st == "retiring"
            assert row.exp == pytest.approx(keyset.iat + OVERLAP_SECS, abs=5)
    assert {
        fact.kid for fact in keys_of(world.client_with("xa-alpha", off_by=31 * DAY_SECS), st="retired")
    } == old


def test_one_use_can_be_rotated_alone_and_is_proved_by_the_current_signing_keys(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, bravo = pair
    signing = {fact.kid for fact in keys_of(alpha, use="sign")}
    change = alpha.keys.rotate(uses=("enc",))

    (new,) = change.kids
    assert {fact.kid for fact in keys_of(alpha, use="sign", st="current")} == signing
    assert [fact.kid for fact in keys_of(alpha, use="enc", st="current")] == [new]
    sent = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    assert alpha.open(sent.md).marks == ()


def test_a_rotation_that_leaves_a_suite_without_keys_is_refused(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha", "PQ1", "EC1")
    with pytest.raises(LastKeyError, match="--suite both"):
        alpha.keys.rotate(suites=("EC1",))
    assert not Keyset.objects.filter(agency_id="xa-alpha", version=2).exists()
    wrong: list[dict[str, Any]] = [{"uses": ()}, {"uses": ("root",)}, {"suites": ("PQ2",)}]
    for terms in wrong:
        with pytest.raises(RequestError):
            alpha.keys.rotate(**terms)


def test_a_retired_key_ends_and_the_last_one_cannot_be_retired(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, bravo = pair
    (only,) = keys_of(alpha, use="enc")
    with pytest.raises(LastKeyError, match="no longer receive"):
        alpha.keys.retire(only.kid)
    alpha.keys.rotate(uses=("enc",))
    change = alpha.keys.retire(only.kid[-8:])

    row = stored("xa-alpha", 3).row(only.kid)
    assert row is not None
    assert (change.kind, row.st) == ("retire", "retired")
    assert Key.objects.get(kid=only.kid).st == "retired"
    with pytest.raises(RequestError, match="ended already"):
        alpha.keys.retire(only.kid)
    sent = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    assert alpha.open(sent.md).marks == ()


def test_a_key_that_is_not_named_is_not_guessed(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    for name in ("", "xy", "nothing-ends-like-this"):
        with pytest.raises(RequestError, match="accord keys"):
            alpha.keys.retire(name)


def test_a_program_that_was_running_goes_on_with_the_new_keys(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    """Two programs of one agency: the first opened the key file before the second rotated."""
    running, bravo = pair
    world.client("xa-alpha").keys.rotate()

    sent = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    assert running.open(sent.md).marks == ()
    assert running.submit(alert_to("xb-bravo"), wait_secs=10).log_time is not None


def test_two_programs_change_keys_one_after_the_other(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    acts: list[Callable[[], object]] = [
        alpha.keys.renew,
        alpha.keys.rotate,
        alpha.keys.resume,
        lambda: alpha.keys.change_passphrase("another passphrase"),
    ]
    with world.place("xa-alpha").changing_keys():
        for act in acts:
            with pytest.raises(KeyFileBusyError, match="Wait until it is done"):
                act()
        assert alpha.keys.overview().version == 1
    assert alpha.keys.renew().version == 2


def test_a_keyset_that_another_home_published_is_followed(world: PartnerWorld) -> None:
    """The hub has the keyset and the ledger not yet: this home waits for its receipt, then continues from it."""
    alpha = world.enrol("xa-alpha")
    other = world.client_with("xa-alpha", sleep=lambda seconds: None, connect=lying_connection())
    with pytest.raises(NotLoggedYetError, match="accord keys resume"):
        other.keys.renew(wait_secs=1)
    world.place("xa-alpha").key_change_file.unlink()

    assert alpha.keys.renew().version == 3
    assert [record.version for record in alpha.state().keysets["xa-alpha"]] == [1, 2, 3]


def test_what_ends_is_said_thirty_fourteen_seven_and_one_days_ahead(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    assert alpha.keys.warnings() == ()
    for days, step in ((59, None), (61, 30), (75, 30), (77, 14), (84, 7), (89.5, 1), (91, 0)):
        found = world.client_with("xa-alpha", off_by=days * DAY_SECS).keys.warnings()
        assert [(item.what, item.days) for item in found] == ([] if step is None else [("keyset", step)])
    keys = world.client_with("xa-alpha", off_by=340 * DAY_SECS).keys.warnings()
    assert [(item.what, item.days) for item in keys] == [("keyset", 0)] + [("key", 30)] * 3
    assert {item.remedy for item in keys[1:]} == {"accord keys rotate"}


@pytest.mark.parametrize(
    ("left", "step"),
    [
        (30 * DAY_SECS + 1, None),
        (30 * DAY_SECS, 30),
        (14 * DAY_SECS + 1, 30),
        (14 * DAY_SECS, 14),
        (7 * DAY_SECS, 7),
        (DAY_SECS + 1, 7),
        (DAY_SECS, 1),
        (1, 1),
        (0, 0),
        (-5, 0),
    ],
)
def test_the_step_of_a_warning_is_the_smallest_reached(left: int, step: int | None) -> None:
    assert step_of(1000 * DAY_SECS + left, 1000 * DAY_SECS) == step


def test_an_ended_keyset_stops_sending_names_the_remedy_and_never_stops_reading(world: PartnerWorld) -> None:
    sent = world.deliver("xb-bravo", "xa-alpha")
    alpha = world.client("xa-alpha")
    opened = alpha.open(sent.md)

    ended = world.client_with("xa-alpha", off_by=91 * DAY_SECS)
    with pytest.raises(KeysetEndedError, match="accord keys renew"):
        ended.acknowledge(sent.md, officer="officer-7")
    with pytest.raises(KeysetEndedError, match="accord keys renew"):
        ended.submit(alert_to("xb-bravo"))
    assert ended.open(sent.md).alert == opened.alert
    assert ended.verify(opened.slice_octets, opened.blobs).failure is None


def test_the_overview_says_what_is_held_and_what_is_not(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha", "PQ1", "EC1")
    overview = alpha.keys.overview()
    assert (overview.agency, overview.version, overview.custody, overview.holds_root) == (
        "xa-alpha",
        1,
        "agency",
        True,
    )
    assert overview.fingerprint == alpha.fingerprint
    assert [(fact.use, fact.alg) for fact in overview.keys] == [
        ("sign", "Ed25519"),
        ("sign", "ML-DSA-65"),
        ("enc", "HPKE-9-KE"),
        ("enc", "ECDH-ES+A256KW"),
    ]
    assert all(fact.held and fact.st == "current" for fact in overview.keys)
    assert (overview.unpublished, overview.warnings, overview.pending) == ((), (), None)
