# SPDX-License-Identifier: Apache-2.0
"""The one place that loads RDKit: on first use, and silent, so that none of its messages repeats an input.

No module of the desk or of a worker loads it at import; in those processes it runs only behind `substances.sandbox.sandboxed`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Toolkit:
    """RDKit's modules under their own names; they carry no types."""

    Chem: Any
    depict: Any
    descriptors: Any
    drawing: Any
    fingerprints: Any
    inchi: Any
    mcs: Any
    standardize: Any


@cache
def rdkit() -> Toolkit:
    """Return the loaded toolkit. Its log is cut off for the whole process, since log lines repeat the input."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDepictor, rdFingerprintGenerator, rdFMCS, rdinchi, rdMolDescriptors
    from rdkit.Chem.Draw import rdMolDraw2D
    from rdkit.Chem.MolStandardize import rdMolStandardize

    rdBase.DisableLog("rdApp.*")
    return Toolkit(
        Chem=Chem,
        depict=rdDepictor,
        descriptors=rdMolDescriptors,
        drawing=rdMolDraw2D,
        fingerprints=rdFingerprintGenerator,
        inchi=rdinchi,
        mcs=rdFMCS,
        standardize=rdMolStandardize,
    )


def parse_smiles(smiles: str) -> Any:
    """Parse a SMILES that this project wrote; atoms stand in the order of the text. None for any other text."""
    toolkit = rdkit()
    options = toolkit.Chem.SmilesParserParams()
    options.allowCXSMILES = False
    options.parseName = False
    return toolkit.Chem.MolFromSmiles(smiles, options)


def sound(change: Callable[..., Any], *args: Any) -> Any:
    """Return the result of a change by the toolkit, or None where the toolkit finds it impossible."""
    try:
        return change(*args)
    except rdkit().Chem.MolSanitizeException:
        return None
