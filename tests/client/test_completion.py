# SPDX-License-Identifier: Apache-2.0
"""Shell completion: real shells complete the parser's words and start no program for it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from accord.cli.arguments.parser import build_parser
from accord.cli.completing import write_completion
from accord.cli.verbs import VERBS
from accord.envelope.vocabulary import LANES, TLPS

SHELLS = ("bash", "zsh", "fish")


def complete_in_bash(folder: Path, *words: str) -> set[str]:
    """The completions that bash offers for the last of these words."""
    script = folder / "accord.bash"
    script.write_text(write_completion("bash"))
    line = " ".join(f"'{word}'" for word in words)
    program = (
        f"source {script}; COMP_WORDS=({line}); COMP_CWORD=$(({len(words)} - 1)); _accord;"
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", program], capture_output=True, text=True, cwd=folder, check=True, env={}
    )
    return set(done.stdout.split())


def test_bash_offers_the_verbs(tmp_path: Path) -> None:
    assert complete_in_bash(tmp_path, "accord", "") >= set(VERBS)
    assert complete_in_bash(tmp_path, "accord", "ret") == {"retract"}
    assert complete_in_bash(tmp_path, "accord", "--json", "wat") == {"watch"}


def test_bash_offers_options_and_closed_values(tmp_path: Path) -> None:
    assert {"--open", "--exec", "--once"} <= complete_in_bash(tmp_path, "accord", "watch", "--")
    assert complete_in_bash(tmp_path, "accord", "submit", "a.json", "--lane", "") == set(LANES)
    assert complete_in_bash(tmp_path, "accord", "submit", "--tlp", "AMB") == {
        tlp for tlp in TLPS if tlp.startswith("AMB")
    }
    assert complete_in_bash(tmp_path, "accord", "completion", "") >= set(SHELLS)


def test_bash_offers_files_where_nothing_is_closed(tmp_path: Path) -> None:
    (tmp_path / "alert.json").write_text("{}")
    assert complete_in_bash(tmp_path, "accord", "submit", "al") == {"alert.json"}


@pytest.mark.parametrize("shell", SHELLS)
def test_each_script_names_every_verb_and_is_sound(shell: str, tmp_path: Path) -> None:
    """The script of a shell that this machine lacks is not run."""
    script = write_completion(shell)
    assert all(verb in script for verb in VERBS)
    assert "--sealed" in script if shell != "fish" else "-l sealed" in script
    if shutil.which(shell) is not None:
        path = tmp_path / "script"
        path.write_text(script)
        subprocess.run([shell, "-n", str(path)], check=True)


def test_every_option_is_in_the_fish_script() -> None:
    script = write_completion("fish")
    (verbs,) = (item for item in build_parser()._actions if item.dest == "verb")
    assert verbs.choices is not None
    for name in verbs.choices:
        assert f"__fish_seen_subcommand_from {name}'" in script
