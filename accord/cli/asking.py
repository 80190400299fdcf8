# SPDX-License-Identifier: Apache-2.0
"""Secrets and decisions from a person: never from the command line, where other users can read them."""

from __future__ import annotations

import getpass
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from accord.client.errors import RequestError
from accord.keyfile import KeyFileError, PassphraseError

PASSPHRASE_FILE: Final = "ACCORD_PASSPHRASE_FILE"  # noqa: S105 (where to look, not a secret)
API_KEY: Final = "ACCORD_API_KEY"
API_KEY_FILE: Final = "ACCORD_API_KEY_FILE"

_MAX_SECRET_BYTES = 4096


def read_passphrase(file: str | None, environment: Mapping[str, str]) -> str:
    """The passphrase from a file, else typed; raises KeyFileError."""
    named = file or environment.get(PASSPHRASE_FILE)
    if named:
        return read_secret_file(Path(named))
    _require_terminal(f"No terminal to ask for the passphrase: set {PASSPHRASE_FILE} or --passphrase-file.")
    return getpass.getpass("Passphrase: ")


def choose_passphrase(file: str | None, environment: Mapping[str, str]) -> str:
    """A new passphrase, typed twice unless it comes from a file; raises KeyFileError."""
    if file or environment.get(PASSPHRASE_FILE):
        return read_passphrase(file, environment)
    first = read_passphrase(None, environment)
    if first != getpass.getpass("The same again: "):
        raise PassphraseError("The two passphrases differ; nothing was written.")
    return first


def read_api_key(file: str | None, environment: Mapping[str, str]) -> str:
    """The API key from a file, the environment, else typed; raises KeyFileError."""
    named = file or environment.get(API_KEY_FILE)
    if named:
        return read_secret_file(Path(named))
    if environment.get(API_KEY):
        return environment[API_KEY].strip()
    _require_terminal(f"No terminal to ask for the API key: set {API_KEY_FILE} or --api-key-file.")
    return getpass.getpass("API key: ").strip()


def read_secret_file(path: Path) -> str:
    """The first line of a file that strangers cannot read; raises KeyFileError."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IROTH:
                raise KeyFileError(f"Anyone on this machine can read {path}. Run: chmod 600 {path}")
            content = file.read(_MAX_SECRET_BYTES)
        lines = content.decode("utf-8").splitlines()
    except OSError as exc:
        raise KeyFileError(f"{path} cannot be read: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise KeyFileError(f"{path} is not text.") from exc
    if not lines or not lines[0]:
        raise KeyFileError(f"The first line of {path} is empty.")
    return lines[0]


def confirm(question: str, *, said_yes: bool) -> None:
    """Ask before an act that cannot be undone; raises RequestError unless the answer is yes."""
    if said_yes:
        return
    if not sys.stdin.isatty():
        raise RequestError(f"{question}\nNo terminal to ask: say --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise RequestError("Nothing was done.")


def _require_terminal(sentence: str) -> None:
    if not sys.stdin.isatty():
        raise KeyFileError(sentence)
