# SPDX-License-Identifier: Apache-2.0
"""Work without a network: sealing into a folder to send later, opening a saved slice to compare later."""

import json
from pathlib import Path
from typing import Any

import pytest

from accord.cli import exits
from accord.client.client import Client
from accord.client.errors import NotEntitledError, RefusedError, RequestError, UnpinnedError, UnsafePathError
from accord.client.results import Opened
from accord.client.saved_alerts import load_saved, save_opened
from accord.envelope.content import Attachment, NamedOfficer
from accord.envelope.encoding import b64u
from accord.envelope.errors import Failure, OpeningError, SealingError, VerificationError
from accord.envelope.tree.receipts import Receipt
from peers.models import Agency
from sharing.models import Envelope
from tests.client.altered_answers import Instead, flip, forged_receipt
from tests.client.conftest import DOCUMENT, PASSPHRASE, PartnerWorld, alert_to
from tests.client.terminals import Terminal

FILE = Attachment("a.txt", "text/plain", b"spectrum " * 1000)
DAY = 24 * 3600


def no_network(hub: str, api_key: str) -> Any:
    pytest.fail("the network was asked for")


def away(world: PartnerWorld, agency: str, *, later: int = 0) -> Client:
    """A client that may not use the network."""
    return world.client_with(agency, off_by=later, connect=no_network)


# Sealing and sending later.


def test_what_was_sealed_without_a_network_is_sent_octet_for_octet(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    pair[0].plan(alert_to("xb-bravo"))
    folder = tmp_path / "sealed"
    made = away(world, "xa-alpha").seal(alert_to("xb-bravo", attachments=(FILE,)), folder)
    assert {path.name for path in folder.iterdir()} == {"manifest", "jwe", "blob-0"}
    assert (made.to, pair[0].state().submissions) == (("xb-bravo",), {})
    assert away(world, "xa-alpha").recipients_of_sealed(folder) == ("xb-bravo",)

    sent = pair[0].submit_sealed(folder, wait_secs=10)
    assert (sent.md, sent.to) == (made.md, ("xb-bravo",))
    assert sent.log_time is not None
    assert bytes(Envelope.objects.get(pk=made.md).manifest or b"") == (folder / "manifest").read_bytes()
    assert pair[1].open(made.md).attachment(0) == FILE.plain
    assert world.place("xa-alpha").spool.ids() == []
    assert pair[0].submit_sealed(folder).log_time == sent.log_time
    assert Envelope.objects.count() == 1


def test_without_kept_keysets_nothing_is_sealed(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    """Bravo's keyset was never fetched, charlie's root never pinned."""
    client = away(world, "xa-alpha")
    with pytest.raises(SealingError) as caught:
        client.seal(alert_to("xb-bravo"), tmp_path / "sealed")
    assert caught.value.agencies == ("xb-bravo",)
    with pytest.raises(UnpinnedError):
        client.seal(alert_to("xc-charlie"), tmp_path / "sealed")
    assert not (tmp_path / "sealed").exists()


def test_a_folder_that_stands_is_not_written_into(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    pair[0].plan(alert_to("xb-bravo"))
    with pytest.raises(UnsafePathError, match="exists already"):
        away(world, "xa-alpha").seal(alert_to("xb-bravo"), tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("part", ["manifest", "jwe", "blob-0"])
def test_a_folder_that_was_altered_is_not_sent(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path, part: str
) -> None:
    pair[0].plan(alert_to("xb-bravo"))
    folder = tmp_path / "sealed"
    pair[0].seal(alert_to("xb-bravo", attachments=(FILE,)), folder)
    octets = (folder / part).read_bytes()
    (folder / part).write_bytes(flip(octets, len(octets) // 2))
    with pytest.raises(RequestError, match="does not hold an envelope"):
        pair[0].submit_sealed(folder)
    (folder / part).unlink()
    with pytest.raises(RequestError):
        pair[0].submit_sealed(folder)
    assert not Envelope.objects.exists()


def test_another_agencys_envelope_is_not_sent(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    pair[0].plan(alert_to("xb-bravo"))
    pair[0].seal(alert_to("xb-bravo"), tmp_path / "sealed")
    with pytest.raises(RequestError, match="does not hold"):
        pair[1].submit_sealed(tmp_path / "sealed")


def test_what_was_sealed_over_a_day_ago_is_to_be_sealed_anew(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    pair[0].plan(alert_to("xb-bravo"))
    pair[0].seal(alert_to("xb-bravo"), tmp_path / "sealed")
    with pytest.raises(RequestError, match="seal it anew"):
        away(world, "xa-alpha", later=DAY + 60).recipients_of_sealed(tmp_path / "sealed")


def test_keys_that_changed_since_are_named_by_the_hub(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    from django.utils import timezone

    world.hub.now = timezone.now()
    charlie = world.hub.make_agency("xc-charlie")
    pair[0].pin("xc-charlie", charlie.root.fingerprint)
    world.hub.make_agreement("G2", "xa-alpha", "xc-charlie")
    pair[0].plan(alert_to("xc-charlie"))
    pair[0].seal(alert_to("xc-charlie"), tmp_path / "sealed")
    world.hub.now = timezone.now()
    world.rotate(charlie)
    with pytest.raises(RefusedError) as caught:
        pair[0].submit_sealed(tmp_path / "sealed")
    assert caught.value.slug == "keyset-stale"
    assert pair[0].state().submissions == {}
    assert Agency.objects.filter(pk="xc-charlie").exists()


# Opening a saved slice.


@pytest.fixture
def saved(world: PartnerWorld) -> Opened:
    """An alert that the recipient opened; asked for before the `pair` of a test."""
    sent = world.deliver("xa-alpha", "xb-bravo", file=FILE)
    return world.client("xb-bravo").open(sent.md)


def fresh_state(world: PartnerWorld, agency: str) -> Any:
    place = world.place(agency)
    return place.state(place.open_keys(PASSPHRASE).ring).change()


def test_a_saved_slice_opens_against_what_is_kept(world: PartnerWorld, saved: Opened, tmp_path: Path) -> None:
    save_opened(saved, tmp_path / "saved")
    octets, blobs = load_saved(tmp_path / "saved")
    opened = away(world, "xb-bravo").open_saved(octets, blobs)
    assert dict(opened.alert) == DOCUMENT
    assert opened.marks == ()
    (path,) = opened.save_attachments(tmp_path / "out")
    assert path.read_bytes() == FILE.plain
    slice_file = tmp_path / "saved" / "slice.json"
    octets, blobs = load_saved(slice_file, tmp_path / "saved")
    assert away(world, "xb-bravo").open_saved(octets, blobs).md == saved.md
    with pytest.raises(RequestError, match="--blobs"):
        away(world, "xb-bravo").open_saved(*load_saved(slice_file))


def test_a_ledger_that_could_not_be_compared_is_marked_and_compared_later(
    world: PartnerWorld, saved: Opened, pair: tuple[Client, Client]
) -> None:
    later = pair[0].submit(alert_to("xb-bravo"), wait_secs=10)
    octets = pair[1].open(later.md).slice_octets
    with fresh_state(world, "xb-bravo") as state:
        # The first checkpoint becomes the kept one, as if no later one had been seen.
        state.checkpoint = type(state.checkpoint)(
            Receipt.parse(json.loads(saved.slice_octets)["receipts"][0]).checkpoint,
            json.loads(saved.slice_octets)["receipts"][0]["index"] + 1,
            state.checkpoint.kept_at,
        )
        state.opened.clear()
        kept = state.checkpoint
    client = away(world, "xb-bravo")
    opened = client.open_saved(octets)
    assert opened.marks == ("log-not-compared",)
    assert [check.held for check in opened.checks].count(None) == 1
    state = client.state()
    assert (len(state.uncompared), state.checkpoint) == (1, kept)
    assert later.md in state.opened

    assert [entry.opened_at is not None for entry in pair[1].inbox()][-1]
    assert pair[1].state().uncompared == []


def test_a_saved_slice_of_a_forked_ledger_is_an_alarm_at_the_next_chance(
    world: PartnerWorld, saved: Opened, pair: tuple[Client, Client]
) -> None:
    """Offline no fork is visible; with a network everything stops until a person has looked."""
    value = json.loads(saved.slice_octets)
    honest = Receipt.parse(value["receipts"][0])
    value["receipts"] = [forged_receipt(world.hub.key, honest.leaf, before=40).as_json()]
    octets = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    opened = away(world, "xb-bravo").open_saved(octets, saved.blobs)
    assert "log-not-compared" in opened.marks
    acts = (
        pair[1].inbox,
        lambda: pair[1].open(saved.md),
        lambda: list(pair[1].watch(opening=True, once=True)),
        lambda: pair[1].acknowledge(saved.md, officer="officer-7"),
        lambda: pair[1].submit(alert_to("xa-alpha")),
    )
    for act in acts:
        with pytest.raises(VerificationError) as caught:
            act()
        assert caught.value.failure is Failure.LEDGER_FORK
    assert len(pair[1].state().uncompared) == 1


def test_a_changed_octet_opens_nothing(world: PartnerWorld, saved: Opened) -> None:
    client = away(world, "xb-bravo")
    with pytest.raises(OpeningError):
        client.open_saved(saved.slice_octets, [flip(saved.blobs[0].read(), 40)])
    (failure,) = client.state().failures
    assert failure.md == saved.md


def test_red_offline_is_for_the_named_officer_only(world: PartnerWorld) -> None:
    from django.utils import timezone

    alpha, bravo = world.enrol("xa-alpha"), world.enrol("xb-bravo")
    alpha.pin("xb-bravo", bravo.fingerprint)
    bravo.pin("xa-alpha", alpha.fingerprint)
    world.hub.now = timezone.now()
    world.hub.make_agreement("G1", "xa-alpha", "xb-bravo", ceiling="RED")
    names = (NamedOfficer("xb-bravo", "officer-7"),)
    sent = alpha.submit(alert_to("xb-bravo", tlp="RED", names=names), wait_secs=10)
    octets = bravo.open(sent.md, officer="officer-7").slice_octets
    client = away(world, "xb-bravo")
    for officer in (None, "officer-8"):
        with pytest.raises(NotEntitledError):
            client.open_saved(octets, officer=officer)
    assert client.open_saved(octets, officer="officer-7").md == sent.md


# The commands.


def test_sealing_and_opening_without_a_network_at_a_terminal(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    alpha, bravo = terminals
    document, spectrum = tmp_path / "alert.json", tmp_path / "a.txt"
    document.write_text(json.dumps(DOCUMENT))
    spectrum.write_bytes(FILE.plain)
    marking = ("--to", "xb-bravo", "--lane", "science", "--purpose", "prevent", "--tlp", "GREEN")
    alpha.run("submit", str(document), *marking, "--plan")
    out = str(tmp_path / "sealed")
    made = alpha.json("seal", str(document), *marking, "--attach", str(spectrum), "--out", out)
    assert (made["to"], made["folder"]) == (["xb-bravo"], out)
    assert "nothing was overwritten" in run_again(alpha, document, marking, out)
    alpha.run("submit", "--sealed", out, expect=exits.USAGE)
    assert "Send to xb-bravo?" in alpha.err
    assert alpha.json("submit", "--sealed", out, "--yes")["md"] == made["md"]
    world.sequence()

    saved = str(tmp_path / "saved")
    bravo.run("open", made["md"], "--save", saved)
    shown = bravo.run("open", "--slice", saved, "--out", str(tmp_path / "out"))
    assert DOCUMENT["title"] in shown
    assert "sealed SHA-256" in shown
    assert (tmp_path / "out" / "00_a.txt").read_bytes() == FILE.plain
    opened = bravo.json("open", "--slice", f"{saved}/slice.json", "--blobs", saved)
    assert opened["alert"] == DOCUMENT
    assert len(b64u(bytes(32))) == len(opened["attachments"][0]["sha256"])
    for wrong in ((), (made["md"], "--slice", saved), (made["md"], "--blobs", saved)):
        bravo.run("open", *wrong, expect=exits.USAGE)


def run_again(terminal: Terminal, document: Path, marking: tuple[str, ...], out: str) -> str:
    terminal.run("seal", str(document), *marking, "--out", out, expect=exits.LOCAL)
    return terminal.err


def test_a_lie_that_withholds_the_proof_is_an_alarm(
    world: PartnerWorld, saved: Opened, pair: tuple[Client, Client]
) -> None:
    """The hub answers that there is no proof, which opens nothing."""
    sent = pair[0].submit(alert_to("xb-bravo"), wait_secs=10)
    from accord.client.errors import AbsentError

    def withhold(first: int, second: int) -> Any:
        raise AbsentError(404, "absent", "There is nothing here for you.", "", {})

    client = world.lied_to("xb-bravo", consistency=Instead(withhold))
    for act in (client.inbox, lambda: client.open(sent.md)):
        with pytest.raises(VerificationError) as caught:
            act()
        assert caught.value.failure is Failure.LEDGER_FORK
