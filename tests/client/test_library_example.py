# SPDX-License-Identifier: Apache-2.0
"""The guide's program runs as written: it checks, sends and waits for the receipt."""

import json
import re
import threading
from pathlib import Path

import pytest
from django.db import connection

from devtool.environments import ROOT
from tests.client.conftest import DOCUMENT, PASSPHRASE, PartnerWorld

PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def program() -> str:
    (found,) = PROGRAM.findall((ROOT / "docs" / "accord.md").read_text(encoding="utf-8"))
    return str(found)


@pytest.fixture
def at_work(world: PartnerWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PartnerWorld:
    """An enrolled agency's folder with the files that the program expects."""
    world.partners("xa-lab", "xb-health")
    (tmp_path / "alert.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "spectrum.msp").write_text("NAME: etizolam\n")
    (tmp_path / "passphrase.txt").write_text(f"{PASSPHRASE}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCORD_HOME", str(world.home("xa-lab")))
    return world


def test_the_program_sends_and_has_its_receipt(
    at_work: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = threading.Event()

    def sequence() -> None:
        while not ended.wait(0.05):
            at_work.sequence()
        connection.close()

    sequencer = threading.Thread(target=sequence)
    sequencer.start()
    try:
        exec(program(), {})  # noqa: S102 - the guide's own text
    finally:
        ended.set()
        sequencer.join()
    said = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"[\w-]{43} is logged since [0-9]{10}", said[0])
    assert said[1].startswith("xb-health: ")


def test_the_program_names_what_does_not_fit_and_sends_nothing(at_work: PartnerWorld) -> None:
    Path("alert.json").write_text(json.dumps(DOCUMENT | {"cas_rn": "58-08-3"}))
    with pytest.raises(SystemExit, match="/cas_rn: the check digit is wrong"):
        exec(program(), {})  # noqa: S102
    assert at_work.place("xa-lab").spool.ids() == []
