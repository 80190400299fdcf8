# SPDX-License-Identifier: Apache-2.0
"""`accord watch` at a terminal: a line or a program run for each item; stopped, killed and resumed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from accord.calls import transport
from accord.cli import exits
from accord.cli.main import main
from tests.client.conftest import DOCUMENT, PartnerWorld
from tests.client.terminals import Terminal
from tests.client.test_watch import numbers, send, sent_between, watched


def test_the_command_prints_a_line_for_each_item(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    mds, (alpha, _) = sent_between(world, 2)
    bravo = Terminal(world, "xb-bravo", capsys)
    lines = bravo.run("watch", "--once", "--open", "--json").splitlines()
    items = [json.loads(line) for line in lines]
    assert [(item["number"], item["d"], item["iss"]) for item in items] == [
        (1, mds[0], "xa-alpha"),
        (2, mds[1], "xa-alpha"),
    ]
    assert items[0]["opened"]["alert"] == DOCUMENT
    assert bravo.run("watch", "--once") == ""

    send(world, alpha, 1)
    shown = bravo.run("watch", "--once", "--open")
    assert shown.startswith("3  alert from xa-alpha  ")
    assert DOCUMENT["title"] in shown


TAKER = """\
import json, os, sys
item = json.load(sys.stdin)
facts = {name: value for name, value in os.environ.items() if name.startswith("ACCORD_")}
with open(sys.argv[1], "a") as file:
    file.write(json.dumps({"item": item, "facts": facts, "argv": sys.argv[1:]}) + "\\n")
sys.exit(int(open(sys.argv[2]).read()))
"""


def test_a_program_takes_each_item_with_no_content_in_its_arguments(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (md,), (alpha, _) = sent_between(world, 1)
    bravo = Terminal(world, "xb-bravo", capsys)
    program, taken, code = tmp_path / "taker.py", tmp_path / "taken", tmp_path / "code"
    program.write_text(TAKER)
    code.write_text("0")
    command = f"{sys.executable} {program} {taken} {code}"
    assert bravo.run("watch", "--once", "--open", "--exec", command) == ""
    (line,) = map(json.loads, taken.read_text().splitlines())
    assert line["item"]["opened"]["alert"] == DOCUMENT
    assert line["argv"] == [str(taken), str(code)]
    assert line["facts"]["ACCORD_D"] == md
    assert (line["facts"]["ACCORD_NUMBER"], line["facts"]["ACCORD_TLP"]) == ("1", "GREEN")
    assert not any("PASSPHRASE" in name or "API_KEY" in name for name in line["facts"])
    assert DOCUMENT["title"] not in json.dumps([line["facts"], line["argv"]])

    code.write_text("7")
    send(world, alpha, 2)
    bravo.run("watch", "--once", "--exec", command, expect=exits.NOT_DELIVERED)
    assert "Item 2 was not taken" in bravo.err
    code.write_text("0")
    bravo.run("watch", "--once", "--exec", command)
    assert [json.loads(line)["item"]["number"] for line in taken.read_text().splitlines()] == [1, 2, 2, 3]


def test_a_program_that_cannot_be_run_is_named(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    sent_between(world, 1)
    bravo = Terminal(world, "xb-bravo", capsys)
    for command, expect in (
        ("", exits.USAGE),
        ("'", exits.USAGE),
        ("/no/such/program", exits.NOT_DELIVERED),
    ):
        bravo.run("watch", "--once", "--exec", command, expect=expect)
    assert numbers(watched(bravo.client)) == [1], "the item was taken by none of them"


def running(terminal: Terminal) -> subprocess.Popen[str]:
    environment = {**os.environ, **terminal.environment, "PYTHONPATH": os.getcwd()}
    return subprocess.Popen(
        [sys.executable, "-m", "accord", "watch", "--open", "--json", "--every", "0"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def watching(terminals: tuple[Terminal, Terminal]) -> Iterator[subprocess.Popen[str]]:
    process = running(terminals[1])
    yield process
    process.kill()
    process.communicate()


def test_killed_in_the_middle_it_repeats_at_most_the_last_item(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], watching: subprocess.Popen[str]
) -> None:
    alpha, bravo = terminals
    send(world, alpha.client, 6)
    assert watching.stdout is not None
    seen = [json.loads(watching.stdout.readline())["number"] for _ in range(3)]
    watching.kill()
    rest = watching.stdout.read()
    seen += [json.loads(line)["number"] for line in rest.splitlines()]
    again = numbers(watched(bravo.client, opening=True))
    assert seen == list(range(1, len(seen) + 1))
    # The item at which it was killed may have been written already; no earlier one comes again.
    assert again in ([*range(len(seen), 7)], [*range(len(seen) + 1, 7)])


def test_ctrl_c_ends_it_with_its_code(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], watching: subprocess.Popen[str]
) -> None:
    alpha, bravo = terminals
    send(world, alpha.client, 1)
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline())["number"] == 1
    watching.send_signal(signal.SIGINT)
    assert watching.wait(timeout=180) == exits.STOPPED
    assert watching.stderr is not None
    assert (watching.stdout.read(), watching.stderr.read()) == ("", "")
    # Stopped between writing the item and keeping its number, it repeats that item and no other.
    assert numbers(watched(bravo.client)) in ([], [1])


def test_a_hub_that_is_down_is_said_in_json_too(
    terminals: tuple[Terminal, Terminal], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "Patience", partial(transport.Patience, backoff_secs=0))
    bravo = terminals[1]
    with bravo.client._session.state_file.change() as state:
        state.hub = "http://127.0.0.1:9"
    assert main(["watch", "--once", "--json"], bravo.environment) == exits.NO_ANSWER
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err)["exit"] == exits.NO_ANSWER
