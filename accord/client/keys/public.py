# SPDX-License-Identifier: Apache-2.0
"""The public half of a root, as it travels from the machine that keeps the root to the one that works.

A JSON text `{kind, nroot, root, v}`: the two public keys and the fingerprint of the next root ("" where there is none yet). It
is no secret; the receiver compares the fingerprint with the one on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from accord.client.errors import RequestError
from accord.client.outgoing import read_file
from accord.document.places import reason_of
from accord.envelope.encoding import canonical, integer, members, one_of, parse_object, text
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
    """Write the public half; raise KeyFileTakenError, KeyFileError."""
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
    """Read what `write_public_root` wrote; raise RequestError."""
    content = read_file(path, limit=MAX_PUBLIC_ROOT_BYTES)
    try:
        return _read(content)
    except EnvelopeError as exc:
        raise RequestError(
            f"{path} is not the public half of a root ({reason_of(content, exc)}): name the .public.json file that "
            "accord keygen --root wrote, or bring it over once more."
        ) from exc


def _read(content: bytes) -> PublicRoot:
    value = members(parse_object(content, limit=MAX_PUBLIC_ROOT_BYTES), _MEMBERS, "public root")
    integer(value["v"], "v", least=VERSION, most=VERSION)
    one_of(value["kind"], (_KIND,), "kind")
    next_root = text(value["nroot"], "nroot")
    jwks = value["root"]
    if not isinstance(jwks, list) or len(jwks) != 2 or not all(isinstance(jwk, dict) for jwk in jwks):
        raise MalformedError("root: two public keys")
    try:
        classical, lattice = (PublicKey.from_jwk(jwk, SIGN) for jwk in jwks)
        root_fingerprint((classical, lattice))
    except EnvelopeError as exc:
        raise MalformedError(f"root: {exc}") from exc
    return PublicRoot((classical, lattice), next_root)
