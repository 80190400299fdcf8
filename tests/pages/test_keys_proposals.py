# SPDX-License-Identifier: Apache-2.0
"""The wizard for an agency whose head keeps the root: a change is proposed, signed offline, and handed in."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accord.envelope.encoding import b64u, canonical, object_digest
from accord.envelope.vocabulary import statement_typ
from agencies.models import Keyset, Revocation
from officers.keyfacts import key_facts
from tests.pages.conftest import SignIn
from tests.pages.desk_world import FRESH_SECONDS, DeskWorld
from tests.pages.key_desks import Customs, key_of, states_of, version_of
from tests.pages.test_keys_wizard import revocation_form
from tests.restored_worlds import restored_world
from vault import proposing
from vault.changes import Renew
from vault.models import DrawnKey, Proposal


@pytest.fixture
def customs(desk: DeskWorld) -> Customs:
    """The customs before their first key."""
    return Customs.build(desk)


def enter_customs(folder: Path) -> Customs:
    customs = Customs.build(DeskWorld.kept(folder))
    client = Client()
    client.force_login(customs.officer, "officers.login.backends.EmailBackend")
    customs.enter(client)
    return customs


@pytest.fixture
def entered(db: None, tmp_path: Path) -> Customs:
    """The customs with keys of both suites under its head's root."""
    return restored_world("customs", enter_customs, tmp_path / "ledger", fresh_seconds=FRESH_SECONDS)


@pytest.fixture
def keeper(entered: Customs, as_officer: SignIn) -> Client:
    """The key officer of the customs."""
    return as_officer(entered.officer)


def upload(client: Client, proposal: str, data: bytes) -> Any:
    return client.post(proposal, {"signed": SimpleUploadedFile("b.signed", data)})


# From the question to the change.


def test_the_first_keys_come_in_under_the_heads_root(customs: Customs, as_officer: SignIn) -> None:
    keeper = as_officer(customs.officer)
    page = keeper.get("/keys/create/").content.decode()
    assert "Nothing changes before your agency's head has signed it" in page and "Make the proposal" in page
    words = {
        "root": customs.card(customs.root),
        "announce": customs.successor.fingerprint,
        "suites": ["PQ1", "EC1"],
    }
    proposal = customs.propose(keeper, "/keys/create/", **words)
    assert not Keyset.objects.filter(agency="xc-customs").exists(), "a proposal changes nothing"
    page = keeper.get(proposal).content.decode()
    assert "--root root.accord --out xc-customs-create-" in page and "sign until" not in page
    assert proposal.split("/")[3] in page, "the digest is shown"
    assert f"{proposal}previous/" not in page and keeper.get(f"{proposal}previous/").status_code == 404
    kids = DrawnKey.objects.values_list("kid", flat=True)
    shown = page.replace("</span><span>", "").replace("</span></code>", "</code>")
    assert len(kids) == 4 and all(f">{kid}</code>" in shown for kid in kids), "as accord sign says them"
    assert "Take the file to" in page and "Keep both" not in page
    assert proposal in keeper.get("/keys/").content.decode(), "it is listed"
    assert customs.hand_in(keeper, proposal).headers["Location"] == "/keys/"
    page = keeper.get("/keys/").content.decode()
    assert "Signed and accepted." in page and proposal not in page
    assert states_of(customs.officer) == ["current"] * 4


def test_a_change_is_proposed_signed_and_done_once(
    entered: Customs, keeper: Client, as_officer: SignIn
) -> None:
    proposal = entered.propose(keeper, "/keys/rotate/", uses=["sign"])
    reader = as_officer(entered.desk.hub.make_officer(entered.agency, "reader")).get("/keys/")
    assert reader.status_code == 200 and proposal not in reader.content.decode()
    assert version_of(entered.officer) == 1
    signed = entered.sign(keeper.get(f"{proposal}file/").content)
    assert [upload(keeper, proposal, signed).status_code for _ in range(2)] == [302, 302]
    assert version_of(entered.officer) == 2
    assert states_of(entered.officer) == ["current"] * 4 + ["retiring"] * 2


def test_a_key_is_revoked_on_the_heads_signature(entered: Customs, keeper: Client) -> None:
    key = key_of(entered.officer)
    address = f"/keys/key/{key.kid}/revoke/"
    page = keeper.get(address).content.decode()
    assert "Nothing changes before your agency's head has signed it" in page
    proposal = keeper.post(address, revocation_form(page, typed=key.short)).headers["Location"]
    assert not Revocation.objects.exists()
    assert f"Revoke key …{key.short}" in keeper.get(proposal).content.decode()
    assert entered.hand_in(keeper, proposal).status_code == 302
    assert key_of(entered.officer, state="revoked").kid == key.kid


def test_a_key_is_suspended_without_anybodys_signature(entered: Customs, keeper: Client) -> None:
    key = key_of(entered.officer)
    assert keeper.post(f"/keys/key/{key.kid}/suspend/", {"version": 1}).headers["Location"] == "/keys/"
    assert key_of(entered.officer, state="suspended").kid == key.kid
    assert not Proposal.objects.exists()


def test_the_root_is_changed_with_both_signatures(entered: Customs, keeper: Client) -> None:
    words = {"root": entered.card(entered.successor), "announce": entered.after.fingerprint}
    proposal = entered.propose(keeper, "/keys/root/change/", **words)
    assert "--root root.accord --next-root next-root.accord" in keeper.get(proposal).content.decode()
    both = entered.sign(keeper.get(f"{proposal}file/").content, entered.root, entered.successor)
    jws = json.loads(both)
    alone = upload(keeper, proposal, json.dumps(jws | {"signatures": jws["signatures"][:2]}).encode())
    assert alone.status_code == 422 and "File: " in alone.content.decode()
    assert entered.hand_in(keeper, proposal, entered.root, entered.successor).status_code == 302
    entered.agency.refresh_from_db()
    assert entered.agency.root_fingerprint == entered.successor.fingerprint


def test_a_lost_root_is_recovered_and_the_recovery_cancelled(entered: Customs, keeper: Client) -> None:
    facts = key_facts(entered.officer, now=timezone.now())
    assert facts.keyset is not None
    words = {
        "root": entered.card(entered.successor, nroot=entered.after.fingerprint),
        "typed": facts.keyset.root[-4:],
    }
    proposal = entered.propose(keeper, "/keys/root/recover/", **words)
    assert "--next-root next-root.accord --out" in keeper.get(proposal).content.decode()
    assert entered.hand_in(keeper, proposal, entered.successor).status_code == 302
    assert "A recovered root takes over on" in keeper.get("/keys/").content.decode()
    proposal = entered.propose(keeper, "/keys/root/cancel/")
    assert entered.hand_in(keeper, proposal).status_code == 302
    assert "A recovered root" not in keeper.get("/keys/").content.decode()


# The files.


def test_the_files_are_the_exact_octets_and_nobody_keeps_or_shows_them(
    entered: Customs, keeper: Client
) -> None:
    proposal = entered.propose(keeper, "/keys/renew/")
    od = proposal.split("/")[3]
    first, before = keeper.get(f"{proposal}file/"), keeper.get(f"{proposal}previous/")
    assert object_digest(statement_typ("keyset"), first.content) == od
    assert before.content == bytes(Keyset.objects.get(agency="xc-customs").jws)
    for answer, ending in ((first, '.proposal"'), (before, '.proposal.previous"')):
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="xc-customs-renew-')
        assert answer.headers["Content-Disposition"].endswith(ending)
        assert "no-store" in answer.headers["Cache-Control"]
        assert "sandbox" in answer.headers["Content-Security-Policy"]


# Wrong files that come back.


def of_another_root(entered: Customs, payload: bytes) -> bytes:
    forged = json.loads(entered.root.signer.sign_jws(statement_typ("keyset"), b"{}"))
    return canonical(json.loads(entered.sign(payload)) | {"signatures": forged["signatures"]})


def changed_payload(entered: Customs, payload: bytes) -> bytes:
    """Return the head's true signature over a payload in which one word is then changed."""
    jws = json.loads(entered.sign(payload))
    changed = payload.replace(b'"custody":"hub-own-root"', b'"custody":"hub"')
    assert changed != payload
    return canonical(jws | {"payload": b64u(changed)})


def changed_signature(entered: Customs, payload: bytes) -> bytes:
    jws = json.loads(entered.sign(payload))
    first = jws["signatures"][0]
    letter = "B" if first["signature"][0] == "A" else "A"
    first["signature"] = letter + first["signature"][1:]
    return canonical(jws)


def of_another_agency(entered: Customs, payload: bytes) -> bytes:
    """Sign with the same root in another agency's name."""
    return entered.sign(payload.replace(b'"iss":"xc-customs"', b'"iss":"xa-lab"'))


WRONG_FILES: dict[str, tuple[bytes | Callable[[Customs, bytes], bytes] | None, str]] = {
    "another root's": (of_another_root, "not signed by your agency&#x27;s root"),
    "a changed payload": (changed_payload, "another proposal is signed here than this one"),
    "a changed signature": (changed_signature, "not signed by your agency&#x27;s root"),
    "another agency's": (of_another_agency, "another proposal is signed here than this one"),
    "the proposal itself": (lambda _, payload: payload, "this is the proposal, not yet signed"),
    "empty": (b"", "File: it is empty."),
    "text": (b"not json", "File: this is no signed proposal."),
    "large": (b" " * (256 * 1024 + 1), "File: it is too large to be a signed proposal."),
    "none": (None, "File: choose the one that <code>accord sign</code> wrote"),
}


def test_a_wrong_file_is_named_and_the_proposal_stays_open(entered: Customs, keeper: Client) -> None:
    proposal = entered.propose(keeper, "/keys/renew/")
    payload = keeper.get(f"{proposal}file/").content
    for name, (made, problem) in WRONG_FILES.items():
        data = made(entered, payload) if callable(made) else made
        answer = keeper.post(proposal, {}) if data is None else upload(keeper, proposal, data)
        assert answer.status_code == 422 and problem in answer.content.decode(), name
        assert version_of(entered.officer) == 1, name
    assert entered.hand_in(keeper, proposal).status_code == 302
    assert version_of(entered.officer) == 2


def test_another_proposals_file_is_refused(entered: Customs, keeper: Client) -> None:
    replaced = entered.propose(keeper, "/keys/renew/")
    signed = entered.sign(keeper.get(f"{replaced}file/").content)
    proposal = entered.propose(keeper, "/keys/rotate/", uses=["enc"])
    answer = upload(keeper, proposal, signed)
    assert answer.status_code == 422
    assert "another proposal is signed here" in answer.content.decode()
    assert keeper.get(replaced).status_code == 404, "a new one takes the place of the old one"
    gone = upload(keeper, replaced, signed)
    assert gone.status_code in (404, 422) and version_of(entered.officer) == 1


def test_a_proposal_older_than_a_day_has_to_be_made_anew(entered: Customs, keeper: Client) -> None:
    yesterday = timezone.now() - timedelta(hours=25)
    entered.desk.hub.now = yesterday
    Proposal.objects.all().delete()
    payload = proposing.propose_keyset(entered.officer, entered.agency, change=Renew(), now=timezone.now())
    od = object_digest(statement_typ("keyset"), payload)
    Proposal.objects.filter(pk=od).update(made_at=yesterday)
    signed = entered.sign(payload)
    assert keeper.get(f"/keys/proposals/{od}/").status_code == 404
    assert od not in keeper.get("/keys/").content.decode()
    answer = upload(keeper, f"/keys/proposals/{od}/", signed)
    assert answer.status_code == 422 and "or make a new one" in answer.content.decode()
    assert version_of(entered.officer) == 1


def test_a_wrong_root_card_names_its_field(customs: Customs, as_officer: SignIn) -> None:
    keeper = as_officer(customs.officer)
    wrong: list[tuple[str, Any, str]] = [
        ("root", SimpleUploadedFile("r", b"{}"), "Root: choose the public file"),
        ("root", SimpleUploadedFile("r", b"x" * 20_000), "Root: the file is too large"),
        ("root", customs.card(customs.after), "Root: its fingerprint is not the one from paper."),
        ("root", "", "Root: choose the public file"),
        ("announce", "abc", "Next root: enter the 64 digits"),
        ("announce", "f" * 500, "Fingerprint of the root after it: enter 64 digits"),
        ("announce", customs.root.fingerprint, "Next root: enter the 64 digits"),
    ]
    for field, value, problem in wrong:
        good = {
            "root": customs.card(customs.root),
            "announce": customs.successor.fingerprint,
            "suites": ["PQ1"],
        }
        answer = keeper.post("/keys/create/", {**good, "version": 0, field: value})
        assert answer.status_code == 422 and problem in answer.content.decode(), value
    assert not Proposal.objects.exists() and not Keyset.objects.filter(agency="xc-customs").exists()


# Withdrawn proposals.


def test_a_proposal_is_discarded(entered: Customs, keeper: Client) -> None:
    proposal = entered.propose(keeper, "/keys/renew/")
    signed = entered.sign(keeper.get(f"{proposal}file/").content)
    assert keeper.get(f"{proposal}discard/").status_code == 405
    assert keeper.post(f"{proposal}discard/").status_code == 302
    assert keeper.post(f"{proposal}discard/").status_code == 404
    assert upload(keeper, proposal, signed).status_code == 422
    assert version_of(entered.officer) == 1
