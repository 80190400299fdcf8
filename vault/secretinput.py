# SPDX-License-Identifier: Apache-2.0
"""Input of a passphrase or key for commands: from a file, from standard input, or typed without echo; never as an argument.

An argument is in the list of processes and in the shell's history.
"""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.views.decorators.debug import sensitive_variables

from callers.command_refusals import refusals_in_words
from vault.errors import (
    KekUnknownError,
    KekWrongError,
    LockedFileError,
    RamFolderError,
    RingMadeError,
    VaultClosedError,
    VaultError,
    WrongSecretError,
)
from vault.kek import LOCKED_FILE, OPENED_FILE

STDIN: Final = "-"


@sensitive_variables()
def read_secret(path: str, prompt: str, *, option: str) -> str:
    """The first line of a file, the next line of standard input for `-`, or what is typed at the prompt for ''.

    `option` is the command's own for a path. Raises CommandError.
    """
    if not path:
        try:
            return getpass.getpass(f"{prompt}: ")
        except EOFError:
            raise CommandError(
                f"Here is no terminal to type it at. Run this in one, or give {option} FILE, whose first line it is."
            ) from None
    try:
        text = sys.stdin.readline() if path == STDIN else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{option}: {path} cannot be read as text.") from None
    return text.partition("\n")[0]


_SENTENCES: Final = {
    WrongSecretError: "This is neither the passphrase nor the recovery key.",
    LockedFileError: f"The file that {LOCKED_FILE} names is no locked ring. Put it back from a backup.",
    RingMadeError: f"There is a locked ring already where {LOCKED_FILE} points; it is left as it is.",
    RamFolderError: f"{OPENED_FILE}: its folder is not on a RAM file system. Nothing was opened.",
    KekUnknownError: "The vault was wrapped under another ring. Nothing was changed.",
    KekWrongError: "The vault was wrapped under another ring. Nothing was changed.",
    VaultClosedError: f"The ring of this desk is not locked at rest: {LOCKED_FILE} is not set.",
}


@contextmanager
def lock_refusals_in_words() -> Iterator[None]:
    """Turn a refusal of the lock into one sentence and exit status 1."""
    try:
        with refusals_in_words():
            try:
                yield
            except VaultError as refused:
                sentence = _SENTENCES.get(type(refused))
                if sentence is None:
                    raise
                raise CommandError(sentence) from None
    except DatabaseError:
        raise CommandError("The database does not answer, and what is done here is recorded there.") from None
