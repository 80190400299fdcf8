# SPDX-License-Identifier: Apache-2.0
"""The verb for shell completion: `completion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accord.cli.arguments.options import verb

if TYPE_CHECKING:
    from accord.cli.arguments.options import Verbs

SHELLS = ("bash", "zsh", "fish")


def add_verbs(verbs: Verbs) -> None:
    """Add the verbs of this group."""
    parser = verb(
        verbs,
        "completion",
        "print what makes a shell complete accord's verbs and options",
        "bash: source <(accord completion bash)     zsh: the same with zsh, after compinit\n"
        "fish: accord completion fish > ~/.config/fish/completions/accord.fish",
    )
    parser.add_argument("shell", choices=SHELLS)
