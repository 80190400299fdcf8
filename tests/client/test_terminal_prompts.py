# SPDX-License-Identifier: Apache-2.0
"""A person at a real terminal: secrets are asked for without echo, nothing is sent without a yes."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.utils import timezone

from accord.cli import exits
from tests.client.conftest import DOCUMENT, PASSPHRASE, PartnerWorld


class Keyboard:
    """A pseudo-terminal that runs `python -m accord` and types one answer to each prompt."""

    def __init__(self, home: Path) -> None:
        self.environment = {
            **os.environ,
            "ACCORD_HOME": str(home),
            "PYTHONPATH": os.getcwd(),
            "PYTHONUNBUFFERED": "1",
        }
        for name in ("ACCORD_PASSPHRASE_FILE", "ACCORD_API_KEY", "ACCORD_API_KEY_FILE"):
            self.environment.pop(name, None)

    def run(self, *argv: str, answers: list[tuple[str, str]], expect: int = exits.OK) -> str:
        """Run the command; return all that the terminal showed."""
        master, slave = os.openpty()
        program = subprocess.Popen(
            [sys.executable, "-m", "accord", *argv],
            env=self.environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        shown = ""
        for prompt, answer in answers:
            while prompt not in shown.rpartition("\n")[2]:
                more = self._more(master)
                assert more, f"it ended without asking {prompt!r}: {shown}"
                shown += more
            os.write(master, f"{answer}\n".encode())
            shown += "\n"
        while chunk := self._more(master):
            shown += chunk
        os.close(master)
        assert program.wait(timeout=180) == expect, shown
        return shown

    def _more(self, master: int) -> str:
        """Read the next output; empty once the program has closed its end."""
        try:
            return os.read(master, 4096).decode(errors="replace")
        except OSError:
            return ""


def test_a_new_passphrase_is_typed_twice_and_never_shown(tmp_path: Path) -> None:
    keyboard = Keyboard(tmp_path / "home")
    differing = [("Passphrase: ", PASSPHRASE), ("The same again: ", PASSPHRASE + "!")]
    assert "differ" in keyboard.run("keygen", answers=differing, expect=exits.KEYS)
    assert not (tmp_path / "home").exists()

    twice = [("Passphrase: ", PASSPHRASE), ("The same again: ", PASSPHRASE)]
    shown = keyboard.run("keygen", answers=twice)
    assert "Root fingerprint: " in shown
    assert PASSPHRASE not in shown


def test_the_api_key_is_typed_and_never_shown(world: PartnerWorld) -> None:
    made = world.make_keys("xa-alpha")
    secret = world.admit("xa-alpha", made.fingerprint)
    keyboard = Keyboard(world.home("xa-alpha"))
    argv = ["enrol", "xa-alpha", "--hub", world.address, "--ledger", world.hub.key.vkey, "--wait", "0"]
    typed = [("Passphrase: ", PASSPHRASE), ("API key: ", secret)]
    shown = keyboard.run(*argv, answers=typed, expect=exits.NOT_YET)
    assert secret not in shown
    world.sequence()
    shown = keyboard.run(*argv, answers=typed)
    assert "xa-alpha is enrolled: keyset version 1" in shown


def test_an_alert_goes_out_after_a_yes_only(world: PartnerWorld, tmp_path: Path) -> None:
    _, bravo = world.partners("xa-alpha", "xb-bravo")
    document = tmp_path / "alert.json"
    whole = {"alert": DOCUMENT, "to": ["xb-bravo"], "lane": "science", "purpose": "prevent", "tlp": "GREEN"}
    document.write_text(json.dumps(whole))
    keyboard = Keyboard(world.home("xa-alpha"))
    for answer, code in (("", exits.USAGE), ("no", exits.USAGE), ("y", exits.OK)):
        asked = [("Passphrase: ", PASSPHRASE), ("What was read stays read. [y/N] ", answer)]
        shown = keyboard.run("submit", str(document), answers=asked, expect=code)
        assert "Send to xb-bravo? They can read it within seconds." in shown
        world.hub.now = timezone.now()
        world.sequence()
        assert len(bravo.inbox()) == (1 if code == exits.OK else 0)
