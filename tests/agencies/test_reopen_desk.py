# SPDX-License-Identifier: Apache-2.0
"""The root lets one named person in at this desk, once, where nobody is left who could; everybody is told."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import override_settings
from pytest_django import Settings

from accord.envelope.encoding import canonical, parse_object
from accord.envelope.errors import EnvelopeError
from accord.envelope.private import Root
from accord.envelope.reopening import sign_reopening
from callers.errors import InputError, NotPermittedError
from desk.keeper.reopening_words import refused_text
from ledger.models import AuditEvent
from notices.message import NoticeFacts, compose_message
from notices.models import Notification
from notices.states import Occasion
from notices.sweeping import sweep_notices
from officers.accountlinks import digest_of, follow_link
from officers.expiring_rows import AccountLink
from officers.models import Officer, PowerChange, Reopening
from officers.reopening import ask_reopening, hand_in_reopening, open_request, reopened_lately
from tests.agencies.heads import Head, card_of
from tests.agencies.world import DAY, NOW, OPERATOR, PASSWORD, admit, enrol, hosted_agency
from tests.restored_worlds import restored_world
from tests.role_logins import under_login_of
from vault.changes import ChangeRoot
from vault.instances import forget_instance

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def head(db: None, tmp_path: Path, settings: Settings) -> Head:
    head = restored_world("head of a desk", _build, tmp_path / "ledger")
    settings.OWN_DESK = True
    return head


def _build(folder: Path) -> Head:
    root, successor = Root.generate(), Root.generate()
    agency = admit("xa-lab", custody="hub-own-root", fingerprint=root.fingerprint)
    head = Head(agency, root, successor, folder)
    head.enter()
    for role, name in (("releaser", "lost"), ("auditor", "audits")):
        enrol(head.agency, role, password=PASSWORD, email=f"{name}@xa-lab.example")
    head.agency.first_release_at = NOW
    head.agency.save()
    return head


def ask(head: Head, role: str = "agency_admin", email: str = "ilse@xa-lab.example") -> bytes:
    row = ask_reopening(OPERATOR, head.agency, role=role, full_name="Ilse Morrow", email=email, now=NOW)
    return row.payload.encode()


def signed(payload: bytes, root: Root) -> bytes:
    return sign_reopening(payload, root.signer)


def standing(officer: Officer) -> dict[str, object]:
    return {name: getattr(officer, name) for name in ("is_active", "powers_withheld_at", "factors")}


def token_of(link: AccountLink) -> str:
    return link.by_hand.rstrip("/").rpartition("/")[2]


def test_whom_the_root_names_chooses_a_password_and_has_the_role_at_once(head: Head) -> None:
    let_in = hand_in_reopening(OPERATOR, head.agency, signed(ask(head), head.root), now=LATER)
    digest = digest_of(token_of(let_in.link), "invitation")
    officer = follow_link(digest, AccountLink.Purpose.INVITATION, password=PASSWORD, now=LATER)
    assert (officer.email, officer.roles, officer.agency) == (
        "ilse@xa-lab.example",
        ["agency_admin"],
        head.agency,
    )
    assert officer.powers_withheld_at is None
    assert not PowerChange.objects.filter(officer=officer).exists()
    event = AuditEvent.objects.get(act="reopening.taken")
    assert (event.agency, event.subject) == ("xa-lab", officer.audit_name)
    assert [row.officer for row in reopened_lately(head.agency, now=LATER)] == [officer]


def test_an_account_that_stands_begins_again(head: Head) -> None:
    """A person has lost every second factor: the old password, factors, sessions and doubts of identity end."""
    officer = Officer.objects.get(email="lost@xa-lab.example")
    factor = Authenticator.objects.create(user=officer, type=Authenticator.Type.TOTP, data={})
    officer.factors, officer.is_active, officer.powers_withheld_at = [factor.pk], False, NOW
    officer.save()
    PowerChange.objects.create(
        agency=head.agency,
        officer=officer,
        kind="identity",
        cause="machine-reset",
        asked_at=NOW,
        delay_hours=72,
    )
    salt = officer.session_salt
    payload = ask(head, role="key_officer", email="lost@xa-lab.example")
    assert b'"account":"again"' in payload
    hand_in_reopening(OPERATOR, head.agency, signed(payload, head.root), now=LATER)
    officer.refresh_from_db()
    assert standing(officer) == {"is_active": True, "powers_withheld_at": None, "factors": []}
    assert officer.roles == ["releaser", "key_officer"]
    assert officer.session_salt != salt
    assert not officer.has_usable_password()
    assert not Authenticator.objects.filter(user=officer).exists()
    assert not PowerChange.objects.filter(officer=officer, outcome="waiting").exists()


def test_a_keeper_is_let_in_at_an_own_desk_alone(head: Head, settings: Settings) -> None:
    let_in = hand_in_reopening(OPERATOR, head.agency, signed(ask(head, role="keeper"), head.root), now=LATER)
    assert (let_in.officer.agency, let_in.officer.roles) == (None, ["keeper"])
    settings.OWN_DESK = False
    with pytest.raises(InputError, match="role"):
        ask(head, role="keeper", email="other@xa-lab.example")


def test_at_a_hosted_desk_the_link_goes_by_mail_and_the_keeper_never_has_it(
    head: Head, settings: Settings, mailoutbox: list[object]
) -> None:
    settings.OWN_DESK = False
    let_in = hand_in_reopening(OPERATOR, head.agency, signed(ask(head), head.root), now=LATER)
    assert let_in.link.by_hand == ""
    assert let_in.link.mailed_at or let_in.link.mail_cause


def words_of(refused: Exception) -> str:
    assert isinstance(refused, EnvelopeError | InputError)
    return refused_text(refused)


Change = Callable[[Head, bytes], bytes]


def _of_another_root(head: Head, payload: bytes) -> bytes:
    value = parse_object(payload, limit=10**5)
    stranger = Root.generate()
    return signed(canonical(value | {"signers": [key.kid for key in stranger.public]}), stranger)


def _tampered(head: Head, payload: bytes) -> bytes:
    good, other = signed(payload, head.root), signed(payload.replace(b"ilse@", b"evep@"), head.root)
    return good.replace(good[12 : good.index(b'","sig')], other[12 : other.index(b'","sig')])


def _never_asked(head: Head, payload: bytes) -> bytes:
    return signed(payload.replace(b"ilse@", b"evep@"), head.root)


def _replaced(head: Head, payload: bytes) -> bytes:
    ask(head, email="later@xa-lab.example")
    return signed(payload, head.root)


def _of_a_restored_desk(head: Head, payload: bytes) -> bytes:
    forget_instance("system:console", now=NOW)
    return signed(payload, head.root)


def _used(head: Head, payload: bytes) -> bytes:
    hand_in_reopening(OPERATOR, head.agency, signed(payload, head.root), now=NOW)
    return signed(payload, head.root)


def _written_past_the_program(head: Head, payload: bytes) -> bytes:
    _used(head, payload)
    Reopening.objects.update(used_at=None, officer=None)
    return signed(payload, head.root)


def _of_another_agency(head: Head, payload: bytes) -> bytes:
    return signed(payload.replace(b'"xa-lab"', b'"xa-law"'), head.root)


def _another_statement(head: Head, payload: bytes) -> bytes:
    return head.root.signer.sign_jws("accord-keyset+jws", payload)


def _of_a_root_that_was_succeeded(head: Head, payload: bytes) -> bytes:
    with override_settings(OWN_DESK=False):
        head.agency.refresh_from_db()
        head.change(ChangeRoot(card_of(head.successor, Root.generate())), head.root, head.successor)
    return signed(payload, head.root)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_of_another_root, "not signed by the root that the agency has now"),
        (_tampered, "not signed by the root that the agency has now"),
        (_never_asked, "not open here any more"),
        (_replaced, "not open here any more"),
        (_of_a_restored_desk, "another desk, or for this one before it was restored"),
        (_used, "Each counts once"),
        (_written_past_the_program, "changed outside the program"),
        (_of_another_agency, "for another agency"),
        (_another_statement, "signed something else"),
        (_of_a_root_that_was_succeeded, "not signed by the root that the agency has now"),
        (lambda head, payload: payload, "no signed request"),
    ],
)
def test_anything_else_lets_nobody_in(head: Head, change: Change, words: str) -> None:
    given = change(head, ask(head))
    before = Officer.objects.count()
    with pytest.raises((EnvelopeError, InputError)) as refused:
        hand_in_reopening(OPERATOR, head.agency, given, now=LATER)
    assert words in words_of(refused.value)
    assert Officer.objects.count() == before
    assert AuditEvent.objects.filter(act="reopening.refused", agency="xa-lab").count() == 1


def test_a_request_counts_for_a_day(head: Head) -> None:
    given = signed(ask(head), head.root)
    assert open_request(OPERATOR, head.agency, now=NOW + DAY) is None
    with pytest.raises(EnvelopeError) as refused:
        hand_in_reopening(OPERATOR, head.agency, given, now=NOW + DAY + timedelta(seconds=1))
    assert "older than 24 hours" in refused_text(refused.value)


def test_what_no_root_could_sign_is_not_asked(head: Head, subtests: pytest.Subtests) -> None:
    for role, name, email, field in [
        ("releaser", "Ilse Morrow", "ilse@xa-lab.example", "role"),
        ("agency_admin", " ", "ilse@xa-lab.example", "full_name"),
        ("agency_admin", "Ilse\u202e Morrow", "ilse@xa-lab.example", "full_name"),
        ("agency_admin", "Ilse \ue000", "ilse@xa-lab.example", "full_name"),
        ("agency_admin", "Ilse Morrow", "ilse", "email"),
        ("agency_admin", "Ilse Morrow", "ilse@läbor.example", "email"),
        ("agency_admin", "Ilse Morrow", "audits@xa-lab.example", "email"),
    ]:
        with subtests.test(f"{role} {name} {email} {field}"):
            with pytest.raises(InputError) as refused:
                ask_reopening(OPERATOR, head.agency, role=role, full_name=name, email=email, now=NOW)
            assert refused.value.field == field


def test_no_desk_asks_a_root_that_it_holds_itself_and_nobody_but_the_keeper_asks(head: Head) -> None:
    with override_settings(OWN_DESK=False):
        hosted = hosted_agency("xb-health")
    with pytest.raises(InputError, match="agency"):
        ask_reopening(OPERATOR, hosted, role="agency_admin", full_name="I", email="i@x.example", now=NOW)
    with pytest.raises(NotPermittedError):
        ask_reopening(
            head.officer, head.agency, role="agency_admin", full_name="I", email="i@x.example", now=NOW
        )


def test_everybody_of_the_agency_is_told_once(head: Head) -> None:
    auditor = Officer.objects.get(email="audits@xa-lab.example")
    hand_in_reopening(OPERATOR, head.agency, signed(ask(head), head.root), now=NOW)
    for _twice in range(2):
        with under_login_of("mailer"):
            sweep_notices(now=LATER)
    told = Notification.objects.filter(occasion=Occasion.REOPENED)
    everybody = Officer.objects.filter(agency=head.agency, is_active=True, invited_email="")
    assert {row.officer_id for row in told} == set(everybody.values_list("pk", flat=True)) >= {auditor.pk}
    assert told.count() == everybody.count()
    facts = NoticeFacts("a@b.example", "en", Occasion.REOPENED, "<1@x>")
    mail = compose_message(facts, hub_url="https://desk.example", sender="accord@desk.example")
    assert "Ilse" not in str(mail)
    assert "has let in at this desk" in mail.get_content()


def test_the_console_asks_and_takes_the_answer(
    head: Head, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callers.clock.now", lambda: NOW)
    request, answer = tmp_path / "reopen.proposal", tmp_path / "reopen.signed"
    facts = ["--as", "keeper", "--name", "Ilse Morrow", "--email", "ilse@xa-lab.example"]
    call_command("reopen", *facts, "--out", str(request))
    with pytest.raises(CommandError, match="stands already"):
        call_command("reopen", *facts, "--out", str(request))
    answer.write_bytes(signed(request.read_bytes(), head.root) + b"\n")
    call_command("reopen", "--signed", str(answer))
    said = capsys.readouterr().out
    assert "Ilse Morrow is let in" in said
    assert f"/{token_of_text(said)}/" in said
    with pytest.raises(CommandError, match="Each counts once"):
        call_command("reopen", "--signed", str(answer))


def token_of_text(said: str) -> str:
    return said.strip().rstrip("/").rpartition("/")[2]
