# SPDX-License-Identifier: Apache-2.0
"""Sealing and signing in the vault for a hosted agency: permitted officers, recipients and refusals."""

from pathlib import Path
from typing import Any

import pytest

from accord.envelope.content import NamedOfficer
from accord.envelope.errors import SealingError, SealRefusal
from accord.envelope.keyrule import Valid
from accord.envelope.keys import EC1, PQ1
from accord.envelope.seal import SealedContent
from accord.envelope.verifying import Ledger
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Key
from callers.actors import ApiClient, SystemActor
from callers.capabilities import Capability
from callers.errors import AbsentError, NotPermittedError
from ledger.pins import pinned_keys
from officers.models import Officer
from peers.models import Agency
from tests.agencies.sealing import DOCUMENT, SPECTRUM, Carried, carry, seal, terms
from tests.agencies.world import NOW, enrol, hosted_agency, log_everything, own_agency
from tests.bound_rows import rewrite
from vault import services, suspending
from vault.errors import SigningKeysMissingError

pytestmark = pytest.mark.django_db
WORKER = SystemActor("desk-worker", "xb-health")


def test_what_a_hosted_agency_sends_passes_intake_and_opens(carried: Carried, reader: Officer) -> None:
    opened = services.open_envelope(
        reader,
        carried.slice_for("xb-health"),
        reason="on duty",
        blobs=carried.envelope.blobs,
        peers=DatabaseKeyDirectory(NOW),
        ledger=Ledger(pinned_keys()),
        now=NOW,
    )
    assert opened.alert == DOCUMENT
    assert opened.audience == ("xb-health", "xd-reg")
    assert opened.standing == Valid()
    assert services.open_attachment(opened, 0, carried.envelope.blobs[0]) == SPECTRUM.plain


def test_the_originator_opens_its_own(carried: Carried, releaser: Officer) -> None:
    opened = services.open_envelope(
        releaser,
        carried.slice_for("xa-lab"),
        reason="own",
        blobs=carried.envelope.blobs,
        peers=DatabaseKeyDirectory(NOW),
        ledger=Ledger(pinned_keys()),
        now=NOW,
    )
    assert opened.alert == DOCUMENT


def test_ec1_goes_out_when_the_sender_confirms_it(releaser: Officer, reader: Officer, tmp_path: Path) -> None:
    with pytest.raises(SealingError) as refused:
        seal(releaser, ["xb-health"], suite=EC1)
    assert refused.value.reason in (SealRefusal.EC1_UNCONFIRMED, SealRefusal.SUITE_BELOW_LOW)


def test_an_agency_that_takes_ec1_gets_it(releaser: Officer, tmp_path: Path) -> None:
    ec1 = hosted_agency("xf-border", suites=[EC1])
    log_everything(tmp_path, now=NOW)
    sender = enrol(ec1, "releaser")
    carried = carry(seal(sender, ["xd-reg"], suite=EC1, confirm_ec1=True), tmp_path)
    assert carried.verified.recipients == ("xd-reg",)


def test_red_never_leaves_or_reaches_hub_custody(releaser: Officer) -> None:
    named = [NamedOfficer("xd-reg", "officer-1")]
    with pytest.raises(SealingError) as refused:
        seal(releaser, ["xd-reg"], tlp="RED", names=named)
    assert (refused.value.reason, refused.value.agencies) == (SealRefusal.RED_CUSTODY, ("xa-lab",))


def test_a_peer_is_held_to_the_root_that_was_pinned(releaser: Officer) -> None:
    true = Agency.objects.get(pk="xd-reg").root_fingerprint
    assert seal(releaser, ["xd-reg"], pins={"xd-reg": services.Pin(true, 1)}).md
    for pin, reason in [
        (services.Pin("ab" * 32), SealRefusal.PIN),
        (services.Pin(true, seen_version=2), SealRefusal.ROLLBACK),
    ]:
        with pytest.raises(SealingError) as refused:
            seal(releaser, ["xb-health", "xd-reg"], pins={"xd-reg": pin})
        assert (refused.value.reason, refused.value.agencies) == (reason, ("xd-reg",))


def test_a_recipient_without_a_keyset_in_force_is_named(releaser: Officer) -> None:
    own_agency("xe-drugs")
    with pytest.raises(SealingError) as refused:
        seal(releaser, ["xb-health", "xe-drugs", "xz-none"])
    assert refused.value.agencies == ("xe-drugs", "xz-none")


@pytest.fixture
def sealed(releaser: Officer) -> SealedContent:
    """An alert that a releaser of the laboratory has sealed, and nobody has signed."""
    return services.seal_alert(
        releaser,
        terms=terms(),
        alert=DOCUMENT,
        suite=PQ1,
        recipients=["xd-reg"],
        peers=DatabaseKeyDirectory(NOW),
        now=NOW,
    )


def test_only_a_releaser_seals_and_signs(sealed: SealedContent, subtests: pytest.Subtests) -> None:
    for role in ("reader", "author", "key_officer", "agency_admin", "auditor"):
        with subtests.test(role):
            officer = enrol(Agency.objects.get(pk="xa-lab"), role)
            with pytest.raises(NotPermittedError):
                seal(officer, ["xd-reg"])
            with pytest.raises(NotPermittedError):
                services.sign_manifest(officer, sealed, now=NOW)


def test_nobody_signs_what_another_agency_sealed(sealed: SealedContent) -> None:
    with pytest.raises(AbsentError):
        services.sign_manifest(enrol(Agency.objects.get(pk="xb-health"), "releaser"), sealed, now=NOW)


EVERYTHING = frozenset(Capability)
NOT_OFFICERS: dict[str, Any] = {
    "an API key": ApiClient("xa-lab", "x", "0" * 12, EVERYTHING),
    "the desk-worker": SystemActor("desk-worker", "xa-lab", EVERYTHING),
    "another process": SystemActor("worker", "xa-lab", EVERYTHING),
}


def test_only_an_officer_in_session_releases(releaser: Officer, subtests: pytest.Subtests) -> None:
    for sentence, actor in NOT_OFFICERS.items():
        with subtests.test(sentence), pytest.raises(NotPermittedError):
            seal(actor, ["xd-reg"])


def test_the_hub_signs_nothing_for_an_agency_with_its_own_keys(releaser: Officer) -> None:
    officer = enrol(Agency.objects.get(pk="xa-lab"), "releaser", "reader")
    rewrite(Agency.objects.filter(pk="xa-lab"), is_hosted=False)
    officer.refresh_from_db()
    with pytest.raises(NotPermittedError):
        seal(officer, ["xb-health"])
    with pytest.raises(NotPermittedError):
        services.open_envelope(
            officer,
            b"{}",
            reason="on duty",
            peers=DatabaseKeyDirectory(NOW),
            ledger=Ledger(pinned_keys()),
            now=NOW,
        )


def test_a_suspended_signing_key_signs_nothing(releaser: Officer) -> None:
    agency = Agency.objects.get(pk="xa-lab")
    kid = Key.objects.get(agency_id=agency.pk, alg="ML-DSA-65", use="sign").kid
    suspending.suspend_key(enrol(agency, "key_officer"), agency, kid, now=NOW)
    with pytest.raises(SigningKeysMissingError):
        seal(releaser, ["xd-reg"])
