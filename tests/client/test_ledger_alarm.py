# SPDX-License-Identifier: Apache-2.0
"""A checkpoint that does not extend the kept one raises an alarm, and no verb opens anything."""

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from accord.calls.answers import ManifestAnswer
from accord.cli import exits
from accord.cli.arguments.parser import build_parser
from accord.cli.exits import code_of
from accord.cli.sentences import FORKED, sentence_of
from accord.client.answering import Answer
from accord.client.client import Client
from accord.client.releasing import OnwardOrder
from accord.client.results import Sent
from accord.client.saved_alerts import save_opened
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.tree.receipts import Receipt
from tests.client.altered_answers import forged_receipt
from tests.client.conftest import DOCUMENT, PartnerWorld, alert_to
from tests.client.terminals import Terminal


@pytest.fixture
def sent(world: PartnerWorld) -> Sent:
    """An alert that bravo has not fetched; the one before it gave bravo a checkpoint."""
    return world.restored("with a checkpoint", lambda: send_two(world))


def send_two(world: PartnerWorld) -> Sent:
    first = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    bravo.open(first.md)
    return alpha.submit(alert_to("xb-bravo", reply_by=int(time.time()) + 24 * 3600), wait_secs=10)


def in_another_tree(world: PartnerWorld, octets: bytes, before: int) -> bytes:
    """Put the slice under a checkpoint of another tree, signed by the ledger's own key."""
    value = json.loads(octets)
    forged = forged_receipt(world.hub.key, Receipt.parse(value["receipts"][0]).leaf, before=before)
    return json.dumps(
        value | {"receipts": [forged.as_json()]}, separators=(",", ":"), ensure_ascii=False
    ).encode()


def forked(world: PartnerWorld, before: int) -> Client:
    def manifest(answer: ManifestAnswer, md: str) -> ManifestAnswer:
        return replace(answer, receipt=forged_receipt(world.hub.key, answer.receipt.leaf, before=before))

    return world.lied_to(
        "xb-bravo", slice=lambda octets, md: in_another_tree(world, octets, before), manifest=manifest
    )


ACTS: dict[str, Callable[[Client, str], object]] = {
    "open": lambda client, md: client.open(md),
    "acknowledge": lambda client, md: client.acknowledge(md, officer="officer-7"),
    "acknowledge --refused": lambda client, md: client.acknowledge(md, officer="officer-7", st="refused"),
    "acknowledge --unopenable": lambda client, md: client.acknowledge(md, officer=None, st="unopenable"),
    "answer": lambda client, md: client.answer_order(md, Answer("no_hit")),
    "release-onward": lambda client, md: client.release_onward(
        md, OnwardOrder(["xc-charlie"], 4_000_000_000)
    ),
    "watch --open": lambda client, md: list(client.watch(opening=True, once=True)),
}


TREES = {"a smaller tree": 0, "one inside": 2, "a larger one": 60}


def test_every_verb_that_opens_stops(world: PartnerWorld, sent: Sent, subtests: pytest.Subtests) -> None:
    """Each verb meets one such tree, and the first verb each of them: all verbs compare trees alike."""
    kept = world.client("xb-bravo").state()
    (first, *others), one = ACTS, "a larger one"
    for verb, tree in [*itertools.product([first], TREES), *itertools.product(others, [one])]:
        act, client = ACTS[verb], forked(world, TREES[tree])
        with subtests.test(f"{verb}: {tree}"):
            with pytest.raises(VerificationError) as caught:
                act(client, sent.md)
            assert caught.value.failure in (Failure.LEDGER_FORK, Failure.LEDGER_TIME)
            assert sentence_of(caught.value) == FORKED
            assert code_of(caught.value) == exits.NOT_VERIFIED
            state = client.state()
            assert (state.opened, state.seen, state.checkpoint) == (kept.opened, kept.seen, kept.checkpoint)
            assert state.submissions == {}


def test_offline_a_tree_of_the_kept_size_and_another_root_is_an_alarm(
    world: PartnerWorld, sent: Sent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bravo = world.client("xb-bravo")
    opened = bravo.open(sent.md)
    checkpoint = bravo.state().checkpoint
    assert checkpoint is not None
    octets = in_another_tree(world, opened.slice_octets, checkpoint.size - 1)
    with pytest.raises(VerificationError) as caught:
        bravo.open_saved(octets)
    assert caught.value.failure is Failure.LEDGER_FORK
    assert bravo.verify(octets).failure == str(Failure.LEDGER_FORK)
    assert bravo.verify(octets).opened is None

    save_opened(opened, tmp_path / "saved")
    (tmp_path / "saved" / "slice.json").write_bytes(octets)
    terminal = Terminal(world, "xb-bravo", capsys)
    for argv in (("open", "--slice", str(tmp_path / "saved")), ("verify", str(tmp_path / "saved"))):
        terminal.run(*argv, expect=exits.NOT_VERIFIED)
        assert "The hub's ledger is not the one this client has kept" in terminal.err
        assert DOCUMENT["title"] not in terminal.out


def test_every_verb_with_an_opening_is_in_this_file() -> None:
    """A verb that takes an officer as its reader opens content."""
    (verbs,) = (item for item in build_parser()._actions if item.dest == "verb")
    assert isinstance(verbs.choices, dict)
    readers = {
        name
        for name, parser in verbs.choices.items()
        if any("--as" in item.option_strings for item in parser._actions)
    }
    signing_only = {"retract", "reaffirm", "confirm", "agreements", "suspend", "resume", "unrelease"}
    # These name the officer for the record of questions, and open nothing.
    asking_only = {"screen", "similar", "match", "compare"}
    tested = {name.split()[0] for name in ACTS} | {"verify"}
    assert readers - signing_only - asking_only == tested
