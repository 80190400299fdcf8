# SPDX-License-Identifier: Apache-2.0
"""A statement that an agency's root signed reaches the exchange over its API once, wherever a process stops in between."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accord.calls.errors import UnreachableError
from accord.calls.exchange import HttpExchange
from accord.envelope.keys import PQ1, SIGN
from accord.envelope.keysets import RECOVERED, verify_keyset
from accord.envelope.private import Root
from agencies.accession import accept_keyset
from agencies.entrykeys import issue_entry_key
from agencies.models import Agency as Entry
from agencies.models import ApiKey, Key, Keyset, Revocation
from alerts.peers.directory import VerifiedDirectory
from callers.errors import AbsentError, NotBoundError, NotPermittedError
from ledger.models import AuditEvent, Wanted
from officers.keyfacts import key_facts
from officers.models import Officer
from peers.models import Agency, PeerKeyset
from tests.agencies.heads import card_of
from tests.agencies.world import (
    DAY,
    NOW,
    OPERATOR,
    OwnKeys,
    admit,
    enrol,
    enrolling,
    hosted_agency,
    log_everything,
    logged_agencies,
)
from tests.desk_calls import ViewsInPlaceOfSockets, answer_as_of
from tests.own_desk import change_keys
from tests.role_logins import under_login_of
from vault import agency_keys, outgoing
from vault.changes import Create, Renew, plan_next
from vault.entrykeys import entry_key_of, keep_entry_key
from vault.errors import (
    ChangeRefusedError,
    ChangeWaitsError,
    CustodyRefusedError,
    KeysMovedError,
    MayBeTakenError,
)
from vault.exchangekeys import SCOPES, HeldExchangeKeys
from vault.making import build_keyset, sign_by_root
from vault.models import EntryKey, ExchangeKey, KeyStatement, VaultKey
from vault.own_keys import OwnKeyState

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = NOW + DAY
FORGOTTEN = LATER + outgoing.FORGOTTEN_AFTER


class StoppedError(Exception):
    """The end of the process at this point."""


@pytest.fixture
def lab(tmp_path: Path) -> Agency:
    return logged_agencies(tmp_path, "xa-lab")


@pytest.fixture
def officer(lab: Agency) -> Officer:
    return enrol(lab, "key_officer", "releaser")


def stop(*_: object, **__: object) -> None:
    raise StoppedError


def answer_lost(name: str) -> Callable[..., Any]:
    """Make the call, and lose its answer."""
    real = getattr(HttpExchange, name)

    def call(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        raise UnreachableError("lost")

    return call


def held() -> set[str]:
    return set(VaultKey.objects.filter(agency_id="xa-lab").values_list("pk", flat=True))


def versions() -> list[int]:
    return list(Keyset.objects.filter(agency="xa-lab").order_by("version").values_list("version", flat=True))


def rotations() -> int:
    return AuditEvent.objects.filter(act="agency.keys_rotated").count()


# The process stops at every point.


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (outgoing, "send_statement"),
        (outgoing, "_prove_possession"),
        (HttpExchange, "challenge"),
        (HttpExchange, "post_keyset"),
        (outgoing, "_settle"),
    ],
    ids=["kept", "begun", "before the challenge", "before it is posted", "before it is settled"],
)
def test_what_was_signed_is_handed_in_later(
    lab: Agency, officer: Officer, where: Any, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held()
    with monkeypatch.context() as patch:
        patch.setattr(where, what, stop)
        with pytest.raises(StoppedError):
            agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    (statement,) = KeyStatement.objects.filter(taken_at=None)
    assert before | set(statement.drawn) == held() and len(statement.drawn) == 4
    with pytest.raises(ChangeWaitsError):
        agency_keys.renew_agency_keys(officer, lab, now=LATER)
    with under_login_of("desk-worker"):
        assert outgoing.send_waiting(now=LATER + HOUR) == 1
    assert versions() == [1, 2] and rotations() == 1
    assert Keyset.objects.get(version=2).od == statement.od
    keyset = OwnKeyState("xa-lab", LATER + HOUR).keyset
    assert keyset is not None and keyset.version == 2
    assert set(statement.drawn) <= {row.kid for row in keyset.rows}


@pytest.mark.parametrize("name", ["challenge", "post_keyset"])
def test_an_answer_that_was_lost_changes_nothing(
    lab: Agency, officer: Officer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(HttpExchange, name, answer_lost(name))
        statement = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    assert statement.is_waiting and statement.trouble == "away"
    again = outgoing.send_again(officer, lab.pk, statement.od, now=LATER + HOUR)
    assert not again.is_waiting and versions() == [1, 2] and rotations() == 1
    assert Keyset.objects.get(version=2).od == statement.od


def test_a_revocation_whose_answer_was_lost_is_repeated_and_counts_once(
    lab: Agency, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kid = Key.objects.get(agency_id=lab.pk, use=SIGN, alg="Ed25519").pk
    with monkeypatch.context() as patch:
        patch.setattr(HttpExchange, "post_statement", answer_lost("post_statement"))
        statement = agency_keys.revoke_agency_key(officer, lab, kid=kid, since=NOW, code="stolen", now=LATER)
    assert statement.is_waiting and statement.trouble == "away"
    assert Revocation.objects.get().od == statement.od
    assert not outgoing.send_again(officer, lab.pk, statement.od, now=LATER + HOUR).is_waiting
    assert Revocation.objects.get().od == statement.od
    revoked = AuditEvent.objects.filter(act="key.revoked", actor=officer.audit_name)
    assert [event.subject for event in revoked] == [statement.od]


def test_what_the_log_shows_is_let_go_of_and_not_counted_twice(
    lab: Agency, officer: Officer, tmp_path: Path
) -> None:
    statement = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    assert not OwnKeyState("xa-lab", LATER).is_logged(statement.od)
    log_everything(tmp_path, now=LATER)
    assert OwnKeyState("xa-lab", LATER).is_logged(statement.od)
    with under_login_of("desk-worker"):
        assert outgoing.send_waiting(now=LATER) == 0
    assert not KeyStatement.objects.exists() and set(statement.drawn) < held()
    facts = key_facts(officer, now=LATER)
    assert facts.keyset is not None and (facts.keyset.version, facts.keyset.is_logged) == (2, True)


def test_the_worker_itself_hears_what_the_log_has(lab: Agency, officer: Officer, tmp_path: Path) -> None:
    statement = agency_keys.renew_agency_keys(officer, lab, now=LATER)
    log_everything(tmp_path, now=LATER)
    PeerKeyset.objects.filter(peer="xa-lab", version=2).delete()
    with under_login_of("desk-worker"):
        outgoing.send_waiting(now=LATER)
    assert (
        PeerKeyset.objects.filter(reader="xa-lab", od=statement.od).exists()
        and not KeyStatement.objects.exists()
    )


# The exchange gives no answer.


def test_while_the_exchange_is_away_a_change_waits(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    statement = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    assert statement.is_waiting and (statement.tried_at, statement.trouble) == (LATER, "away")
    (fact,) = outgoing.list_untaken("xa-lab")
    assert (fact.od, fact.made_at, fact.trouble, fact.cause) == (statement.od, LATER, "away", "")
    keyset = OwnKeyState("xa-lab", LATER).keyset
    assert keyset is not None and keyset.version == 1, "nothing counts that nobody has taken"
    assert outgoing.send_waiting(now=LATER) == 0
    with pytest.raises(MayBeTakenError):
        outgoing.give_up(officer, lab.pk, statement.od, now=LATER)
    exchange_as_asked.is_away = False
    assert outgoing.send_waiting(now=LATER + HOUR) == 1
    assert versions() == [1, 2] and outgoing.list_untaken("xa-lab") == []


def test_a_revocation_is_not_lost_and_the_key_signs_nothing_meanwhile(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets, tmp_path: Path
) -> None:
    kid = Key.objects.get(agency_id=lab.pk, use=SIGN, alg="Ed25519").pk
    exchange_as_asked.is_away = True
    statement = agency_keys.revoke_agency_key(officer, lab, kid=kid, since=NOW, code="stolen", now=LATER)
    assert statement.is_waiting and kid in OwnKeyState("xa-lab", LATER).blocked
    (fact,) = [key for key in key_facts(officer, now=LATER).keys if key.kid == kid]
    assert fact.state == "revoked"
    exchange_as_asked.is_away = False
    outgoing.send_waiting(now=LATER + HOUR)
    assert Revocation.objects.get().key_id == kid
    log_everything(tmp_path, now=LATER + HOUR)
    outgoing.send_waiting(now=LATER + HOUR)
    assert not KeyStatement.objects.exists() and kid in OwnKeyState("xa-lab", LATER + HOUR).blocked


# Refused, given up, overtaken.


def signed_elsewhere(lab: Agency, now: Any) -> bytes:
    """Sign the next version by the same root elsewhere."""
    keyset = OwnKeyState(lab.pk, now).keyset
    assert keyset is not None
    plan = plan_next(keyset, Renew(), revoked={}, at=int(now.timestamp()))
    return sign_by_root(lab, build_keyset(lab, plan, now=now), plan.signers)


def overtake(lab: Agency, now: Any) -> Keyset:
    """Hand in the next version by the same root from elsewhere."""
    signed = signed_elsewhere(lab, now)
    return accept_keyset(enrolling(lab), lab.pk, pop=None, keyset=signed, now=now)


def test_what_the_exchange_refuses_ends_and_its_keys_are_forgotten_a_day_later(
    lab: Agency, officer: Officer, tmp_path: Path
) -> None:
    before = held()
    overtake(lab, LATER)
    with pytest.raises(ChangeRefusedError) as refused:
        agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    assert refused.value.code == "keyset-does-not-follow"
    (fact,) = outgoing.list_untaken("xa-lab")
    assert fact.cause == "keyset-does-not-follow"
    event = AuditEvent.objects.get(act="agency.change_refused")
    assert (event.actor, event.detail["code"]) == (officer.audit_name, "keyset-does-not-follow")
    log_everything(tmp_path, now=LATER)
    assert agency_keys.renew_agency_keys(officer, lab, now=LATER + HOUR).keyset.version == 3, (
        "it stops nothing"
    )
    assert before < held()
    with under_login_of("desk-worker"):
        outgoing.send_waiting(now=FORGOTTEN - HOUR)
        assert before < held()
        outgoing.send_waiting(now=FORGOTTEN)
    assert held() == before and outgoing.list_untaken("xa-lab") == []


def test_custody_is_refused_by_its_name(lab: Agency, officer: Officer) -> None:
    Entry.objects.filter(pk=lab.pk).update(custody="hub-own-root")
    with pytest.raises(CustodyRefusedError):
        agency_keys.renew_agency_keys(officer, lab, now=LATER)


def test_a_refusal_that_says_nothing_of_the_change_leaves_it_waiting(
    lab: Agency, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.desk_calls.SCOPES", ["directory:read"])
    statement = agency_keys.renew_agency_keys(officer, lab, now=LATER)
    assert statement.is_waiting and statement.trouble == "lacks-right"


def test_what_was_given_up_stops_nothing_and_is_forgotten(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    before = held()
    exchange_as_asked.is_away = True
    statement = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    exchange_as_asked.is_away = False
    outgoing.give_up(officer, lab.pk, statement.od, now=LATER)
    assert outgoing.list_untaken("xa-lab") == [] and versions() == [1]
    assert AuditEvent.objects.get(act="agency.change_given_up").actor == officer.audit_name
    assert agency_keys.renew_agency_keys(officer, lab, now=LATER + HOUR).keyset.version == 2
    outgoing.send_waiting(now=FORGOTTEN)
    assert held() == before


def test_what_the_exchange_has_is_not_given_up(
    lab: Agency, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(HttpExchange, "post_keyset", answer_lost("post_keyset"))
        statement = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    outgoing.give_up(officer, lab.pk, statement.od, now=LATER)
    assert rotations() == 1 and not AuditEvent.objects.filter(act="agency.change_given_up").exists()


def test_what_was_given_up_on_its_way_and_came_in_all_the_same_keeps_its_keys(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange_as_asked.is_away = True
    statement = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    exchange_as_asked.is_away = False
    real = HttpExchange.post_keyset

    def given_up_meanwhile(self: HttpExchange, *args: Any, **kwargs: Any) -> Any:
        outgoing._put_away(officer, statement.od, LATER)
        return real(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(HttpExchange, "post_keyset", given_up_meanwhile)
        outgoing.send_waiting(now=LATER)
    outgoing.send_waiting(now=FORGOTTEN)
    assert versions() == [1, 2] and set(statement.drawn) <= held()
    keyset = OwnKeyState("xa-lab", LATER).keyset
    assert keyset is not None and keyset.version == 2


def test_only_a_key_officer_of_the_agency_sends_again_or_gives_up(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    statement = agency_keys.renew_agency_keys(officer, lab, now=LATER)
    stranger = enrol(hosted_agency("xb-health"), "key_officer")
    for do in (outgoing.send_again, outgoing.give_up):
        with pytest.raises(NotPermittedError):
            do(enrol(lab, "reader"), lab.pk, statement.od, now=LATER)
        with pytest.raises(AbsentError):
            do(stranger, lab.pk, statement.od, now=LATER)
        with pytest.raises(AbsentError):
            do(stranger, "xb-health", statement.od, now=LATER)


# Two at once.


def test_a_change_made_from_a_keyset_that_has_moved_on_is_not_made(lab: Agency, officer: Officer) -> None:
    agency_keys.rotate_agency_keys(officer, lab, seen=1, now=LATER)
    with pytest.raises(KeysMovedError):
        agency_keys.rotate_agency_keys(officer, lab, seen=1, now=LATER)
    assert versions() == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_two_who_change_the_keys_at_the_same_time_make_one_change(lab: Agency, officer: Officer) -> None:
    def change() -> str:
        try:
            return agency_keys.renew_agency_keys(officer, lab, seen=1, now=LATER).od
        except (KeysMovedError, ChangeWaitsError):
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        made = [one.result() for one in [pool.submit(change), pool.submit(change)]]
    assert len(list(filter(None, made))) == 1 and versions() == [1, 2]


def test_officer_and_worker_who_send_at_the_same_time_settle_it_once(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange_as_asked.is_away = True
    statement = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    exchange_as_asked.is_away = False
    real = outgoing._settle

    def after_the_worker(od: str, taken: Any, now: Any) -> KeyStatement:
        monkeypatch.setattr(outgoing, "_settle", real)
        outgoing.send_statement(od, now=LATER)
        return real(od, taken, now)

    monkeypatch.setattr(outgoing, "_settle", after_the_worker)
    assert not outgoing.send_statement(statement.od, now=LATER).is_waiting
    assert rotations() == 1 and versions() == [1, 2]


def lose_at_the_exchange(statement: KeyStatement) -> None:
    """Have the exchange lose a keyset that it has taken, as by a restore."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in ("agencies_keyset", "ledger_pendingentry", "ledger_entry"):
            cursor.execute(f"DELETE FROM {table} WHERE od = %s", [statement.od])  # noqa: S608
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_what_a_restored_exchange_has_lost_is_handed_in_again(lab: Agency, officer: Officer) -> None:
    statement = agency_keys.renew_agency_keys(officer, lab, now=LATER)
    lose_at_the_exchange(statement)
    outgoing.send_waiting(now=LATER + HOUR)
    assert Keyset.objects.get(version=2).od == statement.od


def test_what_a_restored_exchange_has_lost_and_refuses_now_is_in_the_audit(
    lab: Agency, officer: Officer
) -> None:
    other = signed_elsewhere(lab, LATER)
    statement = agency_keys.renew_agency_keys(officer, lab, now=LATER + HOUR)
    lose_at_the_exchange(statement)
    accept_keyset(enrolling(lab), lab.pk, pop=None, keyset=other, now=LATER + HOUR)
    with under_login_of("desk-worker"):
        outgoing.send_waiting(now=LATER + 2 * HOUR)
    (fact,) = outgoing.list_untaken("xa-lab")
    event = AuditEvent.objects.get(act="agency.change_refused")
    assert (event.subject, event.detail["code"]) == (statement.od, fact.cause)


def test_logged_keysets_and_revocations_are_given_again_to_a_restored_exchange(
    lab: Agency, officer: Officer, tmp_path: Path
) -> None:
    kid = Key.objects.get(agency_id=lab.pk, use=SIGN, alg="Ed25519").pk
    ods = [
        agency_keys.renew_agency_keys(officer, lab, now=LATER).od,
        agency_keys.revoke_agency_key(officer, lab, kid=kid, since=NOW, code="lost", now=LATER).od,
    ]
    log_everything(tmp_path, now=LATER)
    assert outgoing.give_again("xa-lab") == 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in ("agencies_keyset", "agencies_revocation"):
            cursor.execute(f"DELETE FROM {table} WHERE od = ANY(%s)", [ods])  # noqa: S608
        cursor.execute("SET LOCAL session_replication_role = origin")
    Wanted.objects.bulk_create(Wanted(od=od) for od in ods)
    answer_as_of(LATER + 2 * DAY)
    with under_login_of("desk-worker"):
        assert outgoing.give_again("xa-lab") == 2
    assert versions() == [1, 2] and Revocation.objects.get().key_id == kid
    assert not Wanted.objects.exists()


def test_what_was_refused_is_not_sent_again(lab: Agency, officer: Officer) -> None:
    overtake(lab, LATER)
    with pytest.raises(ChangeRefusedError):
        agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    (fact,) = outgoing.list_untaken("xa-lab")
    with pytest.raises(AbsentError):
        outgoing.send_again(officer, lab.pk, fact.od, now=LATER)


# Rows changed by SQL.


@pytest.mark.parametrize("column", ["jws", "drawn", "agency_id", "act"])
def test_a_word_that_was_changed_is_not_sent_and_counts_for_nothing(
    lab: Agency, officer: Officer, column: str, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    statement = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    exchange_as_asked.is_away = False
    changed = {
        "jws": statement.jws + " ",
        "drawn": sorted(held()),
        "agency_id": "xa-lab",
        "act": "key.revoked",
    }
    if column == "agency_id":
        changed["agency_id"] = hosted_agency("xb-health").pk
    KeyStatement.objects.filter(pk=statement.od).update(**{column: changed[column]})
    with pytest.raises(ExceptionGroup) as refused:
        outgoing.send_waiting(now=LATER)
    assert refused.group_contains(NotBoundError) and versions() == [1]
    where = KeyStatement.objects.get(pk=statement.od).agency_id
    (fact,) = outgoing.list_untaken(where)
    assert fact.trouble == outgoing.ALTERED


def test_one_that_was_changed_is_given_up_and_no_private_key_goes_with_it(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    statement = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    before = held()
    KeyStatement.objects.filter(pk=statement.od).update(drawn=sorted(before))
    outgoing.give_up(officer, lab.pk, statement.od, now=LATER)
    assert not KeyStatement.objects.filter(pk=statement.od).exists() and held() == before


# Entry of an agency.


def coming_in(*, custody: str, fingerprint: str = "") -> Agency:
    """Admit the agency and keep its entry key at this desk."""
    agency = admit("xa-lab", custody=custody, fingerprint=fingerprint)
    key, text = issue_entry_key(OPERATOR, "xa-lab", client="desk", now=NOW)
    keep_entry_key("xa-lab", text, expires_at=key.expires_at, now=NOW)
    return agency


@pytest.fixture
def entering() -> Agency:
    return coming_in(custody="hub")


def test_the_first_keys_come_in_by_the_key_for_entering_and_the_first_api_key_comes_back(
    entering: Agency,
) -> None:
    statement = agency_keys.create_agency_keys(OPERATOR, entering, now=NOW)
    assert not statement.is_waiting and versions() == [1]
    assert entry_key_of("xa-lab") is None and not EntryKey.objects.exists()
    text = HeldExchangeKeys().api_key_of("xa-lab")
    key = ApiKey.objects.get(pk=text.partition(".")[0])
    assert not key.is_entry and sorted(key.scopes) == sorted(SCOPES)
    assert text not in str(ExchangeKey.objects.values().get())
    Agency.objects.get(pk="xa-lab").refresh_from_db()
    assert Agency.objects.get(pk="xa-lab").root_fingerprint == statement.keyset.root_fingerprint


def test_the_first_api_key_of_an_agency_at_a_desk_of_its_own_may_all_that_a_desk_does(
    settings: Settings,
) -> None:
    settings.OWN_DESK = True
    root = Root.generate()
    agency = coming_in(custody="agency", fingerprint=root.fingerprint)
    agency.is_hosted = True
    agency.save()
    officer = enrol(agency, "key_officer")
    change_keys(officer, Create((PQ1,), card_of(root, Root.generate())), root, now=NOW)
    key = ApiKey.objects.get(pk=HeldExchangeKeys().prefix_of("xa-lab"))
    assert sorted(key.scopes) == SCOPES


@pytest.mark.parametrize("name", ["challenge", "post_keyset"])
def test_the_first_api_key_is_not_lost_with_an_answer(
    entering: Agency, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(HttpExchange, name, answer_lost(name))
        assert agency_keys.create_agency_keys(OPERATOR, entering, now=NOW).is_waiting
    assert entry_key_of("xa-lab") is not None and not ExchangeKey.objects.exists()
    with under_login_of("desk-worker"):
        assert outgoing.send_waiting(now=NOW + HOUR) == 1
    assert ExchangeKey.objects.get().pk == "xa-lab" and entry_key_of("xa-lab") is None
    assert ApiKey.objects.filter(agency="xa-lab", is_entry=False).count() == 1


def test_without_any_key_the_first_keyset_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    agency = admit("xa-lab", custody="hub")

    def none(agency_id: str) -> None:
        raise UnreachableError("no key")

    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "exchange_of", none)
        statement = agency_keys.create_agency_keys(OPERATOR, agency, now=NOW)
    assert statement.is_waiting and statement.trouble == "away"
    with pytest.raises(ChangeWaitsError):
        agency_keys.create_agency_keys(OPERATOR, agency, now=NOW)
    assert OwnKeyState("xa-lab", NOW).keyset is None


def test_another_root_than_the_one_on_paper_is_not_begun_with(entering: Agency) -> None:
    Entry.objects.filter(pk="xa-lab").update(root_fingerprint="a" * 64)
    with pytest.raises(ChangeRefusedError) as refused:
        agency_keys.create_agency_keys(OPERATOR, entering, now=NOW)
    assert refused.value.code == "keyset-not-of-the-pinned-root"


def test_the_exchange_cannot_show_an_agency_another_beginning_of_its_own_keys(
    lab: Agency, officer: Officer
) -> None:
    keys = replace(OwnKeys.draw("xa-lab"), custody="hub")
    handed_in = keys.keyset()
    keyset = verify_keyset(handed_in, pinned=keys.root.fingerprint, strict=True)
    PeerKeyset.objects.all().delete()
    KeyStatement.objects.all().delete()
    statement = outgoing.keep_statement(
        officer, "xa-lab", handed_in, "agency.keys_created", keyset=keyset, now=NOW
    )
    statement.taken_at = NOW
    statement.save(update_fields=["taken_at"])
    directory = VerifiedDirectory("xa-lab", NOW)
    directory.refresh_own()
    assert directory.keyset("xa-lab") is None
    assert directory.refused == {"xa-lab": "keyset-not-of-the-pinned-root"}


def test_a_recovery_is_seen_before_it_is_in_force(lab: Agency, officer: Officer, tmp_path: Path) -> None:
    statement = agency_keys.recover_agency_root(officer, lab, now=LATER)
    log_everything(tmp_path, now=LATER)
    KeyStatement.objects.filter(pk=statement.od).delete()
    waiting = OwnKeyState("xa-lab", LATER + HOUR).waiting
    assert waiting is not None and (waiting.od, waiting.succession) == (statement.od, RECOVERED)
    assert waiting.log_time is not None
