# SPDX-License-Identifier: Apache-2.0
"""Read a structure from SMILES, InChI, MOL or SDF, check it, and return its facts.

Nothing doubtful is guessed: a text that does not stand for one definite substance is refused with a code of its own. `notices`
are what a chemist should know of an input that was accepted all the same.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from substances.errors import InputRefusedError
from substances.structures import limits
from substances.structures.normalising import amide_form, parent_of
from substances.structures.notations import Form, Notation, recognise_notation
from substances.structures.soundness import parse_notation, refuse_unsound
from substances.structures.toolkit import parse_smiles, rdkit, sound

Stereo = Literal["none", "defined", "partly", "undefined"]

NOTICES: Final = (
    "name_ignored",  # a name stood behind the SMILES or InChI
    "properties_ignored",  # data items of an SDF record
    "non_standard_inchi",
    "amide_form_chosen",  # of the forms that an InChI leaves open
    "no_inchi",
    "inchi_not_reproduced",  # writing it again gives another InChI: its source made it in another way, or it was altered
    "several_organic_components",  # rules use the largest that is no usual counter-ion
    "relative_stereo",  # drawn as one form, but marked as relative or as a mixture, which SMILES cannot express
    "unusually_large",
)

_INCHI_OPTIONS: Final = "-W2"


@dataclass(frozen=True)
class Structure:
    """A substance's structure. `smiles` is canonical with stereo and isotopes; `formula` is Hill's, without charge.

    Masses are in Da; `mono_mass` is that of the most common isotopes (of the named ones where isotopes are named) and counts
    the electrons of a charge; `components` are the parts of a salt or solvate. Rules and comparisons use `parent_smiles`.
    """

    smiles: str
    inchi: str
    inchikey: str
    formula: str
    mono_mass: float
    avg_mass: float
    heavy_atoms: int
    charge: int
    components: tuple[str, ...]
    stereo: Stereo
    isotopes: bool
    form: Form
    parent_smiles: str
    parent_formula: str
    notices: tuple[str, ...] = ()


def read_structure(text: str, *, form: str = "auto") -> Structure:
    """Return the structure that `text` writes; `form` is auto, smiles, inchi, mol or sdf.

    Raises InputRefusedError("structure", code, where); `substances.sentences` has the codes and their remedies.
    """
    notation = recognise_notation(text, form)
    try:
        molecule = parse_notation(notation)
        refuse_unsound(molecule)
        return _facts(molecule, notation)
    except (RuntimeError, rdkit().Chem.MolSanitizeException):
        # The toolkit failed an internal check; its message repeats the input and is dropped.
        raise InputRefusedError("structure", "unreadable") from None


def _facts(molecule: Any, notation: Notation) -> Structure:
    toolkit = rdkit()
    plain = sound(toolkit.Chem.RemoveHs, molecule)
    if plain is None:
        raise InputRefusedError("structure", "impossible_valence")
    # An InChI does not say where a mobile hydrogen is; of the forms its reader may choose, chemists draw this one.
    whole = amide_form(plain) if notation.form == "inchi" else plain
    smiles = str(toolkit.Chem.MolToSmiles(whole))
    canonical = parse_smiles(smiles)
    if canonical is None:
        raise InputRefusedError("structure", "unreadable")
    inchi, inchikey = _identifiers(canonical)
    parent = parent_of(smiles)
    return Structure(
        smiles=smiles,
        inchi=inchi,
        inchikey=inchikey,
        formula=formula_of(canonical),
        mono_mass=round(toolkit.descriptors.CalcExactMolWt(canonical), 5),
        avg_mass=_average_mass(canonical),
        heavy_atoms=canonical.GetNumHeavyAtoms(),
        charge=toolkit.Chem.GetFormalCharge(canonical),
        components=tuple(smiles.split(".")),
        stereo=_stereo(canonical),
        isotopes=any(atom.GetIsotope() for atom in canonical.GetAtoms()),
        form=notation.form,
        parent_smiles=parent,
        parent_formula=formula_of(parse_smiles(parent)),
        notices=tuple(_notices(canonical, notation, inchi, other_form=whole is not plain, source=plain)),
    )


def formula_of(molecule: Any) -> str:
    """Return Hill's formula of all components together; deuterium and tritium count as hydrogen, a charge is not written."""
    return str(rdkit().descriptors.CalcMolFormula(molecule)).split("+")[0].split("-")[0]


def _average_mass(molecule: Any) -> float:
    """Return the mass by standard atomic weights; named isotopes have their own mass."""
    hydrogen = rdkit().Chem.GetPeriodicTable().GetAtomicWeight(1)
    mass: float = sum(atom.GetMass() + hydrogen * atom.GetTotalNumHs() for atom in molecule.GetAtoms())
    return round(mass, 4)


def _identifiers(molecule: Any) -> tuple[str, str]:
    """Return standard InChI and its key; both empty in the rare case that the InChI software finds none."""
    toolkit = rdkit()
    inchi, code = toolkit.inchi.MolToInchi(molecule, _INCHI_OPTIONS)[:2]
    if code not in {0, 1} or not inchi:
        return "", ""
    return str(inchi), str(toolkit.inchi.InchiToInchiKey(inchi))


def _stereo(molecule: Any) -> Stereo:
    toolkit = rdkit()
    elements = list(toolkit.Chem.FindPotentialStereo(molecule))
    if not elements:
        return "none"
    specified = sum(item.specified == toolkit.Chem.StereoSpecified.Specified for item in elements)
    if specified == len(elements):
        return "defined"
    return "partly" if specified else "undefined"


def _notices(molecule: Any, notation: Notation, inchi: str, *, other_form: bool, source: Any) -> list[str]:
    given = notation.text if notation.form == "inchi" else ""
    organic = [part for part in rdkit().Chem.GetMolFrags(molecule, asMols=True) if _is_organic(part)]
    found = {
        "amide_form_chosen": other_form,
        "no_inchi": not inchi,
        "inchi_not_reproduced": given.startswith("InChI=1S/") and given != inchi,
        "several_organic_components": len({_skeleton(part) for part in organic}) > 1,
        "relative_stereo": _has_relative_stereo(source),
        "unusually_large": molecule.GetNumHeavyAtoms() > limits.MAX_ATOMS // 3,
    }
    return [*notation.notices, *(notice for notice, holds in found.items() if holds)]


def _has_relative_stereo(molecule: Any) -> bool:
    kinds = rdkit().Chem.StereoGroupType
    return any(group.GetGroupType() != kinds.STEREO_ABSOLUTE for group in molecule.GetStereoGroups())


def _is_organic(part: Any) -> bool:
    return any(atom.GetAtomicNum() == 6 for atom in part.GetAtoms())


def _skeleton(part: Any) -> str:
    return str(rdkit().Chem.MolToSmiles(part, isomericSmiles=False))
