# SPDX-License-Identifier: Apache-2.0
"""Likeness of structures: two fingerprints of different kinds, and similarity to very many at once.

`a` holds circular surroundings of atoms (Morgan, radius 2), `b` paths and branches of up to seven bonds (RDKit's own, one bit
each). Similarity is Tanimoto's: bits in common divided by bits in either. Packed rows hold 256 octets each; one against 100,000
takes some 20 ms on one processor.
"""

from functools import cache
from typing import Any, Final

import numpy as np

from substances.errors import InputRefusedError
from substances.structures.likeness import FINGERPRINT_BITS, FINGERPRINT_BYTES, Fingerprints
from substances.structures.toolkit import parse_smiles, rdkit

Packed = np.ndarray[Any, np.dtype[np.uint64]]
Scores = np.ndarray[Any, np.dtype[np.float32]]

# Rows that stay in the processor's cache between the counts.
_BLOCK: Final = 2048


def fingerprints_of(smiles: str) -> Fingerprints:
    """Return the fingerprints of a parent's SMILES; raise InputRefusedError("structure", "unreadable")."""
    molecule = parse_smiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        raise InputRefusedError("structure", "unreadable")
    return prints_of(molecule)


def prints_of(molecule: Any) -> Fingerprints:
    """Return the fingerprints of a molecule of the toolkit."""
    circular, paths = _makers()
    return Fingerprints(_octets(circular, molecule), _octets(paths, molecule))


def pack(rows: list[bytes]) -> Packed:
    """Pack fingerprints of one kind, one a row, for `similarities`; raise InputRefusedError("fingerprint", "wrong_length")."""
    if any(len(row) != FINGERPRINT_BYTES for row in rows):
        raise InputRefusedError("fingerprint", "wrong_length")
    return np.frombuffer(b"".join(rows), dtype=np.uint64).reshape(len(rows), FINGERPRINT_BYTES // 8)


def similarities(query: Fingerprints, packed_a: Packed, packed_b: Packed) -> Scores:
    """Return the mean of both Tanimoto similarities, 0 to 1, for each row."""
    return (tanimoto(query.a, packed_a) + tanimoto(query.b, packed_b)) / np.float32(2)


def tanimoto(query: bytes, packed: Packed) -> Scores:
    """Return the similarity of one fingerprint to each row, 0 to 1; two empty ones have similarity 0."""
    asked = pack([query])[0]
    scores = np.empty(len(packed), dtype=np.float32)
    for start in range(0, len(packed), _BLOCK):
        rows = packed[start : start + _BLOCK]
        scores[start : start + _BLOCK] = _bits(rows & asked) / np.maximum(_bits(rows | asked), 1)
    return scores


def _bits(rows: Packed) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Count the bits set in each row, 2048 at most; einsum adds up short rows three times as fast as sum does."""
    return np.asarray(np.einsum("ij->i", np.bitwise_count(rows), dtype=np.uint16))


def _octets(maker: Any, molecule: Any) -> bytes:
    return np.packbits(maker.GetFingerprintAsNumPy(molecule), bitorder="little").tobytes()


@cache
def _makers() -> tuple[Any, Any]:
    toolkit = rdkit()
    return (
        toolkit.fingerprints.GetMorganGenerator(radius=2, fpSize=FINGERPRINT_BITS),
        toolkit.fingerprints.GetRDKitFPGenerator(maxPath=7, fpSize=FINGERPRINT_BITS, numBitsPerFeature=1),
    )
