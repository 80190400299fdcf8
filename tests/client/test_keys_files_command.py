# SPDX-License-Identifier: Apache-2.0
"""Key files and pins at a terminal: made, shown, exchanged, closed under another passphrase."""

import os
from pathlib import Path

import pytest
from django.utils import timezone

from accord.cli import exits
from accord.envelope.keys import show_fingerprint
from accord.envelope.private import Root
from tests.client.conftest import PASSPHRASE, PartnerWorld, alert_to
from tests.client.key_terminal import KeyTerminal
from tests.client.test_terminal_prompts import Keyboard


@pytest.fixture
def alpha(world: PartnerWorld, capsys: pytest.CaptureFixture[str]) -> KeyTerminal:
    world.enrol("xa-alpha")
    return KeyTerminal(world, "xa-alpha", capsys)


def test_a_passphrase_is_changed_by_file_and_the_old_one_opens_nothing(
    world: PartnerWorld, alpha: KeyTerminal, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    new.write_text("another horse entirely\n")
    new.chmod(0o600)
    alpha.run("keys", "passphrase", "--new-passphrase-file", str(new))
    assert "new passphrase only" in alpha.out
    alpha.run("inbox", expect=exits.KEYS)
    alpha.run("inbox", "--passphrase-file", str(new))
    weak = tmp_path / "weak"
    weak.write_text("short\n")
    weak.chmod(0o600)
    argv = ["keys", "passphrase", "--passphrase-file", str(new), "--new-passphrase-file", str(weak)]
    alpha.run(*argv, expect=exits.KEYS)
    other = str(world.place("xa-alpha").next_root_file)
    alpha.json("keys", "passphrase", "--file", other, "--new-passphrase-file", str(new))
    alpha.run("fingerprint", other, "--passphrase-file", str(new))


def test_a_passphrase_may_come_from_a_descriptor(alpha: KeyTerminal) -> None:
    reading, writing = os.pipe()
    os.write(writing, PASSPHRASE.encode() + b"\n")
    os.close(writing)
    alpha.run("fingerprint", "--passphrase-file", f"/dev/fd/{reading}")
    os.close(reading)


def test_pins_are_exchanged_as_a_list_and_a_changed_root_refuses_it(
    world: PartnerWorld, alpha: KeyTerminal, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    world.enrol("xb-bravo")
    bravo = KeyTerminal(world, "xb-bravo", capsys)
    sheet = tmp_path / "sheet"
    sheet.write_text(alpha.run("pins", "print"))
    assert show_fingerprint(alpha.json("fingerprint")["fingerprint"]) in sheet.read_text()

    bravo.run("pins", "import", str(sheet), expect=exits.USAGE)
    assert "All digits are the same?" in bravo.err
    assert "Pinned: xa-alpha" in bravo.run("pins", "import", str(sheet), "--yes")
    assert "Known already: xa-alpha" in bravo.run("pins", "import", str(sheet))
    assert bravo.json("pins", "print")["xa-alpha"] == alpha.json("fingerprint")["fingerprint"]

    forged = Root.generate().fingerprint
    sheet.write_text(f"xa-alpha {show_fingerprint(forged)}\nxc-charlie {show_fingerprint(forged)}\n")
    bravo.run("pins", "import", str(sheet), "--yes", expect=exits.NOT_VERIFIED)
    assert "ALARM: the list shows another root than the pinned one for xa-alpha" in bravo.err
    assert "xc-charlie" not in bravo.json("pins", "print")
    good = f"# from paper\nxc-charlie {forged}\n"
    for content in ("xd-reg ab", f"nobody {forged}", f"xc-charlie {'ab' * 32}", "xd-reg", "junk and more"):
        sheet.write_text(f"{good}{content}\n")
        bravo.run("pins", "import", str(sheet), expect=exits.USAGE)
        assert f"{sheet}, line 3: " in bravo.err
        assert "All digits are the same?" not in bravo.err


def test_a_root_that_changed_by_its_own_keysets_is_followed_in_a_list(
    world: PartnerWorld, alpha: KeyTerminal, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bravo_client = world.enrol("xb-bravo")
    bravo = KeyTerminal(world, "xb-bravo", capsys)
    bravo_client.pin("xa-alpha", world.client("xa-alpha").fingerprint)
    alpha.begin("keys", "change-root", "--yes")
    alpha.run("keys", "resume")
    sheet = tmp_path / "sheet"
    sheet.write_text(alpha.run("pins", "print"))
    bravo.run("pins", "import", str(sheet), "--yes", expect=exits.NOT_VERIFIED)
    world.hub.now = timezone.now()
    world.hub.make_agreement("G1", "xa-alpha", "xb-bravo")
    bravo_client.plan(alert_to("xa-alpha"))
    assert "Root changed, followed: xa-alpha" in bravo.run("pins", "import", str(sheet), "--yes")
    assert bravo_client.plan(alert_to("xa-alpha")).will == ("xa-alpha",)


def test_keygen_makes_each_kind_of_file(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    terminal = KeyTerminal(world, "xd-reg", capsys)
    made = terminal.json("keygen", "--root")
    assert set(made) == {"root", "next_root"}
    terminal.run("keygen", "--root", expect=exits.KEYS)
    public = terminal.json("fingerprint", made["root"]["public_file"])
    assert public == {
        "fingerprint": made["root"]["fingerprint"],
        "next_fingerprint": made["next_root"]["fingerprint"],
    }
    assert "keys propose first" in terminal.run("keygen", "--operational", "--suite", "both")
    terminal.run("keygen", "--operational", expect=exits.KEYS)
    terminal.run("keygen", "--root", "--operational", expect=exits.USAGE)


def test_a_new_passphrase_is_typed_twice(world: PartnerWorld, alpha: KeyTerminal) -> None:
    keyboard = Keyboard(world.home("xa-alpha"))
    new = "another horse entirely"
    typed = [("Passphrase: ", PASSPHRASE), ("New passphrase: ", new), ("The same again: ", new)]
    shown = keyboard.run("keys", "passphrase", answers=typed)
    assert new not in shown
    differing = [("Passphrase: ", new), ("New passphrase: ", PASSPHRASE), ("The same again: ", new)]
    assert "differ" in keyboard.run("keys", "passphrase", answers=differing, expect=exits.KEYS)
