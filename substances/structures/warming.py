# SPDX-License-Identifier: Apache-2.0
"""One-time preparation of a process before it locks itself in: everything that loads a file on its first use."""

from substances.structures.drawing import lay_out
from substances.structures.fingerprints import fingerprints_of
from substances.structures.identifiers import compare_identifiers
from substances.structures.reading import read_structure
from substances.structures.scaffolds import common_scaffold
from substances.structures.shapes import Mark

_INCHI = "InChI=1S/C2H5NO/c1-2(3)4/h1H3,(H2,3,4)"
_MOL = "\n\n\n  2  1  0  0  0  0  0  0  0  0999 V2000\n" + "".join(
    f"{x:10.4f}    0.0000    0.0000 C   0  0\n" for x in (0.0, 1.5)
) + "  1  2  1  0\nM  END\n"  # fmt: skip


def warm() -> None:
    """Use every part of the toolkit once."""
    for text in (_INCHI, _MOL, "C[C@H](N)Cc1ccccc1.Cl"):
        structure = read_structure(text)
    compare_identifiers(structure, name="amphetamine", cas="103-79-7")
    lay_out(structure.smiles, (Mark((0, 1), "core", "a"),))
    fingerprints_of(structure.smiles)
    common_scaffold(structure.parent_smiles, "CC(N)Cc1ccc(O)cc1")
