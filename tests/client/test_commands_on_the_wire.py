# SPDX-License-Identifier: Apache-2.0
"""The command against a live hub: the whole job at a terminal, and the text of each refusal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from accord.cli import exits
from accord.cli.sentences import COMPARE
from agencies.accession import suspend_agency
from tests.builders import OPERATOR
from tests.client.conftest import DOCUMENT, PartnerWorld
from tests.client.terminals import Terminal, joined


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "alert.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def submit(terminal: Terminal, document: Path, *more: str, expect: int = exits.OK) -> str:
    marking = ("--to", "xb-bravo", "--lane", "science", "--purpose", "prevent", "--tlp", "GREEN")
    return terminal.run("submit", str(document), *marking, "--yes", *more, expect=expect)


def test_the_whole_job_at_a_terminal(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str], document: Path, tmp_path: Path
) -> None:
    """Two agencies enrol by the command and pin each other."""
    alpha, bravo = joined(world, capsys, "xa-alpha", "xb-bravo")
    spectrum = tmp_path / "etizolam.msp"
    spectrum.write_text("NAME: Etizolam\n")
    sent = json.loads(submit(alpha, document, "--attach", str(spectrum), "--json"))
    assert "waits for its receipt" in alpha.run("submissions")
    world.sequence()

    listed = bravo.run("inbox")
    assert "alert" in listed and "xa-alpha" in listed and "new" in listed
    (entry,) = bravo.json("inbox")["items"]
    out = tmp_path / "out"
    shown = bravo.run("open", entry["ref"], "--out", str(out), "--save", str(tmp_path / "saved"))
    assert shown.startswith("TLP:GREEN  ROUTINE  alert  from xa-alpha")
    assert "title: Metodesnitazene in blue tablets" in shown
    assert "Verified. xa-alpha signed this with both its keys." in shown
    assert (out / "00_etizolam.msp").read_bytes() == spectrum.read_bytes()

    assert "Acknowledged (opened)" in bravo.run("acknowledge", entry["ref"], "--as", "officer-7")
    world.sequence()
    assert "opened about" in alpha.run("inbox")
    assert "xb-bravo   acknowledged" in alpha.run("status", sent["md"])
    checks = bravo.run("verify", str(tmp_path / "saved"))
    assert checks.count("    ok  ") == 10
    (status,) = alpha.json("submissions")
    assert (status["d"], status["here"]) == (sent["md"], True)


def test_pins_at_a_terminal(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    alpha, _ = terminals
    groups = ["ab12"] * 16
    listed = alpha.run("pin", "xc-charlie", *groups)
    assert f"xc-charlie  {' '.join(groups)}" in listed
    assert alpha.json("pin")["xc-charlie"] == "ab12" * 16
    alpha.run("pin", "xc-charlie", "cd34" * 16, expect=exits.NOT_VERIFIED)
    assert "--replace" in alpha.err
    alpha.run("pin", "xc-charlie", "cd34" * 16, "--replace")
    alpha.run("pin", "xd-reg", expect=exits.USAGE)
    wrong = tmp_path / "wrong"
    for content in (b"xd-reg\n", b"\xff\n"):
        wrong.write_bytes(content)
        alpha.run("pin", "--file", str(wrong), expect=exits.USAGE)


def test_a_retraction_at_a_terminal(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], document: Path
) -> None:
    alpha, bravo = terminals
    sent = json.loads(submit(alpha, document, "--json"))
    world.sequence()
    bravo.run("open", sent["md"])
    alpha.run("retract", sent["md"], "--code", "contaminated", "--yes")
    world.sequence()
    assert "! WITHDRAWN by its sender" in bravo.run("open", sent["md"])
    assert "WITHDRAWN" in bravo.run("inbox")
    assert "Confirmed (stopped)" in bravo.run("confirm", sent["md"], "--as", "officer-7")


def test_a_retraction_before_the_first_opening_is_shown_as_in_doubt(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], document: Path
) -> None:
    alpha, bravo = terminals
    sent = json.loads(submit(alpha, document, "--json"))
    world.sequence()
    alpha.run("retract", sent["md"], "--code", "error", "--yes")
    world.sequence()
    assert "withdrawn? (sender not verified)" in bravo.run("inbox")
    bravo.run("open", sent["md"], expect=exits.REFUSED)
    assert "Confirmed (stopped)" in bravo.run("confirm", sent["md"])


def test_red_is_verified_for_the_named_officer_only(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], document: Path, tmp_path: Path
) -> None:
    alpha, bravo = terminals
    world.hub.make_agreement("G2", "xa-alpha", "xb-bravo", ceiling="RED")
    marking = ("--tlp", "RED", "--name", "xb-bravo:officer-7", "--json")
    sent = json.loads(submit(alpha, document, *marking))
    world.sequence()
    saved = str(tmp_path / "saved")
    bravo.run("open", sent["md"], "--as", "officer-7", "--save", saved)
    bravo.run("verify", saved, expect=exits.NOT_OPENED)
    assert "--as OFFICER" in bravo.err
    assert DOCUMENT["title"] not in bravo.out
    assert DOCUMENT["title"] in bravo.run("verify", saved, "--as", "officer-7")


def test_refusals_name_the_cause(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], document: Path
) -> None:
    alpha, bravo = terminals
    assert "will receive:     xb-bravo" in submit(alpha, document, "--plan")
    submit(
        alpha,
        document,
        "--lane",
        "trade",
        "--tlp",
        "RED",
        "--name",
        "xb-bravo:officer-7",
        expect=exits.REFUSED,
    )
    assert "xb-bravo: Agreement G1 allows up to" in alpha.err
    submit(alpha, document, "--to", "xc-charlie", expect=exits.NOT_VERIFIED)
    assert "accord pin xc-charlie" in alpha.err
    alpha.run("submit", str(document), "--to", "xb-bravo", expect=exits.USAGE)
    assert "missing: lane, purpose" in alpha.err
    alpha.run("submit", expect=exits.USAGE)
    assert alpha.run("submit", "--resend") == "Nothing waits for a receipt.\n"
    bravo.run("open", "ZZZZ-ZZZZ", expect=exits.REFUSED)
    assert bravo.err == f"accord: There is nothing here for you. {COMPARE}\n"
    suspend_agency(OPERATOR, world.row("xa-alpha").pk, now=timezone.now())
    submit(alpha, document, expect=exits.REFUSED)
    assert "nothing can be sent" in alpha.err


def test_a_refusal_before_sealing_has_the_code_of_refusals(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], document: Path
) -> None:
    alpha, _ = terminals
    world.hub.now = timezone.now()
    charlie = world.hub.make_agency("xc-charlie", suites=("EC1",))
    alpha.client.pin("xc-charlie", charlie.root.fingerprint)
    submit(alpha, document, "--to", "xc-charlie", "--json", expect=exits.REFUSED)
    assert json.loads(alpha.err)["error"] == "NotEveryoneError"
    assert alpha.client.state().submissions == {}


def test_without_a_yes_nothing_is_sent(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], document: Path
) -> None:
    """Without a terminal to ask at, the answer is no."""
    alpha, bravo = terminals
    marking = ("--to", "xb-bravo", "--lane", "science", "--purpose", "prevent")
    alpha.run("submit", str(document), *marking, expect=exits.USAGE)
    assert "Send to xb-bravo? They can read it within seconds." in alpha.err
    world.sequence()
    assert bravo.run("inbox") == "No alert has reached your agency yet.\n"


def test_an_altered_saved_alert_is_refused_with_its_code(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], document: Path, tmp_path: Path
) -> None:
    alpha, bravo = terminals
    sent = json.loads(submit(alpha, document, "--json"))
    world.sequence()
    saved = tmp_path / "saved"
    bravo.run("open", sent["md"], "--save", str(saved))
    slice_file = saved / "slice.json"
    slice_file.write_bytes(slice_file.read_bytes().replace(b'"index":', b'"index":1', 1))
    bravo.run("verify", str(saved), expect=exits.NOT_VERIFIED)
    assert "FAILED" in bravo.out
    assert "Do not rely on this alert." in bravo.out


def test_the_command_as_a_program_of_its_own(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], document: Path
) -> None:
    alpha, bravo = terminals
    sent = json.loads(submit(alpha, document, "--json"))
    world.sequence()
    environment = {**os.environ, **bravo.environment, "PYTHONPATH": os.getcwd(), "PYTHONIOENCODING": "ascii"}
    opened = subprocess.run(
        [sys.executable, "-m", "accord", "open", sent["md"], "--json"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert opened.returncode == exits.OK, opened.stderr
    assert json.loads(opened.stdout)["alert"] == DOCUMENT


def test_the_api_key_is_named_and_its_text_shown_only_where_it_is_asked_for(
    terminals: tuple[Terminal, Terminal],
) -> None:
    alpha, _ = terminals
    facts = alpha.json("api-key")
    text = alpha.run("api-key", "--show").strip()
    assert set(facts) == {"prefix", "until"} and text.startswith(f"{facts['prefix']}.")
    assert text not in alpha.run("api-key") + alpha.err
    alpha.run("api-key", "--rotate", expect=exits.REFUSED)
    assert "does not replace itself now" in alpha.err
