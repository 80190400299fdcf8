# SPDX-License-Identifier: Apache-2.0
"""The command line without a hub: questions, output and exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from accord.cli import exits
from accord.cli.arguments.parser import build_parser
from accord.cli.main import main
from accord.cli.sentences import SEALING, sentence_of
from accord.cli.showing import plain
from accord.cli.verbs import VERBS
from accord.client import errors as client_errors
from accord.client.home import create_keys
from accord.envelope import errors as envelope_errors
from accord.envelope.errors import Failure, OpeningError, SealRefusal, VerificationError
from accord.keyerrors import KeyFileError
from accord.state import StateError
from accord.version import VERSION
from tests.client.conftest import CHEAP, PASSPHRASE


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n")
    secret.chmod(0o600)
    return {"ACCORD_HOME": str(tmp_path / "home"), "ACCORD_PASSPHRASE_FILE": str(secret)}


def families() -> list[type[BaseException]]:
    """Every error class that the client's packages define."""
    found = []
    for base in (client_errors.ClientError, envelope_errors.EnvelopeError, KeyFileError, StateError):
        found += [base, *_below(base)]
    return found


def _below(kind: type[BaseException]) -> list[type[BaseException]]:
    return [deeper for below in kind.__subclasses__() for deeper in (below, *_below(below))]


def test_keygen_prints_the_fingerprint_in_groups_of_four_and_never_overwrites(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keygen"], environment) == exits.OK
    first = capsys.readouterr().out.splitlines()[0]
    groups = first.removeprefix("Root fingerprint: ").split(" ")
    assert len(groups) == 16
    assert all(len(group) == 4 and int(group, 16) >= 0 for group in groups)
    key_file = Path(environment["ACCORD_HOME"]) / "keys.accord"
    before = key_file.read_bytes()
    assert main(["keygen"], environment) == exits.KEYS
    assert "never overwritten" in capsys.readouterr().err
    assert key_file.read_bytes() == before


def test_a_wrong_passphrase_is_one_clear_sentence(
    environment: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create_keys(Path(environment["ACCORD_HOME"]), PASSPHRASE, suites=("PQ1",), now=0, cost=CHEAP)
    wrong = tmp_path / "wrong"
    wrong.write_text("another horse entirely\n")
    wrong.chmod(0o600)
    assert main(["inbox", "--passphrase-file", str(wrong)], environment) == exits.KEYS
    assert capsys.readouterr().err == f"accord: The passphrase does not open {tmp_path}/home/keys.accord.\n"


def test_before_enrolment_the_remedy_is_named(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    create_keys(Path(environment["ACCORD_HOME"]), PASSPHRASE, suites=("PQ1",), now=0, cost=CHEAP)
    for verb in ("inbox", "submissions", "status", "pin"):
        assert main([verb], environment) == exits.LOCAL
        assert "accord enrol" in capsys.readouterr().err


def test_before_keygen_the_remedy_is_named(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inbox", "--json"], environment) == exits.KEYS
    said = json.loads(capsys.readouterr().err)
    assert (said["error"], said["exit"]) == ("KeyFileAbsentError", exits.KEYS)
    assert "accord keygen" in said["message"]


def test_a_passphrase_file_that_cannot_serve_is_refused(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path(environment["ACCORD_PASSPHRASE_FILE"])
    for content, said in ((b"", ""), (b"\n", ""), (b"\xff\xfe\n", ""), (b"short\n", "12 characters")):
        file.write_bytes(content)
        assert main(["keygen"], environment) == exits.KEYS
        assert said in capsys.readouterr().err
    file.write_text(f"{PASSPHRASE}\n")
    file.chmod(0o644)
    assert main(["keygen"], environment) == exits.KEYS
    assert "chmod 600" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["fly"],
        ["enrol", "xa-alpha"],
        ["keygen", "--passphrase", "secret"],
        ["enrol", "xa-alpha", "--hub", "https://h", "--ledger", "v", "--api-key", "secret"],
        ["submit", "a.json", "--tlp", "PURPLE"],
        ["submit", "a.json", "--wait", "forever"],
        ["acknowledge"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_ends_with_two(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    assert main(argv, environment) == exits.USAGE
    assert "usage: accord" in capsys.readouterr().err


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_itself(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    assert main([verb, "--help"], {}) == exits.OK
    said = capsys.readouterr().out
    assert f"usage: accord {verb}" in said or verb == "status"
    assert "--json" in said


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"], {}) == exits.OK
    assert capsys.readouterr().out == f"accord {VERSION}\n"


def test_the_help_lists_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"], {}) == exits.OK
    said = capsys.readouterr().out
    for code, meaning in exits.MEANINGS.items():
        assert f"{code:>3}  {meaning}" in said


def test_options_for_every_verb_stand_before_or_after_it() -> None:
    parser = build_parser()
    for argv in (["--home", "/x", "--json", "inbox"], ["inbox", "--home", "/x", "--json"]):
        options = parser.parse_args(argv)
        assert (options.home, options.json, options.passphrase_file) == ("/x", True, None)


def test_every_error_has_an_exit_code() -> None:
    missing = [
        kind
        for kind in families()
        if kind is not client_errors.ClientError and exits.code_of(kind.__new__(kind)) is None
    ]
    assert missing == []


def test_every_refusal_to_seal_has_a_sentence() -> None:
    assert set(SEALING) == set(SealRefusal)


def test_no_cause_of_a_failure_to_open_is_said() -> None:
    said = {sentence_of(OpeningError(cause, "detail")) for cause in Failure}
    assert len(said) == 1
    (sentence,) = said
    assert sentence.startswith("Do not rely on this alert.")


def test_a_fork_is_said_loudly_and_a_missing_receipt_calmly() -> None:
    assert "Tell your duty desk" in sentence_of(VerificationError(Failure.LEDGER_FORK))
    assert "try again" in sentence_of(VerificationError(Failure.RECEIPT_MISSING))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("a\x9bb\rc\nd", "a\ufffdb\ufffdc\ufffdd"),
        ("\u202egpj.exe", "\ufffdgpj.exe"),
        ("نورين الصفواري 司徒知澜", "نورين الصفواري 司徒知澜"),
    ],
)
def test_what_strangers_wrote_cannot_move_the_cursor(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_terminal_less_program_is_told_where_to_put_the_passphrase(tmp_path: Path) -> None:
    """Nobody is at the keyboard."""
    home = tmp_path / "home"
    environment = {**os.environ, "ACCORD_HOME": str(home), "PYTHONPATH": os.getcwd()}
    environment.pop("ACCORD_PASSPHRASE_FILE", None)
    command = [sys.executable, "-m", "accord", "keygen"]
    asked = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert asked.returncode == exits.KEYS
    assert "ACCORD_PASSPHRASE_FILE" in asked.stderr
    assert not home.exists()


DASHED = "-XdQoa0vf7FfkSJNnCDBKuKmaiMWWRUHNcaAhfSwTz0"


@pytest.mark.parametrize("verb", ["open", "submissions", "retract", "acknowledge", "confirm", "reaffirm"])
def test_a_digest_that_begins_with_a_dash_is_a_word(verb: str) -> None:
    more = {"retract": ["--code", "error"], "acknowledge": ["--as", "officer-1"]}.get(verb, [])
    parsed = vars(build_parser().parse_args([verb, DASHED, *more, "--json"]))
    assert DASHED in parsed.values()
    assert parsed["json"] is True


def test_a_kid_that_begins_with_a_dash_is_a_word_too() -> None:
    parsed = build_parser().parse_args(["keys", "revoke", DASHED, "--code", "lost", "--yes"])
    assert parsed.kid == DASHED


@pytest.mark.parametrize("word", [DASHED[:-1], DASHED + "A", "-x", "--unknown"])
def test_what_is_no_digest_and_begins_with_a_dash_is_an_option(word: str) -> None:
    with pytest.raises(client_errors.RequestError):
        build_parser().parse_args(["open", word])
