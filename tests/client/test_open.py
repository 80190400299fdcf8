# SPDX-License-Identifier: Apache-2.0
"""Opening makes every check first: an altered answer is refused, and nothing of it is kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accord.client.client import Client
from accord.client.errors import (
    AbsentError,
    AnswerError,
    RequestError,
    UnpinnedError,
    UnsafePathError,
)
from accord.client.results import Sent
from accord.client.session import connect_http
from accord.envelope.content import Attachment
from accord.envelope.encoding import canonical, parse_object
from accord.envelope.errors import EnvelopeError, Failure, OpeningError, VerificationError
from accord.envelope.private import Root
from accord.envelope.slices import parse_slice
from accord.envelope.tree.receipts import LeafEntry
from tests.client.altered_answers import Instead, Lie, flip, forged_receipt
from tests.client.conftest import PASSPHRASE, PartnerWorld, alert_to

SPECTRUM = Attachment("etizolam.msp", "text/plain", b"NAME: Etizolam\n" * 100)


@pytest.fixture
def sent(world: PartnerWorld) -> Sent:
    """An alert with an attachment, delivered and not fetched yet; asked for before the `pair` of a test."""
    return world.deliver("xa-alpha", "xb-bravo", file=SPECTRUM)


def refused(client: Client, md: str) -> Failure:
    """The failure that stopped the opening; asserts that nothing counts as seen."""
    with pytest.raises(EnvelopeError) as caught:
        client.open(md)
    assert client.state().seen == {}
    error = caught.value
    return error.cause if isinstance(error, OpeningError) else getattr(error, "failure", Failure.MALFORMED)


def rewritten(octets: bytes, **members: Any) -> bytes:
    """Encode the slice again with these members."""
    return canonical(parse_object(octets, limit=2**20) | members)


def with_members(**members: Any) -> Lie:
    """A lie that changes members of every slice."""
    return lambda octets, md: rewritten(octets, **members)


def with_jwe(**members: Any) -> Lie:
    """A lie that changes members of the sealed part."""

    def lie(octets: bytes, md: str) -> bytes:
        return rewritten(octets, jwe=parse_object(octets, limit=2**20)["jwe"] | members)

    return lie


def strip_signature(octets: bytes, md: str) -> bytes:
    """A lie that removes the second signature."""
    manifest = parse_object(octets, limit=2**20)["manifest"]
    return rewritten(octets, manifest=manifest | {"signatures": manifest["signatures"][:1]})


def test_sender_and_recipient_open_what_was_carried(
    world: PartnerWorld, sent: Sent, pair: tuple[Client, Client]
) -> None:
    (entry,) = pair[1].inbox()
    assert entry.ref is not None
    for opened in (pair[0].open(sent.md), pair[1].open(sent.md), pair[1].open(f" {entry.ref.lower()} ")):
        assert opened.attachment(0) == SPECTRUM.plain
        assert (opened.manifest.iss, opened.marks) == ("xa-alpha", ())
        assert parse_slice(opened.slice_octets).manifest.md == sent.md
    assert pair[1].state().seen == {"xa-alpha": {sent.jti: sent.md}}


def test_one_changed_octet_of_the_slice_is_refused_wherever_it_is(world: PartnerWorld, sent: Sent) -> None:
    octets = world.lied_to("xb-bravo").open(sent.md).slice_octets
    with world.place("xb-bravo").state(world.place("xb-bravo").unlock(PASSPHRASE)).change() as state:
        state.seen.clear()
    for place in range(1, len(octets), len(octets) // 12):
        client = world.lied_to("xb-bravo", slice=lambda answer, md, place=place: flip(answer, place))
        with pytest.raises((EnvelopeError, UnpinnedError)):
            client.open(sent.md)
        assert client.state().seen == {}


def test_what_was_moved_or_stripped_is_refused(
    world: PartnerWorld, sent: Sent, pair: tuple[Client, Client], subtests: pytest.Subtests
) -> None:
    """Parts of another alert, parts of the originator's own slice, or nothing, in place of the sealed parts."""
    other = pair[0].open(pair[0].submit(alert_to("xb-bravo"), wait_secs=10).md).slice_octets
    own = pair[0].open(sent.md).slice_octets
    foreign, mine = parse_object(other, limit=2**20), parse_object(own, limit=2**20)
    moved: dict[str, tuple[Failure, Lie]] = {
        "another alert": (Failure.SUBJECT, lambda octets, md: other),
        "the originator's slice": (Failure.PATH, lambda octets, md: own),
        "the originator's entry": (
            Failure.PATH,
            with_jwe(recipients=mine["jwe"]["recipients"]),
        ),
        "the originator's entry and path": (
            Failure.PATH,
            lambda octets, md: rewritten(
                with_jwe(recipients=mine["jwe"]["recipients"])(octets, md),
                path=mine["path"],
                index=mine["index"],
            ),
        ),
        "a foreign ciphertext": (
            Failure.CIPHERTEXT,
            with_jwe(**{name: foreign["jwe"][name] for name in ("iv", "ciphertext", "tag")}),
        ),
        "a foreign receipt": (Failure.RECEIPT, with_members(receipts=foreign["receipts"])),
        "no receipt": (Failure.RECEIPT_MISSING, with_members(receipts=[])),
        "one signature of two": (Failure.SIGNERS, strip_signature),
        "no JSON": (Failure.MALFORMED, lambda octets, md: octets + b" x"),
        "one more member": (Failure.MALFORMED, with_members(more=1)),
    }
    for sentence, (failure, lie) in moved.items():
        with subtests.test(sentence):
            assert refused(world.lied_to("xb-bravo", slice=lie), sent.md) is failure


def test_a_forked_ledger_opens_nothing(world: PartnerWorld, sent: Sent) -> None:
    """The ledger's own key signs another tree: only the kept checkpoint shows it."""
    kept = world.lied_to("xb-bravo").state().checkpoint
    assert kept is not None

    def fork(octets: bytes, md: str) -> bytes:
        leaf = LeafEntry.from_json(parse_object(octets, limit=2**20)["receipts"][0]["leaf"])
        forged = forged_receipt(world.hub.key, leaf, before=kept.size + 3)
        return rewritten(octets, receipts=[forged.as_json()])

    client = world.lied_to("xb-bravo", slice=fork, consistency=Instead(lambda first, second: [bytes(32)] * 3))
    assert refused(client, sent.md) is Failure.LEDGER_FORK
    assert client.state().checkpoint == kept


def test_a_replay_under_the_same_id_is_refused(
    world: PartnerWorld, sent: Sent, pair: tuple[Client, Client]
) -> None:
    """The recipient has seen this id of this sender with another manifest."""
    with world.place("xb-bravo").state(world.place("xb-bravo").unlock(PASSPHRASE)).change() as state:
        state.seen = {"xa-alpha": {sent.jti: "A" * 43}}
    with pytest.raises(OpeningError) as caught:
        pair[1].open(sent.md)
    assert caught.value.cause is Failure.REPLAY
    (failure,) = pair[1].state().failures
    assert (failure.md, failure.cause) == (sent.md, str(Failure.REPLAY))


def test_one_changed_octet_of_a_blob_is_refused_with_one_text(world: PartnerWorld, sent: Sent) -> None:
    texts = set()
    for place in (0, 20, 200):
        client = world.lied_to(
            "xb-bravo", blob=lambda answer, md, n, size, place=place: [flip(b"".join(answer), place)]
        )
        with pytest.raises(OpeningError) as caught:
            client.open(sent.md)
        assert caught.value.cause is Failure.BLOB
        assert client.state().seen == {}
        texts.add((str(caught.value), caught.value.code))
    assert texts == {("this envelope cannot be opened", "unopenable")}


def test_a_keyset_that_is_rolled_back_is_refused(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    world.hub.now = timezone.now()
    charlie = world.hub.make_agency("xc-charlie")
    pair[1].pin("xc-charlie", charlie.root.fingerprint)
    world.hub.make_agreement("G2", "xb-bravo", "xc-charlie")
    state = pair[1].state()
    exchange = connect_http(state.hub, state.api_key)
    old = exchange.keyset("xc-charlie")
    exchange.close()
    world.rotate(charlie)
    assert pair[1].plan(alert_to("xc-charlie")).will == ("xc-charlie",)
    assert [record.version for record in pair[1].state().keysets["xc-charlie"]] == [1, 2]

    liar = world.lied_to(
        "xb-bravo", keyset=lambda answer, agency, *more: old if agency == "xc-charlie" else answer
    )
    with pytest.raises(VerificationError) as caught:
        liar.plan(alert_to("xc-charlie"))
    assert caught.value.failure is Failure.KEYSET_CHAIN
    denier = world.lied_to(
        "xb-bravo", keyset=lambda answer, agency, *more: None if agency == "xc-charlie" else answer
    )
    with pytest.raises(VerificationError):
        denier.plan(alert_to("xc-charlie"))


def test_a_missing_version_breaks_the_chain(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    world.hub.now = timezone.now()
    charlie = world.hub.make_agency("xc-charlie")
    world.rotate(charlie)
    pair[1].pin("xc-charlie", charlie.root.fingerprint)
    hiding = world.lied_to(
        "xb-bravo",
        keyset=lambda answer, agency, version=None: None if version == 1 else answer,
    )
    with pytest.raises(VerificationError) as caught:
        hiding.plan(alert_to("xc-charlie"))
    assert caught.value.failure is Failure.KEYSET_CHAIN
    assert "xc-charlie" not in hiding.state().keysets


def test_a_root_that_is_not_the_pinned_one_is_refused(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    world.hub.now = timezone.now()
    world.hub.make_agency("xc-charlie")
    pair[1].pin("xc-charlie", Root.generate().fingerprint)
    with pytest.raises(VerificationError) as caught:
        pair[1].plan(alert_to("xc-charlie"))
    assert caught.value.failure is Failure.KEYSET_ROOT
    assert "xc-charlie" not in pair[1].state().keysets


def test_a_keyset_without_receipt_counts_for_nobody(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    world.hub.now = timezone.now()
    charlie = world.hub.make_agency("xc-charlie")
    pair[1].pin("xc-charlie", charlie.root.fingerprint)
    liar = world.lied_to("xb-bravo", keyset=lambda answer, *asked: replace(answer, receipt=None))
    with pytest.raises(VerificationError) as caught:
        liar.plan(alert_to("xc-charlie"))
    assert caught.value.failure is Failure.RECEIPT_MISSING


def test_a_sender_whose_root_is_not_pinned_is_named(world: PartnerWorld) -> None:
    alpha, bravo = world.enrol("xa-alpha"), world.enrol("xb-bravo")
    alpha.pin("xb-bravo", bravo.fingerprint)
    world.hub.now = timezone.now()
    world.hub.make_agreement("G1", "xa-alpha", "xb-bravo")
    sent = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    with pytest.raises(UnpinnedError, match="accord pin xa-alpha"):
        bravo.open(sent.md)
    bravo.pin("xa-alpha", alpha.fingerprint)
    assert bravo.open(sent.md).md == sent.md


def test_what_is_for_others_looks_like_what_never_was(world: PartnerWorld, sent: Sent) -> None:
    charlie = world.enrol("xc-charlie")
    (entry,) = world.lied_to("xb-bravo").inbox()
    assert entry.ref is not None
    sentences = set()
    for place in (sent.md, "A" * 43, entry.ref, "ZZZZ-ZZZZ"):
        with pytest.raises(AbsentError) as caught:
            charlie.open(place)
        sentences.add(str(caught.value))
    assert len(sentences) == 1


def test_a_name_that_is_no_reference_and_no_md_is_refused_here(pair: tuple[Client, Client]) -> None:
    for place in ("", "nonsense", "7QK4M2XN", "A" * 42, "../" * 15):
        with pytest.raises(RequestError):
            pair[1].open(place)


def test_a_feed_with_a_gap_is_not_taken_in(
    world: PartnerWorld, sent: Sent, pair: tuple[Client, Client]
) -> None:
    pair[0].submit(alert_to("xb-bravo"), wait_secs=10)

    def hide_first(answer: Any) -> Any:
        return replace(answer, items=answer.items[1:])

    liar = world.lied_to("xb-bravo", inbox=hide_first)
    with pytest.raises(AnswerError, match="gap"):
        liar.inbox()
    assert liar.state().cursor == 0
    assert [entry.number for entry in pair[1].inbox()] == [1, 2]


def test_attachments_are_written_once_under_safe_names(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    files = tuple(
        Attachment(name, "text/plain", name.encode())
        for name in (
            "report.pdf",
            ".bashrc",
            "con",
            "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe",
            "报告.txt",
            "a" * 200 + ".txt",
        )
    )
    sent = pair[0].submit(alert_to("xb-bravo", attachments=files), wait_secs=10)
    opened = pair[1].open(sent.md)
    folder = tmp_path / "out"
    paths = opened.save_attachments(folder)

    assert [path.name for path in paths[:5]] == [
        "00_report.pdf",
        "01_bashrc",
        "02_attachment_con",
        "03_gpj.exe",
        "04_报告.txt",
    ]
    assert len(paths[5].name.encode()) <= 160 and paths[5].name.endswith(".txt")
    assert [path.read_bytes() for path in paths] == [file.plain for file in files]
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    with pytest.raises(UnsafePathError, match="exists already"):
        opened.save_attachments(folder)
