# SPDX-License-Identifier: Apache-2.0
"""Ask a person for secrets and decisions: never on the command line, where other users can read them."""

from __future__ import annotations

import getpass
import os
import stat
import sys
from collections.abc import Mapping
from io import RawIOBase
from pathlib import Path
from typing import Final

from accord.calls.proxies import Proxy, require_proxy
from accord.client.errors import RequestError
from accord.keyerrors import KeyFileError, PassphraseError
from accord.passphrases import same_passphrase, wipe, wiped

PASSPHRASE_FILE: Final = "ACCORD_PASSPHRASE_FILE"  # noqa: S105 (where to look, not a secret)
ROOT_PASSPHRASE_FILE: Final = "ACCORD_ROOT_PASSPHRASE_FILE"  # noqa: S105
NEXT_ROOT_PASSPHRASE_FILE: Final = "ACCORD_NEXT_ROOT_PASSPHRASE_FILE"  # noqa: S105
NEW_PASSPHRASE_FILE: Final = "ACCORD_NEW_PASSPHRASE_FILE"  # noqa: S105
API_KEY: Final = "ACCORD_API_KEY"
API_KEY_FILE: Final = "ACCORD_API_KEY_FILE"
PROXY: Final = "ACCORD_PROXY"
PROXY_LOGIN_FILE: Final = "ACCORD_PROXY_LOGIN_FILE"

_MAX_SECRET_BYTES = 4096


def read_passphrase(
    file: str | None,
    environment: Mapping[str, str],
    *,
    variable: str = PASSPHRASE_FILE,
    option: str = "--passphrase-file",
    prompt: str = "Passphrase: ",
) -> bytearray:
    """Read a passphrase from a file (or /dev/fd/N), else ask for it; the caller wipes it. Raises KeyFileError."""
    named = file or environment.get(variable)
    if named:
        return read_secret_octets(Path(named))
    _require_terminal(f"No terminal to ask for the passphrase: set {variable} or {option}.")
    return bytearray(getpass.getpass(prompt).encode("utf-8", "surrogateescape"))


def choose_passphrase(
    file: str | None, environment: Mapping[str, str], *, variable: str = PASSPHRASE_FILE, new: bool = False
) -> bytearray:
    """Read a new passphrase, typed twice unless it comes from a file; the caller wipes it. Raises KeyFileError."""
    option = "--new-passphrase-file" if new else "--passphrase-file"
    prompt = "New passphrase: " if new else "Passphrase: "
    first = read_passphrase(file, environment, variable=variable, option=option, prompt=prompt)
    if file or environment.get(variable):
        return first
    with wiped(bytearray(getpass.getpass("The same again: ").encode("utf-8", "surrogateescape"))) as second:
        if not same_passphrase(first, second):
            wipe(first)
            raise PassphraseError("The two passphrases differ; nothing was written.")
    return first


def read_api_key(file: str | None, environment: Mapping[str, str]) -> str:
    """Read the API key from a file or the environment, else ask for it; raise KeyFileError."""
    named = file or environment.get(API_KEY_FILE)
    if named:
        return read_secret_file(Path(named))
    if environment.get(API_KEY):
        return environment[API_KEY].strip()
    _require_terminal(f"No terminal to ask for the API key: set {API_KEY_FILE} or --api-key-file.")
    return getpass.getpass("API key: ").strip()


def read_proxy(environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy to the hub, its login read from a file; raise ProxyAddressError, KeyFileError."""
    address, file = environment.get(PROXY, ""), environment.get(PROXY_LOGIN_FILE)
    if not address:
        return None
    return require_proxy(address, read_secret_file(Path(file)) if file else "")


def read_secret_file(path: Path) -> str:
    """Return the first line of a file that other users cannot read; raise KeyFileError."""
    with wiped(read_secret_octets(path)) as octets:
        return octets.decode("utf-8")


def read_secret_octets(path: Path) -> bytearray:
    """Return the octets of the first line of a text file that other users cannot read; raise KeyFileError."""
    with wiped(bytearray(_MAX_SECRET_BYTES)) as content:
        try:
            with path.open("rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_mode & stat.S_IROTH:
                    raise KeyFileError(f"Anyone on this machine can read {path}. Run: chmod 600 {path}")
                length = _fill(content, file)
        except OSError as exc:
            raise KeyFileError(f"{path} cannot be read: {exc.strerror}.") from exc
        ends = [place for place in (content.find(end, 0, length) for end in (b"\n", b"\r")) if place >= 0]
        line = content[: min([length, *ends])]
    if not line:
        raise KeyFileError(f"The first line of {path} is empty.")
    if not line.isascii():
        _require_text(line, path)
    return line


def _fill(content: bytearray, file: RawIOBase) -> int:
    """Read until the end, a line's end, or the buffer is full: a pipe may deliver in pieces."""
    length = 0
    with memoryview(content) as view:
        while length < len(view) and content.find(b"\n", 0, length) < 0:
            more = file.readinto(view[length:])
            if not more:
                break
            length += more
    return length


def _require_text(octets: bytearray, path: Path) -> None:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        raise KeyFileError(f"{path} is not text.") from None


def confirm(question: str, *, said_yes: bool, option: str = "--yes") -> None:
    """Ask before an act that cannot be undone; raise RequestError unless the answer is yes. `option` says so beforehand."""
    if said_yes:
        return
    if not sys.stdin.isatty():
        raise RequestError(f"{question}\nNo terminal to ask: say {option}.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise RequestError("Nothing was done.")


def agree(question: str) -> bool:
    """Ask whether to take this one; no is an answer. Raises RequestError where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise RequestError(f"{question}\nNo terminal to ask: say --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def confirm_by_typing(question: str, word: str, *, said_yes: bool) -> None:
    """Ask for a word that names what will end; raise RequestError unless it is typed."""
    if said_yes:
        return
    if not sys.stdin.isatty():
        raise RequestError(f"{question}\nNo terminal to ask: say --yes.")
    print(f"{question} Type {word}: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != word:
        raise RequestError("Nothing was done.")


def _require_terminal(sentence: str) -> None:
    if not sys.stdin.isatty():
        raise KeyFileError(sentence)
