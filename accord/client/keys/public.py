# SPDX-License-Identifier: Apache-2.0
"""The public half of a root, as it travels from the machine that keeps the root to the one that works.

A JSON text `{kind, nroot, root, v}`: the two public keys and the fingerprint of the next root ("" where there is
none yet). It is no secret; whoever receives it compares the fingerprint with the one on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from accord.client.errors import RequestError
from accord.client.outgoing import read_file
from accord.envelope.encoding import canonical, integer, members, parse_object, text
from accord.envelope.errors import EnvelopeError, MalformedError
from accord.envelope.keys import SIGN, PublicKey, root_fingerprint
from accord.keyerrors import KeyFileError, KeyFileTakenError
from accord.privatefiles import FileTakenError, PrivateFileError, write_private

VERSION: Final = 1
MAX_PUBLIC_ROOT_BYTES: Final = 16 * 1024

_KIND = "accord-root"
_MEMBERS = frozenset({"kind", "nroot", "root", "v"})


@dataclass(frozen=True)
class PublicRoot:
    """The public keys of a root, Ed25519 then ML-DSA-65, and its successor's fingerprint or ""."""

    keys: tuple[PublicKey, PublicKey]
    next_root: str

    @property
    def fingerprint(self) -> str:
        """64 hex digits."""
        return root_fingerprint(self.keys)


def write_public_root(path: Path, root: PublicRoot) -> None:
    """Write the public half; raises KeyFileTakenError, KeyFileError."""
    content = canonical(
        {"kind": _KIND, "nroot": root.next_root, "root": [key.jwk for key in root.keys], "v": VERSION}
    )
    try:
        write_private(path, content + b"\n", overwrite=False)
    except FileTakenError as exc:
        raise KeyFileTakenError(f"{path} stands already; it is not overwritten.") from exc
    except PrivateFileError as exc:
        raise KeyFileError(str(exc)) from exc


def read_public_root(path: Path) -> PublicRoot:
    """Read what `write_public_root` wrote; raises RequestError."""
    try:
        value = parse_object(read_file(path, limit=MAX_PUBLIC_ROOT_BYTES), limit=MAX_PUBLIC_ROOT_BYTES)
        members(value, _MEMBERS, "public root")
        integer(value["v"], "version", least=VERSION, most=VERSION)
        if value["kind"] != _KIND:
            raise MalformedError("kind")
        classical, lattice = (PublicKey.from_jwk(jwk, SIGN) for jwk in value["root"])
        root_fingerprint((classical, lattice))
        return PublicRoot((classical, lattice), text(value["nroot"], "next root"))
    except (EnvelopeError, ValueError, TypeError) as exc:
        raise RequestError(
            f"{path} is not the public half of a root: name the .public.json file that accord keygen --root wrote."
        ) from exc
