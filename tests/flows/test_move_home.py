# SPDX-License-Identifier: Apache-2.0
"""A hosted agency moves to its own desk: new keys there, signed by its root; old alerts open there, and it sends from there."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accord.envelope.content import NamedOfficer
from accord.envelope.encoding import b64u, canonical, unb64u
from accord.envelope.errors import VerificationError
from accord.envelope.keys import PublicKey
from accord.envelope.private import Root, generate_decryption_key
from accord.envelope.statements.form import read_payload, sign_statement
from agencies.models import Agency as Entry
from agencies.models import Instance
from agencies.moving import allow_move, forbid_move
from alerts.errors import SendingStoppedError, UnopenableError
from alerts.history import form as history_form
from alerts.models import ReceivedAlert
from alerts.receiving.following import follow_feed, follow_feeds
from alerts.receiving.held_envelopes import keep_handed
from alerts.receiving.opening import open_alert
from alerts.receiving.verification import failed_text
from callers.capabilities import Role, usual_scopes
from callers.directory import Custody
from callers.errors import InputError, NotPermittedError
from officers.arrival import Coming, begin_arrival
from officers.departure import agree_to_leave, ask_to_leave, destroy_keys, stay
from officers.errors import TakenInError
from officers.models import Officer
from peers.models import Agency, Outgoing
from tests.builders import OPERATOR, Hub
from tests.desk_calls import ViewsInPlaceOfSockets, give_exchange_keys
from tests.entries import make_keeper
from tests.exchange_keys import give_api_key
from tests.moving import OWN, PARTNER, TITLE, Moving, build_moving, hosted_with_own_root
from tests.own_desk import compare_by_hand, make_own_agency
from tests.two_desks import SecondDesk
from vault import proposing, services
from vault.backupseal import HISTORY, SealedWriter
from vault.changes import Rotate
from vault.errors import CustodyRefusedError, NotElsewhereError
from vault.instances import announce_held
from vault.models import DeskInstance, HandedEntry, VaultKey
from vault.outgoing import send_statement, send_waiting


@pytest.fixture
def moving(db: None, tmp_path: Path, settings: Settings) -> Moving:
    return build_moving(tmp_path, settings, hosted_with_own_root)


def test_what_was_received_opens_at_home_and_home_sends_and_the_hosted_desk_does_not(moving: Moving) -> None:
    md = moving.receive()
    follow_feed(moving.agency, now=moving.now)
    sent = moving.sent(moving.agency)
    moving.hub.sequence()
    allow_move(OPERATOR, OWN, now=moving.now)
    private = {bytes(key.wrapped) for key in VaultKey.objects.all()}
    moving.leave()
    assert not Instance.objects.filter(agency_id=OWN).exists()
    with pytest.raises(SendingStoppedError):
        moving.sent(moving.agency)

    with moving.home.entered():
        keys = moving.come()
        moving.name_keys(keys, moving.sign(moving.propose(keys)))
        holder = Instance.objects.get(agency_id=OWN)
        assert holder.software.endswith("desk.home.example")
        assert Entry.objects.get(pk=OWN).custody == Custody.AGENCY
        assert not private & {bytes(key.wrapped) for key in VaultKey.objects.all()}

    late = moving.receive()
    moving.hosted_follows()
    assert moving.stage == "elsewhere"
    closed = ReceivedAlert.objects.get(md=late)
    assert closed.unopenable and "another desk has: read it there" in failed_text(closed)
    assert not Outgoing.objects.filter(k="ack").exists(), "of which nobody is told"
    announce_held(now=moving.hub.later(hours=2))
    assert Instance.objects.get(agency_id=OWN).instance_id == holder.instance_id
    history = moving.history()

    with moving.home.entered():
        home = Agency.objects.get(pk=OWN)
        taken = moving.take(keys, history)
        assert (taken.taken, taken.refused) == (2, 0)
        follow_feeds(now=moving.now)
        for row in ReceivedAlert.objects.filter(agency=home, md__in=[md, late]):
            assert open_alert(keys, row, reason="on_duty", now=moving.now).title == TITLE
        assert ReceivedAlert.objects.count() == 2
        compare_by_hand(home, PARTNER, now=moving.now)
        new = moving.sent(home)
        moving.hub.sequence()
        assert new.md != sent.md

    destroy_keys(moving.second, taken.receipt, now=moving.now)
    assert not VaultKey.objects.filter(agency_id=OWN).exists()
    assert moving.stage == "gone"


def test_nothing_moves_before_the_operator_allows_it_and_the_other_desk_lets_go(moving: Moving) -> None:
    with moving.home.entered():
        keeper = make_keeper()
        key = give_api_key(OWN, now=moving.now)[1]
        with pytest.raises(InputError, match="do not come from this root"):
            begin_arrival(keeper, Coming(key, Root.generate().fingerprint), now=moving.now)
        less = give_api_key(OWN, scopes=usual_scopes(), now=moving.now)[1]
        with pytest.raises(InputError, match="may not do all that a desk does"):
            begin_arrival(keeper, Coming(less, moving.agency.root_fingerprint), now=moving.now)
        assert not Agency.objects.filter(is_hosted=True).exists()
        keys = moving.come(keeper)
        with pytest.raises(TakenInError):
            begin_arrival(keeper, Coming(key, moving.agency.root_fingerprint), now=moving.now)
        with pytest.raises(CustodyRefusedError):
            proposing.propose_keyset(keys, moving.here(), change=Rotate(), now=moving.now)
        payload = moving.propose(keys)
        with pytest.raises(VerificationError):
            proposing.accept_proposal(
                keys, moving.here(), sign_statement(payload, _another_root(payload)), now=moving.now
            )
        statement = proposing.accept_proposal(keys, moving.here(), moving.sign(payload), now=moving.now)
        assert statement is not None and statement.is_waiting and statement.trouble == "held-elsewhere"
    assert moving.sent(moving.agency).md, "the hosted desk still sends"
    with pytest.raises(NotElsewhereError):
        moving.history()
    ask_to_leave(moving.keys, now=moving.now)
    with pytest.raises(NotPermittedError):
        agree_to_leave(moving.keys, now=moving.now)
    agree_to_leave(moving.second, now=moving.now)
    agree_to_leave(moving.second, now=moving.now)
    allow_move(OPERATOR, OWN, now=moving.now)
    forbid_move(OPERATOR, OWN, now=moving.now)
    with moving.home.entered():
        announce_held(now=moving.now)
        with pytest.raises(CustodyRefusedError):
            send_statement(statement.od, now=moving.now)
    stay(moving.second, now=moving.now)
    with moving.home.entered():
        DeskInstance.objects.all().delete()
    Instance.objects.all().delete()
    announce_held(now=moving.now)
    assert moving.sent(moving.agency).md


def test_where_the_exchange_is_away_the_worker_gives_the_identity_back(
    moving: Moving, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    allow_move(OPERATOR, OWN, now=moving.now)
    exchange_as_asked.is_away = True
    moving.leave()
    assert Instance.objects.filter(agency_id=OWN).exists()
    exchange_as_asked.is_away = False
    with moving.home.entered():
        keys = moving.come()
        signed = moving.sign(moving.propose(keys))
        statement = proposing.accept_proposal(keys, moving.here(), signed, now=moving.now)
        assert statement is not None and statement.is_waiting
    announce_held(now=moving.now)
    assert not Instance.objects.filter(agency_id=OWN).exists()
    with moving.home.entered():
        announce_held(now=moving.now)
        assert send_waiting(now=moving.now) == 1
        assert send_waiting(now=moving.now) == 0


def test_a_history_that_is_not_as_it_was_made_is_refused_and_one_broken_off_goes_on(
    moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    mds = [moving.receive() for _ in range(3)]
    follow_feed(moving.agency, now=moving.now)
    allow_move(OPERATOR, OWN, now=moving.now)
    moving.leave()
    with moving.home.entered():
        keys = moving.come()
        moving.name_keys(keys, moving.sign(moving.propose(keys)))
        follow_feeds(now=moving.now)
        closed = ReceivedAlert.objects.filter(md__in=mds, unopenable=True)
        assert closed.count() == 3, "sealed to keys that are not here"
        assert not Outgoing.objects.filter(k="ack").exists(), (
            "and no originator is told that they do not open"
        )
    moving.hosted_follows()
    history = moving.history()
    with pytest.raises(InputError, match="no last part"):
        destroy_keys(moving.keys, "0000 0000 0000 0000", now=moving.now)

    with moving.home.entered():
        for altered, words in _altered(moving, keys, history).items():
            with pytest.raises(InputError, match=words) as refused:
                moving.take(keys, altered)
            assert refused.value.field == "history"
        assert not HandedEntry.objects.exists()
        swapped = moving.take(keys, _rewritten(keys, history, swap=True))
        assert (swapped.taken, swapped.refused) == (1, 2), "each entry opens its own envelope alone"
        HandedEntry.objects.all().delete()

        calls = list[Any]()

        def killed(*args: Any, **kwargs: Any) -> None:
            calls.append(args)
            if len(calls) == 2:
                raise KeyboardInterrupt
            keep_handed(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr("alerts.history.taking_in.keep_handed", killed)
            with pytest.raises(KeyboardInterrupt):
                moving.take(keys, history)
        assert HandedEntry.objects.count() == 1
        again = moving.take(keys, history)
        assert (again.taken, again.known) == (2, 1)
        assert moving.take(keys, history).known == 3
        follow_feeds(now=moving.now)
        for row in ReceivedAlert.objects.filter(md__in=mds):
            assert open_alert(keys, row, reason="on_duty", now=moving.now).title == TITLE
        HandedEntry.objects.filter(md=mds[0]).update(entry="{}")
        with pytest.raises(UnopenableError):
            open_alert(keys, ReceivedAlert.objects.get(md=mds[0]), reason="on_duty", now=moving.now)


def test_an_agency_with_its_own_desk_goes_back_to_a_hosted_one_and_takes_no_red_along(
    db: None, tmp_path: Path, settings: Settings
) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now().replace(microsecond=0))
    root, home = Root.generate(), SecondDesk(settings)
    with home.entered():
        agency = make_own_agency(hub, OWN, "Customs, Cadria", root=root)
        partner = hub.make_agency(PARTNER, name="Drugs Bureau", log=False)
        hub.sequence()
        agency.refresh_from_db()
        hub.make_agreement("G1", OWN, partner, ceiling="RED")
        give_exchange_keys()
        announce_held(now=hub.now)
        keys, second = (hub.make_officer(agency, Role.KEY_OFFICER) for _ in range(2))
        at_home = Moving(hub, home, agency, partner, root, keys, second)
        md = at_home.receive()
        red = at_home.receive(tlp="RED", names=[NamedOfficer(OWN, keys.public_id)])
        follow_feeds(now=hub.now)
        at_home.leave()
    allow_move(OPERATOR, OWN, now=hub.now)
    there = at_home.come()
    assert at_home.here().custody == Custody.HUB_OWN_ROOT
    payload = at_home.propose(there)
    at_home.name_keys(there, sign_statement(payload, root.signer))
    assert Entry.objects.get(pk=OWN).custody == Custody.HUB_OWN_ROOT
    with home.entered():
        at_home.hosted_follows()
        assert at_home.stage == "elsewhere"
        history = at_home.history()
    assert at_home.take(there, history).taken == 1
    follow_feeds(now=hub.now)
    row = ReceivedAlert.objects.get(md=md)
    assert open_alert(there, row, reason="on_duty", now=hub.now).title == TITLE
    assert ReceivedAlert.objects.get(md=red).unopenable
    compare_by_hand(at_home.here(), PARTNER, now=hub.now)
    assert at_home.sent(at_home.here()).md


def _another_root(payload: bytes) -> Any:
    """A signer by other keys that claims the kids of the proposal's signers."""
    kids = read_payload(payload, "keyset").signers
    other = Root.generate().signer

    class Pretending:
        signers = tuple(SimpleNamespace(kid=kid) for kid in kids)

        @staticmethod
        def sign_jws(typ: str, data: bytes) -> bytes:
            jws = json.loads(other.sign_jws(typ, data))
            for part, kid in zip(jws["signatures"], kids, strict=True):
                header = json.loads(unb64u(part["protected"]))
                part["protected"] = b64u(canonical({**header, "kid": kid}))
            return json.dumps(jws, separators=(",", ":")).encode()

    return Pretending()


def _altered(moving: Moving, keys: Officer, history: bytes) -> dict[bytes, str]:
    """Altered files, each with the text of its refusal."""
    middle = len(history) // 2
    flipped = history[:middle] + bytes([history[middle] ^ 1]) + history[middle + 1 :]
    lines = history.split(b"\n", 2)
    sealed_elsewhere = b"\n".join([lines[0], generate_decryption_key("PQ1").public.kid.encode(), lines[2]])
    return {
        flipped: "cut or altered",
        history[:-40]: "cut or altered",
        sealed_elsewhere: "another agency's, or former ones",
        lines[0].replace(b" 1", b" 2") + b"\n" + b"\n".join(lines[1:]): "newer desk",
        b"Dear colleagues,\n": "no history",
        _rewritten(keys, history, agency="xq-other"): "xq-other",
        _rewritten(keys, history, end=9): "no history",
    }


def _rewritten(keys: Officer, history: bytes, *, agency: str = "", end: int = 0, swap: bool = False) -> bytes:
    """Seal a changed history to the key of this desk, as anybody who knows the public key can."""
    source = services.read_history(keys, BytesIO(history))
    head, envelopes = history_form.read_history(source)
    found, file = list(envelopes), BytesIO()
    kid = history.split(b"\n", 2)[1].decode()
    sink = SealedWriter(file, PublicKey(VaultKey.objects.get(pk=kid).jwk, "enc"), HISTORY)
    if swap:
        found[:2] = [replace(found[0], entry=found[1].entry), replace(found[1], entry=found[0].entry)]
    history_form.write_head(sink, replace(head, agency=agency or head.agency))
    for one in found:
        history_form.write_envelope(sink, one)
    history_form.write_end(sink, end or len(found))
    sink.finish()
    return file.getvalue()
