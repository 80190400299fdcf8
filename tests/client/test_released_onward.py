# SPDX-License-Identifier: Apache-2.0
"""Alerts that reached the agency by an onward release: opened and marked, until it ends or is withdrawn."""

import json
import os
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accord.calls.answers import FeedEntry, FeedPage, StatementAnswer
from accord.cli.showing import opened_as_json, print_alert
from accord.client.client import Client
from accord.client.errors import LedgerAlarmError
from accord.client.results import Sent
from accord.client.session import Act
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.jwe import leaf_hashes, read_entries
from accord.envelope.private import SignerSet
from accord.envelope.reseal import reseal
from accord.envelope.slices import UnverifiedSlice, build_slice, parse_slice
from accord.envelope.statements.form import SubjectRef, make_statement, parse_statement
from accord.envelope.tree.merkle import inclusion_path
from accord.envelope.tree.receipts import Receipt
from accord.envelope.verifying import verify_slice
from ledger.entries import append_entry
from ledger.proofs import receipt_for
from tests.client.altered_answers import Instead
from tests.client.conftest import DOCUMENT, PASSPHRASE, PartnerWorld, alert_to

HOUR = 3600


@dataclass
class Onward:
    """An alert by alpha to bravo, released by alpha to charlie for an hour, with the exchange's answers."""

    world: PartnerWorld
    alpha: Client
    sent: Sent
    said: list[StatementAnswer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.own = self.alpha.open(self.sent.md).slice_octets
        self.until = int(time.time()) + HOUR
        self.slice = self._release()

    def log(self, jws: bytes) -> Receipt:
        """Log a statement that the exchange does not carry yet."""
        od = parse_statement(jws).od
        with transaction.atomic():
            append_entry(od, now=timezone.now())
        self.world.sequence()
        return Receipt.parse(json.loads(json.dumps(receipt_for(od))))

    def state(self, k: str, **more: Any) -> bytes:
        signing = self.world.place("xa-alpha").open_keys(PASSPHRASE).ring.signing
        act = self.alpha._session
        now = int(time.time())
        return make_statement(
            k,
            iss="xa-alpha",
            signer=SignerSet(signing),
            suite="PQ1",
            id=act.new_id(now),
            iat=now,
            nonce=os.urandom(16),
            **more,
        )

    def withdraw(self) -> None:
        """Take alpha's release back."""
        release = parse_statement(self.release).statement
        unrelease = self.state("unrelease", sub=release.ref, body={"code": "error"})
        self.said.append(StatementAnswer(unrelease, self.log(unrelease)))

    def charlie(self, *, off_by: int = 0, **lies: Any) -> Client:
        """Charlie's client, to which the exchange serves the released slice."""
        entry = FeedEntry(1, "envelope", self.sent.md, "xa-alpha", self.sent.jti, "7QK4-M2XN")
        served: dict[str, Any] = {
            "slice": Instead(lambda md: self.slice),
            "statements_about": Instead(lambda md: list(self.said)),
            "inbox": Instead(lambda *, after, limit: FeedPage((entry,)[int(after) :], 1)),
        }
        return self.world.lied_to("xc-charlie", off_by=off_by, **(served | lies))

    def _release(self) -> bytes:
        self.alpha.plan(alert_to("xc-charlie"))
        act = self.alpha._session.begin()
        unverified = parse_slice(self.own)
        made = self._reseal(act, unverified)
        body = {
            "parent": None,
            "aud": list(made.aud),
            "rn": made.rn,
            "rr": made.rr,
            "rel": "none",
            "purpose": "prevent",
            "cond": ["contact-first"],
            "code": None,
        }
        subject = SubjectRef("manifest", self.sent.jti, self.sent.md)
        self.release = self.state("release", sub=subject, exp=self.until, body=body)
        receipt = self.log(self.release)
        entries = read_entries(json.loads(made.entries), unverified.manifest.suite)
        index = made.aud.index("xc-charlie")
        return build_slice(
            manifest=manifest_of(self.own),
            jwe_head=unverified.jwe.head,
            entry=entries[index].text,
            index=index,
            path=inclusion_path(leaf_hashes(made.aud, [entry.text for entry in entries]), index),
            receipts=[unverified.receipts[0].as_json(), receipt.as_json()],
            via=[self.release],
        )

    def _reseal(self, act: Act, unverified: UnverifiedSlice) -> Any:
        verified = verify_slice(
            unverified,
            reader="xa-alpha",
            directory=act.directory,
            ledger=act.log.as_ledger(),
            now=act.now,
        )
        charlie = act.directory.recipient("xc-charlie")
        assert charlie is not None
        key = act.decryption_keys[unverified.jwe.entries[0].kid]
        return reseal(verified, key=key, recipients=[charlie], now=act.now)


def manifest_of(slice_octets: bytes) -> bytes:
    return json.dumps(json.loads(slice_octets)["manifest"], separators=(",", ":")).encode()


@pytest.fixture
def onward(world: PartnerWorld) -> Onward:
    sent = world.deliver("xa-alpha", "xb-bravo", "xc-charlie")
    return Onward(world, world.client("xa-alpha"), sent)


def failure(act: Any) -> Failure:
    with pytest.raises(VerificationError) as caught:
        act()
    return caught.value.failure


def test_what_was_released_onward_opens_and_says_by_whom_and_until_when(
    onward: Onward, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = onward.charlie().open(onward.sent.md)
    assert dict(opened.alert) == DOCUMENT
    assert opened.marks == ("released-onward",)
    (release,) = opened.releases
    assert (release.by, release.to, release.until) == ("xa-alpha", ("xc-charlie",), onward.until)
    assert release.conditions == ("contact-first",)
    print_alert(opened)
    assert "! released onward by xa-alpha until 20" in capsys.readouterr().out
    assert opened_as_json(opened)["releases"][0]["by"] == "xa-alpha"


def test_from_its_end_on_it_is_closed(onward: Onward) -> None:
    saved = onward.charlie().open(onward.sent.md)
    late = onward.charlie(off_by=HOUR + 60)
    assert failure(lambda: late.open(onward.sent.md)) is Failure.VIA
    assert failure(lambda: late.open_saved(saved.slice_octets)) is Failure.VIA
    assert late.verify(saved.slice_octets).failure == str(Failure.VIA)
    (news,) = late.watch(opening=True, once=True)
    assert (news.opened, isinstance(news.error, VerificationError)) == (None, True)


def test_once_withdrawn_it_is_closed_with_a_network_and_without(onward: Onward) -> None:
    charlie = onward.charlie()
    saved = charlie.open(onward.sent.md)
    offline = charlie.open_saved(saved.slice_octets)
    # Its two receipts are under two checkpoints, and offline nobody can be asked to compare them.
    assert offline.marks == ("released-onward", "release-not-asked", "log-not-compared")

    onward.withdraw()
    assert failure(lambda: charlie.open(onward.sent.md)) is Failure.WITHDRAWN_ACCESS
    assert (
        failure(lambda: charlie.acknowledge(onward.sent.md, officer="officer-7")) is Failure.WITHDRAWN_ACCESS
    )
    assert failure(lambda: charlie.open_saved(saved.slice_octets)) is Failure.WITHDRAWN_ACCESS
    (news,) = charlie.watch(opening=True, once=True)
    assert news.opened is None


def test_a_watch_asks_for_the_withdrawal_of_what_was_released(onward: Onward) -> None:
    onward.withdraw()
    (news,) = onward.charlie().watch(opening=True, once=True)
    assert isinstance(news.error, VerificationError)
    assert news.error.failure is Failure.WITHDRAWN_ACCESS
    assert onward.charlie().state().opened == {}


def test_a_chain_with_one_octet_changed_opens_nothing(onward: Onward) -> None:
    """The release's end is moved, so its signature no longer verifies."""
    value = json.loads(onward.slice)
    via = dict(value["via"][0])
    payload = via["payload"]
    place = len(payload) // 2
    via["payload"] = payload[:place] + ("B" if payload[place] == "A" else "A") + payload[place + 1 :]
    onward.slice = json.dumps(value | {"via": [via]}, separators=(",", ":"), ensure_ascii=False).encode()
    client = onward.charlie()
    with pytest.raises(Exception) as caught:
        client.open(onward.sent.md)
    assert not isinstance(caught.value, LedgerAlarmError)
    assert client.state().opened == {}


def test_whoever_is_not_named_by_the_release_cannot_open_it(onward: Onward) -> None:
    """Bravo, who has its own entry, is handed charlie's slice."""
    client = onward.world.lied_to("xb-bravo", slice=Instead(lambda md: onward.slice))
    assert failure(lambda: client.open(onward.sent.md)) is Failure.PATH
