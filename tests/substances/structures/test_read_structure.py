# SPDX-License-Identifier: Apache-2.0
"""Reading of a structure, and refusals: each fault has a code of its own, and a sentence."""

import re
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import rdDepictor

from substances.errors import InputRefusedError
from substances.sentences import STRUCTURE
from substances.structures import limits
from substances.structures.normalising import parent_of
from substances.structures.reading import NOTICES, read_structure

FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"


def _block(smiles: str, *, v3000: bool = False) -> str:
    molecule = Chem.MolFromSmiles(smiles)
    rdDepictor.Compute2DCoords(molecule)
    return str(Chem.MolToV3KMolBlock(molecule) if v3000 else Chem.MolToMolBlock(molecule))


def _racemate() -> str:
    """Return a V3000 block whose only stereocentre is that of a mixture."""
    return _block("C[C@H](N)O", v3000=True).replace(
        "M  V30 END CTAB",
        "M  V30 BEGIN COLLECTION\nM  V30 MDLV30/STERAC1 ATOMS=(1 2)\nM  V30 END COLLECTION\nM  V30 END CTAB",
    )


def test_the_facts_of_a_structure() -> None:
    read = read_structure(f"{FENTANYL}.Cl")
    assert (read.formula, read.mono_mass, read.avg_mass) == ("C22H29ClN2O", 372.19684, 372.94)
    assert (read.parent_smiles, read.parent_formula) == (FENTANYL, "C22H28N2O")
    assert (read.components, read.heavy_atoms, read.charge) == ((FENTANYL, "Cl"), 26, 0)
    assert (read.stereo, read.isotopes, read.form, read.notices) == ("none", False, "smiles", ())
    assert read.inchikey == "LHCBOXPPRUIAQT-UHFFFAOYSA-N"


@pytest.mark.parametrize(
    ("smiles", "stereo"),
    [
        ("CC(N)Cc1ccccc1", "undefined"),
        ("C[C@H](N)Cc1ccccc1", "defined"),
        ("CN[C@@H](C)C(O)c1ccccc1", "partly"),
        ("NCCc1ccccc1", "none"),
        ("C/C=C/C(=O)O", "defined"),
    ],
)
def test_stereo_is_told_as_far_as_it_is_drawn(smiles: str, stereo: str) -> None:
    assert read_structure(smiles).stereo == stereo


def test_the_mass_of_an_ion_is_without_its_electrons() -> None:
    assert read_structure("C[N+](C)(C)C").mono_mass == pytest.approx(74.096426, abs=1e-5)
    assert read_structure("C[N+](C)(C)C").charge == 1
    assert read_structure("CC(=O)[O-]").mono_mass == pytest.approx(59.013853, abs=1e-5)


def test_named_isotopes_count_with_their_own_mass() -> None:
    read = read_structure("[2H]C([2H])([2H])N")
    assert (read.isotopes, read.formula) == (True, "CH5N")
    assert read.mono_mass == pytest.approx(34.06103, abs=1e-5)
    assert read.parent_smiles == "CN"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (FENTANYL, "smiles"),
        (f"\ufeff  {FENTANYL}  \n", "smiles"),
        (f"{FENTANYL} fentanyl", "smiles"),
        (f"{FENTANYL}\tβ-name", "smiles"),
        (read_structure(FENTANYL).inchi, "inchi"),
        (f"{read_structure(FENTANYL).inchi}\nAuxInfo=1/0/N:1\nInChIKey=PJMPHNIQZUBGLI-UHFFFAOYSA-N", "inchi"),
        (_block(FENTANYL), "mol"),
        (_block(FENTANYL, v3000=True), "mol"),
        (_block(FENTANYL).lstrip("\n"), "mol"),
        (_block(FENTANYL).replace("\n", "\r\n"), "mol"),
        ("β-drawing\n" + _block(FENTANYL).split("\n", 1)[1], "mol"),
        (_block(FENTANYL) + "> <Größe>\n5 µm\n\n$$$$\n", "sdf"),
    ],
)
def test_the_notation_is_recognised(text: str, form: str) -> None:
    for asked in ("auto", form):
        read = read_structure(text, form=asked)
        assert (read.smiles, read.form) == (FENTANYL, form)


def test_the_readers_imidic_acid_is_told_and_turned_back() -> None:
    read = read_structure(read_structure("CC(=O)Nc1ccc(O)cc1").inchi)
    assert read.smiles == "CC(=O)Nc1ccc(O)cc1"
    assert read_structure("CC(O)=Nc1ccc(O)cc1").parent_smiles == read.smiles


@pytest.mark.parametrize(
    ("smiles", "parent"),
    [
        ("C[NH2+]C(Cc1ccccc1)C(=O)[O-]", "CNC(Cc1ccccc1)C(=O)O"),
        ("[Na]OC(=O)CCCO", "O=C(O)CCCO"),
        ("CC(N)Cc1ccccc1.OC(C(O)C(O)=O)C(O)=O", "CC(N)Cc1ccccc1"),
        ("CN(C)CC.CCCCCCCCCCCCCCCCCC(=O)O", "CCN(C)C"),
        ("CC(N)Cc1ccccc1.CC(N)Cc1ccccc1.OS(O)(=O)=O", "CC(N)Cc1ccccc1"),
        ("OC(=O)/C=C/C(O)=O", "O=C(O)C=CC(=O)O"),
        ("C[n+]1ccccc1.[Cl-]", "C[n+]1ccccc1"),
        ("CN(=O)=O", "C[N+](=O)[O-]"),
        ("C[N+](C)(C)[O-]", "C[N+](C)(C)[O-]"),
        ("CCC1(CC)C(O)=NC(=O)N=C1O", "CCC1(CC)C(=O)NC(=O)NC1=O"),
        ("O=C1CN=C(c2ccccc2)c2cc(Cl)ccc2N1", "O=C1CN=C(c2ccccc2)c2cc(Cl)ccc2N1"),
        ("Oc1nc2ccccc2n1C", "Cn1c(=O)[nH]c2ccccc21"),
        ("[O-][Mn](=O)(=O)=O.[K+]", "[O]=[Mn](=[O])(=[O])[O-]"),
        ("O", "O"),
    ],
)
def test_the_parent_is_the_neutral_main_component(smiles: str, parent: str) -> None:
    assert parent_of(smiles) == parent


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("CS(C)=O", "C[S+](C)[O-]"),
        ("CS(C)(=O)=O", "C[S+2](C)([O-])[O-]"),
        ("CP(C)(C)=O", "C[P+](C)(C)[O-]"),
        ("CN=[N+]=[N-]", "C[N-][N+]#N"),
        ("CN=[N+]=[N-]", "CN=N#N"),
        ("C[N+](C)(C)[O-]", "CN(C)(C)=O"),
        ("C1=CNC=N1.Cl", "c1c[nH+]c[nH]1.[Cl-]"),
        ("Oc1ccncc1", "[O-]c1cc[nH+]cc1"),
        ("NC(=[NH2+])N.[Cl-]", "NC(=N)N"),
        ("CC(N)=O", "CC(=[OH+])N.[Cl-]"),
        ("NC1=NCC(c2ccccc2)O1", "N=C1NCC(c2ccccc2)O1"),
        ("Cc1cccc(C)c1NC1=NCCCS1", "Cc1cccc(C)c1N=C1NCCCS1"),
        ("CC(c1cnc[nH]1)c1cccc(C)c1C", "CC(c1c[nH]cn1)c1cccc(C)c1C"),
        ("CC(=S)N", "CC(S)=N"),
        ("[O-][N+](=O)c1ccccc1", "O=N(=O)c1ccccc1"),
    ],
)
def test_two_ways_of_drawing_one_substance_have_one_parent(first: str, second: str) -> None:
    assert parent_of(read_structure(first).smiles) == parent_of(read_structure(second).smiles)


def test_a_compound_of_a_metal_keeps_its_key_though_its_inchi_takes_it_apart() -> None:
    drawn = read_structure("[K+].[O-][Mn](=O)(=O)=O")
    pasted = read_structure(drawn.inchi)
    assert pasted.inchikey == drawn.inchikey == "VZJVWSHVAAUDKD-UHFFFAOYSA-N"
    assert read_structure(pasted.smiles).inchikey == drawn.inchikey


@pytest.mark.parametrize("smiles", ["CC(N)Cc1ccccc1", "O=C(O)Cc1ccccc1", "OC(=O)CC(O)(CC(=O)O)C(=O)O"])
def test_a_usual_counter_ion_is_a_parent_only_where_it_stands_alone(smiles: str) -> None:
    with_citrate = parent_of(f"OC(=O)CC(O)(CC(=O)O)C(=O)O.{smiles}")
    assert with_citrate == parent_of(smiles)


@pytest.mark.parametrize(
    "acid",
    [
        "OC(=O)c1ccc2ccccc2c1O",
        "OS(=O)(=O)c1cccc2c1cccc2S(=O)(=O)O",
        "Cn1c2nc(Cl)[nH]c2c(=O)n(C)c1=O",
        "OC(=O)c1cc(ccc1O)S(=O)(=O)O",
        "OCC(O)C(OC1OC(CO)C(O)C(O)C1O)C(O)C(O)C(=O)O",
    ],
    ids=["xinafoate", "napadisilate", "teoclate", "sulfosalicylate", "lactobionate"],
)
def test_a_counter_ion_larger_than_its_base_is_no_parent(acid: str) -> None:
    assert parent_of(f"{acid}.CNC(C)C(=O)c1ccccc1") == parent_of("CNC(C)C(=O)c1ccccc1")


REFUSED = [
    ("", "empty"),
    (" \n ", "empty"),
    ("C" * 3_000, "too_long"),
    ("C\n" * 200_000, "too_long"),
    ("PK\x03\x04\x14\x00", "archive"),
    (_block("CC").replace("RDKit", "PK\x03\x04 "), "archive"),
    ("\x1f\x8b\x08\x00", "archive"),
    ("%PDF-1.7", "archive"),
    ("CC\x00C", "binary"),
    ("СС(N)Cc1ccccc1", "mixed_script"),
    ("CC\u200bC", "mixed_script"),
    (_block("CC").replace(" C ", " С "), "mixed_script"),
    ("C{C}", "not_a_smiles"),
    ("fentanyl", "a_name"),
    ("2-fluorofentanyl", "a_name"),
    ("Fentanyl hydrochloride", "a_name"),
    ("MDMA", "a_name"),
    ("α-PVP", "a_name"),
    ("InChIKey=PJMPHNIQZUBGLI-UHFFFAOYSA-N", "an_inchikey"),
    ("PJMPHNIQZUBGLI-UHFFFAOYSA-N", "an_inchikey"),
    ("437-38-7", "a_cas_number"),
    ("InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3 x\nInChI=1S/CH4/h1H4", "several_structures"),
    ("InChI=2/CH4", "not_an_inchi"),
    ("InChI=1S/C2H6O/c1-2-9", "inchi_formula_disagrees"),
    ("InChI=1B/C2H4Zz2/c3-1-2-4/h1-2H2/z100-1-2(4-2,3-1)", "polymer"),
    ("CC\nCCC", "several_structures"),
    (_block("CC") + "$$$$\n" + _block("CCC"), "several_structures"),
    ("CCO>>CC=O", "reaction"),
    ("CCO>[Pd]>CC=O", "reaction"),
    ("$RXN\n\n\n\n  1  1\n", "reaction"),
    ("[R1]CC", "r_group"),
    ("CC*", "wildcard"),
    ("[*:1]CC", "wildcard"),
    ("[#6]C", "query"),
    ("C~C", "query"),
    ("[C,N]C", "query"),
    ("CC[$(CC)]", "query"),
    ("CCC |$_R1;;$|", "smiles_extension"),
    (_block("*CC"), "r_group"),
    (_block("CC").replace(" C ", " Q "), "query"),
    (_block("CC").replace(" C ", " A "), "query"),
    (_block("CC").replace(" C ", " R#"), "r_group"),
    (_block("CC").replace("M  END", "M  RGP  1   1   1\nM  END"), "r_group"),
    (_block("CC").replace("M  END", "M  APO  1   1   1\nM  END"), "r_group"),
    (_block("CC").replace("M  END", "M  ALS   1  2 F C   N   \nM  END"), "query"),
    (_block("CC").replace("  1  2  1  0", "  1  2  8  0"), "query"),
    (_block("CC").replace("M  END", "M  STY  1   1 SRU\nM  END"), "polymer"),
    (_block("CC").replace("M  END", "M  STY  1   1 MIX\nM  END"), "mixture"),
    (_block("CC", v3000=True).replace("M  V30 1 C", "M  V30 1 [C,N]"), "query"),
    (_block("CC", v3000=True).replace("M  V30 1 C", "M  V30 1 R#"), "r_group"),
    (_block("CC").replace("M  END", ""), "cut_off"),
    ("\n\n\nM  END", "no_counts_line"),
    (_block("CC").replace("  2  1", "999999"), "unreadable"),
    (_block("CC").replace("  2  1", "  x  1"), "no_counts_line"),
    (_block("CC").replace("  2  1", " 99  1"), "unreadable"),
    ("\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n", "no_atoms"),
    ("C" * 301, "too_many_atoms"),
    ("[H]" + "C([H])([H])" * 280 + "[H]", "too_long"),
    ("C1CC1" * 61, "too_many_rings"),
    (".".join(["C"] * 13), "too_many_components"),
    ("CC(C)(C)(C)C", "impossible_valence"),
    ("O=O=O", "impossible_valence"),
    ("CF(C)C", "impossible_valence"),
    (_block("CC").replace("  1  2  1  0", "  1  2  4  0"), "impossible_aromatic"),
    ("c1cccc1", "impossible_aromatic"),
    ("n1cccc1", "impossible_aromatic"),
    ("C[99C]", "unknown_isotope"),
    ("[CH3]", "radical"),
    ("C[CH]C", "radical"),
    ("CN([O])C", "radical"),
    ("C1CC", "unreadable"),
    ("C[13CH999]", "impossible_valence"),
    ("InChI=1S/C2H6/c1-2/h1-2H3/i1D999,2+1", "not_an_inchi"),
    ("InChI=1S/C2H6/c1-2/h1-2H3/i1D3333333333", "not_an_inchi"),
    ("C(C", "unreadable"),
    ("[Xx]", "unreadable"),
]


@pytest.mark.parametrize(
    ("text", "code"), REFUSED, ids=[f"{code}-{place}" for place, (_, code) in enumerate(REFUSED)]
)
def test_what_is_no_definite_possible_structure_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        read_structure(text)
    assert (refused.value.field, refused.value.code) == ("structure", code)
    assert code in STRUCTURE


def test_the_refusal_says_where() -> None:
    with pytest.raises(InputRefusedError) as refused:
        read_structure("CC(C)(C)(C)C")
    assert refused.value.where == "atom 2"


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(InputRefusedError, match="unknown_form"):
        read_structure("CC", form="cdx")


def test_every_code_of_a_refusal_has_a_sentence() -> None:
    folder = Path(limits.__file__).parent
    raised = {
        code
        for name in ("notations", "soundness", "reading", "normalising")
        for code in re.findall(
            r'(?:_refused\(|"structure", )"([a-z_]+)"', (folder / f"{name}.py").read_text()
        )
    }
    assert len(raised) > 20
    assert raised - set(STRUCTURE) == set()


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("CCO ethanol", "name_ignored"),
        (_block("CCO") + "> <A>\nb\n\n$$$$\n", "properties_ignored"),
        ("InChI=1/C2H6O/c1-2-3/h3H,2H2,1H3", "non_standard_inchi"),
        ("InChI=1S/C2H6O/c1-3-2/h3H,2H2,1H3", "inchi_not_reproduced"),
        ("CC(N)Cc1ccccc1.CCC(=O)Nc1ccccc1", "several_organic_components"),
        ("C" * 101, "unusually_large"),
        ("C->[Pd]", "no_inchi"),
        (_racemate(), "relative_stereo"),
    ],
)
def test_what_a_chemist_should_know_is_noticed(text: str, notice: str) -> None:
    assert notice in read_structure(text).notices
    assert notice in NOTICES
