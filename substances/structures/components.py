# SPDX-License-Identifier: Apache-2.0
"""The organic components of a structure: the parts of a salt, a solvate or a mixture, each with its parent.

Readers refuse a structure of more than `limits.MAX_COMPONENTS`, so that this is bounded.
"""

from substances.structures.normalising import counter_ions, parent_of
from substances.structures.reading import Structure
from substances.structures.toolkit import parse_smiles


def organic_parts(structure: Structure) -> dict[str, str]:
    """Return components with carbon as drawn, each with its parent, largest first; empty where there is only one.

    The component of the structure's own parent is always among them.
    """
    drawn = list(dict.fromkeys(structure.components))
    if len(drawn) < 2:
        return {}
    organic = sorted((part for part in drawn if _has_carbon(part)), key=len, reverse=True)
    parents = {part: parent_of(part) for part in organic}
    return parents if structure.parent_smiles in parents.values() else {}


def is_counter_ion(parent: str) -> bool:
    """Tell whether a parent structure is a usual counter-ion or solvate, which no class rule judges."""
    return parent in counter_ions()


def _has_carbon(smiles: str) -> bool:
    molecule = parse_smiles(smiles)
    return molecule is not None and any(atom.GetAtomicNum() == 6 for atom in molecule.GetAtoms())
