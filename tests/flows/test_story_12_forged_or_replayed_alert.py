# SPDX-License-Identifier: Apache-2.0
"""Story 12: an alert with an old signature, a changed byte, a revoked key, a future date or another agency's id.

Each is refused with an audited reason of its own and tells its sender nothing; the same object again is answered as
before, another one under its id is refused; and after a rotation of keys the old alerts still verify.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import SubjectRef
from alerts.boxes.outbox import read_sent
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import open_alert
from ledger.models import AuditEvent
from sharing.models import Delivery, Envelope, FeedItem, Statement
from tests.builders import DAY_SECS, HeldAgency, Hub, seconds
from tests.envelope.tampering import signed_again
from tests.flows.stories import HEALTH, LAB, PAIRINGS
from tests.own_desk import at_desk_of, change_keys
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld
from tests.pages.key_desks import version_of
from tests.sharing.callers import Answer, Caller, slug
from vault.agency_keys import rotate_agency_keys
from vault.changes import Rotate

COARSE = "envelope-refused"


@dataclass
class Scene:
    """Alpha may send to bravo; mallory is an agency at the hub too, and holds alpha's old key."""

    hub: Hub
    alpha: HeldAgency
    bravo: HeldAgency
    mallory: HeldAgency

    def caller(self, agency: HeldAgency) -> Caller:
        return Caller(self.hub.api_key(agency))

    def sealed(self, **terms: Any) -> SealedEnvelope:
        return self.hub.alert_to(self.bravo, sender=self.alpha, **terms)


@pytest.fixture
def scene(db: None, tmp_path: Path) -> Scene:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    made = Scene(hub, *hub.make_agencies("xa-alpha", "xb-bravo", "xm-mallory"))
    hub.make_agreement("G1", made.alpha, made.bravo, made.mallory)
    return made


def changed(octets: bytes, member: str) -> bytes:
    """Change one byte of a member's text."""
    at = octets.index(f'"{member}":"'.encode()) + len(member) + 12
    return octets[:at] + (b"B" if octets[at : at + 1] != b"B" else b"C") + octets[at + 1 :]


def old_signature_under_new_content(scene: Scene) -> SealedEnvelope:
    old, new = scene.sealed(), scene.sealed()
    signatures = json.loads(old.manifest)["signatures"]
    manifest = json.loads(new.manifest) | {"signatures": signatures}
    return replace(new, manifest=json.dumps(manifest, separators=(",", ":")).encode())


def changed_byte_of_the_signature(scene: Scene) -> SealedEnvelope:
    sealed = scene.sealed()
    return replace(sealed, manifest=changed(sealed.manifest, "signature"))


def changed_byte_of_the_manifest(scene: Scene) -> SealedEnvelope:
    sealed = scene.sealed()
    return replace(sealed, manifest=changed(sealed.manifest, "payload"))


def changed_byte_of_the_content(scene: Scene) -> SealedEnvelope:
    sealed = scene.sealed()
    return replace(sealed, jwe=changed(sealed.jwe, "ciphertext"))


def signed_with_a_revoked_key(scene: Scene) -> SealedEnvelope:
    sealed = scene.sealed()
    scene.hub.revoke(scene.alpha, since=scene.hub.now - timedelta(hours=1), code="stolen")
    scene.hub.sequence()
    return sealed


def dated_into_the_future(scene: Scene) -> SealedEnvelope:
    return scene.sealed(iat=seconds(scene.hub.now) + 3600)


def dated_long_ago(scene: Scene) -> SealedEnvelope:
    return scene.sealed(iat=seconds(scene.hub.now) - 2 * DAY_SECS)


FORGERIES: dict[str, tuple[Callable[[Scene], SealedEnvelope], int]] = {
    # The attack, and the coarse answer: 422 for a failed check, 400 for octets that are no envelope
    "an old signature under new content": (old_signature_under_new_content, 422),
    "a changed byte in the signature": (changed_byte_of_the_signature, 422),
    "a changed byte in the content": (changed_byte_of_the_content, 422),
    "a revoked key": (signed_with_a_revoked_key, 422),
    "a future date": (dated_into_the_future, 422),
    "an old date": (dated_long_ago, 422),
}


def as_if_from(agency: str, sealed: SealedEnvelope, signer: HeldAgency) -> SealedEnvelope:
    """Name another originator in the manifest, and sign it again by its maker."""
    return signed_again(sealed, signer.signing["PQ1"], iss=agency)


def refusals() -> list[str]:
    return list(
        AuditEvent.objects.filter(act="envelope.refused").order_by("seq").values_list("reason", flat=True)
    )


def nothing_was_carried() -> bool:
    return not (Envelope.objects.exists() or Delivery.objects.exists() or FeedItem.objects.exists())


def test_each_forgery_is_refused_with_a_reason_of_its_own_and_no_word_to_the_sender(scene: Scene) -> None:
    answers: dict[str, Answer] = {}
    for name, (forge, status) in FORGERIES.items():
        if name == "a revoked key":
            continue
        answers[name] = scene.caller(scene.alpha).post_envelope(forge(scene))
        assert answers[name].status_code == status, name
    answers["a revoked key"] = scene.caller(scene.alpha).post_envelope(signed_with_a_revoked_key(scene))
    assert {slug(answer) for answer in answers.values()} == {COARSE}
    assert len({answer.content for answer in answers.values()}) == 1, "the answer tells which check it was"
    causes = refusals()
    assert len(causes) == len(FORGERIES)
    assert causes[0] == causes[1] == "bad-signature", "both are a signature that does not fit"
    assert len(set(causes[1:])) == len(FORGERIES) - 1, causes
    assert {row.agency for row in AuditEvent.objects.filter(act="envelope.refused")} == {"xa-alpha"}
    assert nothing_was_carried()


def test_another_agencys_envelope_is_answered_like_an_address_that_is_not_there(scene: Scene) -> None:
    """Mallory posts, with its own API key, an envelope that alpha signed, and its own in alpha's name."""
    mallory = scene.caller(scene.mallory)
    stolen = mallory.post_envelope(scene.sealed())
    pretended = signed_again(scene.sealed(), scene.mallory.signing["PQ1"])
    forged = mallory.post_envelope(pretended)
    absent = mallory.get(f"envelopes/{'A' * 43}")
    assert [answer.status_code for answer in (stolen, forged, absent)] == [404, 404, 404]
    assert stolen.content == forged.content == absent.content
    as_alpha = scene.caller(scene.alpha).post_envelope(pretended)
    assert (as_alpha.status_code, slug(as_alpha)) == (422, COARSE), (
        "alpha's id does not make mallory's key alpha's"
    )
    rows = AuditEvent.objects.filter(act="envelope.refused").order_by("seq")
    assert [row.agency for row in rows] == ["xm-mallory", "xm-mallory", "xa-alpha"]
    assert rows[0].reason and rows[2].reason and rows[0].reason != rows[2].reason
    assert nothing_was_carried()


def test_the_same_envelope_again_is_answered_as_before_and_another_under_its_id_is_refused(
    scene: Scene,
) -> None:
    alpha, sealed = scene.caller(scene.alpha), scene.sealed()
    first, again = alpha.post_envelope(sealed), alpha.post_envelope(sealed)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    scene.hub.sequence()
    late = alpha.post_envelope(sealed)
    assert late.json()["receipt"] is not None, "sent once more it carries its receipt"
    other = alpha.post_envelope(scene.sealed(jti=sealed.jti))
    assert (other.status_code, slug(other)) == (409, "id-taken")
    assert Envelope.objects.count() == Delivery.objects.count() == FeedItem.objects.count() == 1
    assert scene.hub.open(scene.bravo, sealed).alert["title"] == "Blue tablets"


def test_the_same_statement_again_is_answered_as_before_and_another_under_its_id_is_refused(
    scene: Scene,
) -> None:
    hub, bravo = scene.hub, scene.caller(scene.bravo)
    sealed = hub.deliver(scene.alpha, scene.bravo)
    hub.fetch(scene.bravo, sealed)
    said = hub.acknowledgement(scene.bravo, sealed)
    first, again = bravo.post_statement(said), bravo.post_statement(said)
    assert first.json() == again.json()
    name = Statement.objects.get(k="ack").statement_id
    other = bravo.post_statement(hub.acknowledgement(scene.bravo, sealed, st="refused", id=name))
    assert (other.status_code, slug(other)) == (409, "id-taken")
    assert Statement.objects.filter(k="ack").count() == 1


def forged_statements(scene: Scene, sealed: SealedEnvelope) -> Sequence[tuple[str, bytes, int]]:
    hub, bravo = scene.hub, scene.bravo
    good = hub.acknowledgement(bravo, sealed)
    return (
        ("a changed byte", changed(good, "signature"), 422),
        ("a future date", hub.acknowledgement(bravo, sealed, iat=seconds(hub.now) + DAY_SECS), 422),
        (
            "about what never was",
            hub.acknowledgement(bravo, sealed, sub=SubjectRef("manifest", sealed.jti, "A" * 43)),
            404,
        ),
        ("of another agency", hub.acknowledgement(scene.alpha, sealed), 404),
    )


def test_forged_statements_are_refused_and_count_for_nothing(scene: Scene) -> None:
    hub, bravo = scene.hub, scene.caller(scene.bravo)
    sealed = hub.deliver(scene.alpha, scene.bravo)
    hub.fetch(scene.bravo, sealed)
    coarse = set()
    for name, forged, status in forged_statements(scene, sealed):
        answer = bravo.post_statement(forged)
        assert answer.status_code == status, name
        coarse.add((status, answer.content))
    assert len(coarse) == 2, "one answer for each kind of refusal, whatever the cause"
    assert not Statement.objects.filter(k="ack").exists()
    assert Delivery.objects.get().acknowledged_at is None
    reasons = AuditEvent.objects.filter(act="statement.refused").values_list("reason", flat=True)
    assert sorted(reasons) == ["Absent", "Absent", "bad-signature", "iat-in-the-future"]


def test_rotated_keys_leave_the_old_alerts_verifiable(scene: Scene) -> None:
    """Alpha's newest keyset names other keys, and bravo still opens the alert that the old one signed."""
    hub = scene.hub
    sealed = hub.deliver(scene.alpha, scene.bravo)
    hub.later(hours=1)
    hub.renew_signing_keys(scene.alpha)
    hub.sequence()
    assert hub.open(scene.bravo, sealed).alert["title"] == "Blue tablets"
    fresh = hub.deliver(scene.alpha, scene.bravo)
    assert hub.open(scene.bravo, fresh).alert["title"] == "Blue tablets"


# --- replays at the desk --------------------------------------------------------------------------------------


@pytest.fixture
def own() -> tuple[str, ...]:
    """The agencies that have a desk of their own."""
    return ()


@pytest.fixture
def desk(db: None, tmp_path: Path, own: tuple[str, ...]) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger", own=own)


HOSTED = pytest.param((), id="hosted to hosted")
anywhere = pytest.mark.parametrize("own", [HOSTED, *PAIRINGS])


@anywhere
def test_a_form_sent_twice_sends_one_alert(desk: DeskWorld, as_officer: SignIn) -> None:
    waiting, client = desk.validate(desk.submit(desk.draft())), as_officer(desk.benno)
    form = {"revision": waiting.current}
    with at_desk_of(desk.lab):
        first, second = (client.post(f"/queue/{waiting.pk}/release/", form) for _ in range(2))
    assert first.status_code == 302 and second.status_code in {302, 409}
    assert Envelope.objects.count() == 1
    desk.catch_up()
    assert ReceivedAlert.objects.filter(agency_id=HEALTH).count() == 1


@pytest.mark.parametrize("own", [HOSTED, pytest.param((LAB,), id="own to hosted")])
def test_an_old_form_changes_nothing_that_moved_on_since(desk: DeskWorld, as_officer: SignIn) -> None:
    """Forms from before the withdrawal, the release and the return are refused as too late."""
    client, sent = as_officer(desk.benno), desk.send(desk.draft())
    with at_desk_of(desk.lab):
        for verb in ("validate", "release"):
            assert client.post(f"/queue/{sent.pk}/{verb}/", {"revision": 1}).status_code == 409, verb
    assert Envelope.objects.count() == 1
    assert Alert.objects.get(pk=sent.pk).state == "released"


def rotate(desk: DeskWorld) -> None:
    """Rotate the laboratory's keys by its key officer, or by its head where it has a desk of its own."""
    if LAB in desk.roots:
        with at_desk_of(desk.lab):
            change_keys(desk.benno, Rotate(("sign", "enc")), desk.roots[LAB], now=desk.tick())
    else:
        rotate_agency_keys(desk.benno, desk.lab, uses=["sign", "enc"], now=desk.tick())
    desk.settle()
    assert version_of(desk.benno) == 2


@anywhere
def test_a_rotation_at_the_desk_keeps_old_alerts_verified_on_both_sides(desk: DeskWorld) -> None:
    sent = desk.send(desk.draft())
    received = desk.received(desk.aroha)
    rotate(desk)
    with at_desk_of(desk.health):
        opened = open_alert(desk.aroha, received, reason="on_duty", now=desk.tick())
    assert opened.verification.state == "verified" and CONTENT in opened.title
    with at_desk_of(desk.lab):
        own = read_sent(desk.ilka, Alert.objects.get(pk=sent.pk), now=desk.tick())
    assert CONTENT in own.title


@pytest.mark.parametrize("own", [HOSTED, pytest.param((LAB,), id="command to own")])
def test_a_partners_forged_alert_never_reaches_an_officer(desk: DeskWorld, as_officer: SignIn) -> None:
    """The regulator's key signs in the laboratory's name: refused at intake, absent on every page."""
    caller, hub = Caller(desk.hub.api_key(desk.reg)), desk.hub
    hub.now = timezone.now()
    desk.settle()
    other = hub.make_agency("xe-other")
    forged = as_if_from(LAB, hub.alert_to(other, sender=desk.reg), desk.reg)
    assert caller.post_envelope(forged).status_code == 404
    desk.catch_up()
    client = as_officer(desk.ilka)
    with at_desk_of(desk.lab):
        page = "".join(client.get(path).content.decode() for path in ("/inbox/", "/outbox/"))
    assert "Blue tablets" not in page and forged.md not in page
    assert not ReceivedAlert.objects.exists() and not Envelope.objects.exists()
