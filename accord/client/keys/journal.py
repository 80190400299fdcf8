# SPDX-License-Identifier: Apache-2.0
"""The journal: a change of keys that is signed, and not yet proved to be in the ledger.

It is written before the first octet goes to the hub and removed once the receipt was verified, or the hub's refusal is final.
After a crash the same octets are sent again, so that no version is published twice. It holds a statement that the root signed,
hence nothing secret; its content is verified like any other before it is sent (`accord.client.keys.publishing`).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from accord.document.places import reason_of
from accord.envelope.encoding import MAX_STATEMENT_BYTES, canonical, integer, members, parse_object, text
from accord.envelope.errors import EnvelopeError
from accord.envelope.statements.form import Statement, parse_statement
from accord.keyerrors import KeyFileDamagedError, KeyFileError
from accord.privatefiles import FileAbsentError, PrivateFileError, read_private, write_private

VERSION: Final = 1

_MEMBERS = frozenset({"jws", "kind", "v"})


@dataclass(frozen=True)
class SignedChange:
    """A keyset or a `revoke` as the root signed it; `kind` names the request in the command's words."""

    kind: str
    jws: bytes

    @property
    def statement(self) -> Statement:
        """The statement; raises MalformedError or VerificationError."""
        return parse_statement(self.jws).statement


class Journal:
    """One file; hold the home's lock on its keys while using it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> SignedChange | None:
        """Return the unfinished change, or None; raise KeyFileError."""
        try:
            content = read_private(self.path)
        except FileAbsentError:
            return None
        except PrivateFileError as exc:
            raise KeyFileError(str(exc)) from exc
        try:
            value = members(parse_object(content, limit=2 * MAX_STATEMENT_BYTES), _MEMBERS, "key change")
            integer(value["v"], "version", least=VERSION, most=VERSION)
            change = SignedChange(text(value["kind"], "kind"), text(value["jws"], "jws").encode())
            parse_statement(change.jws)
        except EnvelopeError as exc:
            raise KeyFileDamagedError(
                f"{self.path}, a change of keys under way, is damaged ({reason_of(content, exc)}). Remove this file and "
                "look at: accord keys"
            ) from None
        return change

    def write(self, change: SignedChange) -> None:
        """Store a change until `drop`; raise KeyFileError, and then nothing was sent."""
        try:
            write_private(
                self.path, canonical({"jws": change.jws.decode(), "kind": change.kind, "v": VERSION})
            )
        except PrivateFileError as exc:
            raise KeyFileError(f"Nothing was sent: it cannot be kept on this disk first. {exc}") from exc

    def drop(self) -> None:
        """Remove the finished change; harmless when there is none."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
