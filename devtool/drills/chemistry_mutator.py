# SPDX-License-Identifier: Apache-2.0
"""Mutations of well-formed texts that a reader of chemistry must withstand.

Texts are cut, doubled, crossed, inflated, and salted with characters that mean something to it. Seeded: the same number gives
the same text.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

from substances.structures.toolkit import parse_smiles, rdkit

MAX_MADE_CHARS: Final = 300_000

_SIGNS: Final = (
    "[", "]", "(", ")", "*", ">>", "%", "%99", "@", "@@", "/", "\\", ".", "#", "$", "~", "[#6]", "[R1]", "[*:1]", "[nH]", "c",
    "[C@@H]", "[999C]", "[Og]", "[C+9]", "[H]", "->", "|$_R1$|", "1", "0", "-1", "1e999", "nan", "inf", "-0.0", "99999999999",
    "\x00", "\ufeff", "\u0421", "\u202e", "PK\x03\x04", "M  END", "M  CHG  1   1  15", "M  ISO  1   1 999", "M  RGP", "V3000",
    "M  V30 COUNTS 9 9 0 0 0", "$$$$", "InChI=1S/", "/p+1", "/q+1", "/t1-", "/i1+9", "/f/h", "##END=", "##NPOINTS=10000000",
    "##XYDATA=(X++(Y..Y))", "##PEAK TABLE=(XY..XY)", "BEGIN IONS", "Num Peaks: 9999999", "<!ENTITY x 'y'>", "&x;", "\n", "\t",
)  # fmt: skip


def mutated(seeds: Sequence[str], number: int) -> str:
    """Return one hostile text made from the seeds."""
    random_ = random.Random(number)  # noqa: S311 -- to be repeated, not to be secret
    text = random_.choice(seeds)
    for _ in range(random_.choice((1, 1, 1, 2, 3, 6))):
        text = random_.choice(_CHANGES)(text, random_, seeds)[:MAX_MADE_CHARS]
    return text


def regrown(seeds: Sequence[str], number: int) -> str:
    """Return one structure of the seeds with changed atoms and bonds, as SMILES: most are possible, all are odd."""
    random_ = random.Random(number)  # noqa: S311 -- as above
    toolkit = rdkit()
    molecule = toolkit.Chem.RWMol(parse_smiles(random_.choice(seeds)))
    toolkit.Chem.Kekulize(molecule, clearAromaticFlags=True)
    for _ in range(random_.choice((1, 2, 3, 8, 30))):
        random_.choice(_EDITS)(molecule, random_)
    for atom in molecule.GetAtoms():
        atom.SetNoImplicit(random_.random() < 0.02)
    return str(toolkit.Chem.MolToSmiles(molecule, canonical=False))


def _other_element(molecule: Any, random_: random.Random) -> None:
    atom = molecule.GetAtomWithIdx(random_.randrange(molecule.GetNumAtoms()))
    atom.SetAtomicNum(random_.choice((1, 5, 6, 6, 7, 7, 8, 8, 9, 14, 15, 16, 17, 34, 35, 53, 11, 30, 46)))
    atom.SetFormalCharge(random_.choice((0, 0, 0, 0, 1, -1)))
    atom.SetIsotope(random_.choice((0, 0, 0, 2, 13)))


def _more_atoms(molecule: Any, random_: random.Random) -> None:
    place = random_.randrange(molecule.GetNumAtoms())
    for _ in range(random_.choice((1, 2, 12))):
        added = molecule.AddAtom(rdkit().Chem.Atom(random_.choice((6, 6, 6, 7, 8))))
        molecule.AddBond(place, added, rdkit().Chem.BondType.SINGLE)
        place = random_.choice((place, added))


def _ring(molecule: Any, random_: random.Random) -> None:
    first, second = (random_.randrange(molecule.GetNumAtoms()) for _ in "ab")
    if first != second and molecule.GetBondBetweenAtoms(first, second) is None:
        molecule.AddBond(first, second, rdkit().Chem.BondType.SINGLE)


def _other_bond(molecule: Any, random_: random.Random) -> None:
    if molecule.GetNumBonds():
        bond = molecule.GetBondWithIdx(random_.randrange(molecule.GetNumBonds()))
        kinds = rdkit().Chem.BondType
        bond.SetBondType(random_.choice((kinds.SINGLE, kinds.DOUBLE, kinds.TRIPLE)))


def _no_bond(molecule: Any, random_: random.Random) -> None:
    if molecule.GetNumBonds():
        bond = molecule.GetBondWithIdx(random_.randrange(molecule.GetNumBonds()))
        molecule.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())


def _slice(text: str, random_: random.Random) -> tuple[int, int]:
    start = random_.randrange(len(text) + 1)
    return start, min(len(text), start + random_.choice((1, 1, 2, 5, 20, 200)))


def _cut(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    start, end = _slice(text, random_)
    return text[:start] + text[end:]


def _end_early(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    return text[: random_.randrange(len(text) + 1)]


def _double(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    start, end = _slice(text, random_)
    return text[:end] + text[start:]


def _blow_up(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    start, end = _slice(text, random_)
    times = random_.choice((10, 50, 200, 5000))
    return text[:start] + text[start:end] * times + text[end:]


def _cross(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    other = random_.choice(seeds)
    return text[: random_.randrange(len(text) + 1)] + other[random_.randrange(len(other) + 1) :]


def _salt(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    start, end = _slice(text, random_)
    return text[:start] + random_.choice(_SIGNS) + text[random_.choice((start, end)) :]


def _swap(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    """Put another character of the same text in one position."""
    if not text:
        return text
    place = random_.randrange(len(text))
    return text[:place] + random_.choice(text) + text[place + 1 :]


def _any_sign(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    place = random_.randrange(len(text) + 1)
    return (
        text[:place]
        + chr(random_.choice((random_.randrange(32, 127), random_.randrange(0x300))))
        + text[place + 1 :]
    )


def _number(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    """Replace one digit by another number."""
    digits = [place for place, sign in enumerate(text) if sign.isdigit()]
    if not digits:
        return text
    place = random_.choice(digits)
    return text[:place] + random_.choice(("0", "9", "-1", "999", "1e308", "")) + text[place + 1 :]


def _nest(text: str, random_: random.Random, seeds: Sequence[str]) -> str:
    depth = random_.choice((3, 100, 1500))
    opened, closed = random_.choice((("C(", ")"), ("(", ")"), ("[", "]"), ("<a>", "</a>"), ("N1", "1")))
    return opened * depth + text + closed * random_.choice((depth, depth - 1))


Change = Callable[[str, random.Random, Sequence[str]], str]
_CHANGES: Final[tuple[Change, ...]] = (
    _cut, _end_early, _double, _blow_up, _cross, _salt, _salt, _swap, _swap, _any_sign, _number, _number, _nest,
)  # fmt: skip
_EDITS: Final = (_other_element, _more_atoms, _ring, _other_bond, _no_bond)
