# SPDX-License-Identifier: Apache-2.0
"""Well-formed structures and spectra in every supported notation, from which hostile ones are made."""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from substances.structures.toolkit import parse_smiles, rdkit

DATA: Final = Path(__file__).resolve().parents[2] / "substances" / "data"
_EXTREME: Final = (
    "C1CC2CC1C1C2C2CC1C1C2C2CC1C1CCC2C1", "C1CCCCCCCCCCCCCCCCCCCCCCC1",
    "C1C2CC3CC1CC(C2)C3", "C12C3C4C1C5C2C3C45", "[Na+].[Cl-]", "O=[N+]([O-])c1ccccc1", "[2H]C([2H])([2H])[13CH3]",
    "C[C@H]1[C@@H](F)[C@H](Cl)[C@@H](Br)[C@H](I)[C@@H]1O", "F/C=C/C=C\\C=C", "CC(C)(C)c1cc(C(C)(C)C)cc(C(C)(C)C)c1",
    "OCC(O)C(O)C(O)C(O)C=O.Cl", "C[N+](C)(C)CC(=O)[O-]", "[O-][Mn](=O)(=O)=O.[K+]", "N#CC(C#N)=C(C#N)C#N",
)  # fmt: skip

_NMR_BLOCK: Final = (
    "##TITLE=x\n##JCAMP-DX=5.00\n##DATA TYPE=NMR PEAK TABLE\n##.OBSERVE NUCLEUS=^1H\n##.OBSERVE FREQUENCY=400.1\n"
    "##.SOLVENT NAME=CDCL3\n##XUNITS=PPM\n##YUNITS=ARBITRARY UNITS\n##NPOINTS=4\n##PEAK TABLE=(XY..XY)\n"
    "7.26, 10; 3.71, 30; 2.95, 22; 1.12, 31\n##END=\n"
)
_NMR_SENTENCE: Final = "1H NMR (400 MHz, CDCl3) d 7.26 (d, J = 8.1 Hz, 2H), 6.84 (dd, J = 8.1, 2.2 Hz, 2H), 3.71 (s, 3H), 2.95-2.90 (m, 4H)"
_NMR_TABLE: Final = "nucleus: 1H\nsolvent: CDCl3\nfrequency: 400 MHz\nppm,multiplicity,J,integral\n7.26,d,8.1,2\n3.71,s,,3\n1.12,t,7.0,3\n"


@cache
def smiles() -> tuple[str, ...]:
    """Return the shipped reference set, and structures that are hard on a toolkit."""
    with (DATA / "substances-dev.csv").open(encoding="utf-8", newline="") as lines:
        return (*(row["smiles"] for row in csv.DictReader(lines)), *_EXTREME)


@cache
def inchis() -> tuple[str, ...]:
    """Return the InChIs of all these, where they exist."""
    made = (str(rdkit().inchi.MolToInchi(parse_smiles(text), "")[0]) for text in smiles())
    return tuple(inchi for inchi in made if inchi)


@cache
def blocks() -> tuple[str, ...]:
    """Return MOL blocks of both versions, and SDF records."""
    return tuple(block for text in smiles()[::3] for block in _blocks(text))


def _blocks(text: str) -> Iterable[str]:
    toolkit = rdkit()
    molecule = parse_smiles(text)
    toolkit.depict.Compute2DCoords(molecule)
    block = str(toolkit.Chem.MolToMolBlock(molecule))
    return block, str(toolkit.Chem.MolToV3KMolBlock(molecule)), f"{block}> <NAME>\nx\n\n$$$$\n"


@cache
def spectra() -> tuple[tuple[str, bytes], ...]:
    """Return file names and files of every format of spectra: the shipped records, written in each."""
    records = (DATA / "spectra-dev.msp").read_text(encoding="utf-8").strip().split("\n\n")[:12]
    return tuple(item for record in records for item in _written(record))


def _written(record: str) -> Iterable[tuple[str, bytes]]:
    peaks = [
        line.split()[:2] for line in record.splitlines() if line[:1].isdigit() and len(line.split()) >= 2
    ]
    pairs = "\n".join(" ".join(pair) for pair in peaks)
    points = "; ".join(f"{x}, {y}" for x, y in peaks)
    mgf = f"BEGIN IONS\nTITLE=x\nPEPMASS=337.2\nCHARGE=1+\n{pairs}\nEND IONS\n"
    ms_head = (
        "##TITLE=x\n##JCAMP-DX=4.24\n##DATA TYPE=MASS SPECTRUM\n##XUNITS=M/Z\n##YUNITS=RELATIVE ABUNDANCE"
    )
    table = f"##NPOINTS={len(peaks)}\n##PEAK TABLE=(XY..XY)\n{points}\n##END=\n"
    for name, text in (
        ("a.msp", f"{record}\n"), ("a.mgf", mgf), ("a.jdx", f"{ms_head}\n{table}"), ("b.jdx", _NMR_BLOCK),
        ("a.mzML", _mzml(peaks)), ("a.txt", f"m/z intensity\n{pairs}"), ("b.txt", _NMR_SENTENCE),
        ("a.csv", f"m/z,intensity\n{pairs}".replace(" ", ",")), ("b.csv", _NMR_TABLE),
    ):  # fmt: skip
        yield name, text.encode()


def _mzml(peaks: list[list[str]]) -> str:
    import base64
    import struct

    def array(values: list[str], accession: str) -> str:
        octets = base64.b64encode(struct.pack(f"<{len(values)}d", *map(float, values))).decode()
        return (
            f'<binaryDataArray encodedLength="{len(octets)}"><cvParam accession="MS:1000523"/>'
            f'<cvParam accession="MS:1000576"/><cvParam accession="{accession}"/><binary>{octets}</binary></binaryDataArray>'
        )

    xs, ys = [pair[0] for pair in peaks], [pair[1] for pair in peaks]
    return (
        '<?xml version="1.0"?><mzML xmlns="http://psi.hupo.org/ms/mzml"><run><spectrumList count="1">'
        f'<spectrum index="0" id="s" defaultArrayLength="{len(peaks)}"><cvParam accession="MS:1000127"/>'
        '<cvParam accession="MS:1000511" value="2"/><cvParam accession="MS:1000130"/><binaryDataArrayList count="2">'
        f"{array(xs, 'MS:1000514')}{array(ys, 'MS:1000515')}</binaryDataArrayList></spectrum></spectrumList></run></mzML>"
    )
