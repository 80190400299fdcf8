# SPDX-License-Identifier: Apache-2.0
"""The InChIKey of a standard InChI: a digest of its text, so no structure has to be drawn to compare the two.

After the algorithm that the IUPAC InChI Trust publishes: SHA-256 of the layers for formula, connections, hydrogen and
charge gives the first block, of all others the second; 14 bits make three letters, the last 9 bits two. Triplets
that begin with E, and TAA to TTV, are never used. The last letter counts the protons of layer /p from N.
"""

from hashlib import sha256
from typing import Final

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAIRS: Final = tuple(first + second for first in _LETTERS for second in _LETTERS)[:512]
_TRIPLETS: Final = tuple(
    triplet
    for triplet in (
        first + pair for first in _LETTERS for pair in (a + b for a in _LETTERS for b in _LETTERS)
    )
    if triplet[0] != "E" and not "TAA" <= triplet <= "TTV"
)
_MAJOR: Final = frozenset("chq")
_STANDARD: Final = "InChI=1S/"
_DOUBLED_BELOW: Final = 255
_PROTONS_AT_MOST: Final = 12


def inchikey_of(inchi: str) -> str | None:
    """Return 27 characters; None for an InChI that is not a standard one, or has a layer that those do not have."""
    formula, *layers = inchi.removeprefix(_STANDARD).split("/")
    if not inchi.startswith(_STANDARD) or any(layer[:1] in {"f", "r", ""} for layer in layers):
        return None
    first = next((n for n, layer in enumerate(layers) if layer[0] not in _MAJOR | {"p"}), len(layers))
    major = [formula, *(layer for layer in layers[:first] if layer[0] in _MAJOR)]
    minor = "".join(f"/{layer}" for layer in layers[first:])
    protons = next((layer[1:] for layer in layers[:first] if layer[0] == "p"), "0")
    doubled = minor * 2 if len(minor) < _DOUBLED_BELOW else minor
    return f"{_block('/'.join(major), 4)}-{_block(doubled, 2)}SA-{_proton_letter(protons)}"


def _block(text: str, triplets: int) -> str:
    bits = int.from_bytes(sha256(text.encode()).digest(), "little")
    letters = (_TRIPLETS[bits >> 14 * n & 0x3FFF] for n in range(triplets))
    return "".join(letters) + _PAIRS[bits >> 14 * triplets & 0x1FF]


def _proton_letter(protons: str) -> str:
    count = int(protons) if protons.lstrip("+-").isdecimal() else 0
    return chr(ord("N") + count) if abs(count) <= _PROTONS_AT_MOST else "A"
