# SPDX-License-Identifier: Apache-2.0
"""Samples of every format that is read, one small valid file each, and ways to spoil them by a seeded random source.

`mutated` serves drills as well: any number of files, the same for the same seed.
"""

import base64
import random
import struct
import zlib
from collections.abc import Sequence
from typing import Final

MSP: Final = """NAME: sample one
PRECURSORMZ: 304.1543
PRECURSORTYPE: [M+H]+
IONMODE: Positive
FORMULA: C17H21NO4
INCHIKEY: ZPUCINDJVBIVPJ-LJISPDSOSA-N
INSTRUMENTTYPE: LC-ESI-QTOF
COLLISIONENERGY: 30 eV
LICENSE: CC BY
AUTHORS: A. Chemist, Invented Laboratory
COPYRIGHT: Copyright (C) 2024 Invented Laboratory
ACCESSION: INV-0001
Num Peaks: 4
82.0651 300
105.0335 120
150.0913 80
182.1176 999

Name: sample two
PrecursorMZ: 150.1277
Num Peaks: 3
65.0386 12; 91.0542 999; 119.0855 210
"""

MGF: Final = """# written by hand
BEGIN IONS
TITLE=sample one
PEPMASS=304.1543 1000
CHARGE=1+
IONMODE=Positive
FORMULA=C17H21NO4
82.0651 300
105.0335 120
182.1176 999 1+
END IONS

BEGIN IONS
NAME=sample two
PEPMASS=150.1277
ADDUCT=M+H
91.0542\t999
119.0855\t210
END IONS
"""

JCAMP_MS: Final = """##TITLE= sample
##JCAMP-DX= 4.24
##DATA TYPE= MASS SPECTRUM
##ORIGIN= Invented Laboratory
##OWNER= A. Chemist
##.INLET= GC
##.IONIZATION MODE= EI+
##MOLFORM= C9 H13 N
##XUNITS= M/Z
##YUNITS= RELATIVE ABUNDANCE
##NPOINTS= 4
##PEAK TABLE= (XY..XY)
44,999 65,80
91,190; 120,20
##END=
"""

JCAMP_NMR: Final = """##TITLE= sample
##JCAMP-DX= 5.01 $$ a remark
##DATA TYPE= NMR SPECTRUM
##ORIGIN= Invented Laboratory
##OWNER= A. Chemist
##.OBSERVE FREQUENCY= 400.0
##.OBSERVE NUCLEUS= ^1H
##.SOLVENT NAME= CDCl3
##XUNITS= HZ
##YUNITS= ARBITRARY UNITS
##FIRSTX= 3600
##LASTX= 0
##NPOINTS= 10
##XFACTOR= 1
##YFACTOR= 0.5
##XYDATA= (X++(Y..Y))
3600A0J0TK0
2400E0j0%SA00
800A00j0%
##END=
"""

JCAMP_SHIFTS: Final = """##TITLE= sample
##DATA TYPE= NMR PEAK TABLE
##.OBSERVE FREQUENCY= 100.6
##.OBSERVE NUCLEUS= ^13C
##.SOLVENT NAME= DMSO-D6
##XUNITS= PPM
##NPOINTS= 3
##PEAK TABLE= (XY..XY)
170.1,10
128.5,22
50.2,8
##END=
"""

SHIFTS: Final = """nucleus: 1H
solvent: chloroform-d
frequency: 400 MHz
ppm,multiplicity,J,integral
7.26,d,8.1,2
3.71,s,,3
2.51,dd,8.1 2.0,1
"""

SENTENCE: Final = (
    "1H NMR (400 MHz, CDCl3) \u03b4 7.40\u20137.32 (m, 5H), 7.26 (d, J = 8.1 Hz, 2H), 3.71 (s, 3H), "
    "2.51 (dd, J = 8.1, 2.0 Hz, 1H), 1.20 (br s, 1H).\n"
)

PEAKS: Final = "precursor: 150.1277\nm/z,intensity\n65.0386,12\n91.0542,999\n119.0855,210\n"


def packed(values: Sequence[float], code: str = "d", *, is_squeezed: bool = True) -> str:
    """Return numbers packed as in mzML."""
    octets = struct.pack(f"<{len(values)}{code}", *values)
    return base64.b64encode(zlib.compress(octets) if is_squeezed else octets).decode()


def mzml(mz: str, intensity: str, *, length: int = 3, extra: str = "") -> str:
    """Return an mzML document with one spectrum of packed arrays."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1.0">
<referenceableParamGroupList count="1"><referenceableParamGroup id="common">
<cvParam accession="MS:1000127" name="centroid spectrum"/><cvParam accession="MS:1000130" name="positive scan"/>
</referenceableParamGroup></referenceableParamGroupList>
<instrumentConfigurationList count="1"><instrumentConfiguration id="i"><cvParam accession="MS:1000000" name="Invented analyser"/>
</instrumentConfiguration></instrumentConfigurationList>
<run id="r"><spectrumList count="1"><spectrum index="0" id="s" defaultArrayLength="{length}">
<referenceableParamGroupRef ref="common"/><cvParam accession="MS:1000511" name="ms level" value="2"/>{extra}
<precursorList count="1"><precursor><selectedIonList count="1"><selectedIon>
<cvParam accession="MS:1000744" name="selected ion m/z" value="150.1277"/></selectedIon></selectedIonList>
<activation><cvParam accession="MS:1000045" name="collision energy" value="30"/></activation></precursor></precursorList>
<binaryDataArrayList count="2">
<binaryDataArray><cvParam accession="MS:1000523"/><cvParam accession="MS:1000574"/><cvParam accession="MS:1000514"/>
<binary>{mz}</binary></binaryDataArray>
<binaryDataArray><cvParam accession="MS:1000521"/><cvParam accession="MS:1000576"/><cvParam accession="MS:1000515"/>
<binary>{intensity}</binary></binaryDataArray>
</binaryDataArrayList></spectrum></spectrumList></run></mzML>
"""


MZML: Final = mzml(packed((65.0386, 91.0542, 119.0855)), packed((12.0, 999.0, 210.0), "f", is_squeezed=False))

FILES: Final[dict[str, str]] = {
    "library.msp": MSP,
    "run.mgf": MGF,
    "run.mzML": MZML,
    "ei.jdx": JCAMP_MS,
    "proton.jdx": JCAMP_NMR,
    "carbon.jdx": JCAMP_SHIFTS,
    "shifts.csv": SHIFTS,
    "shifts.txt": SENTENCE,
    "peaks.csv": PEAKS,
}
"""A valid file of every format, by a suitable file name."""

_HOSTILE: Final = (
    b"NaN", b"-1", b"1e999", b"-inf", b"99999999999999999999", b"10000000", b"\x00", b"\xff\xfe", b"\xc3\x28", b"##END=",
    b"##NPOINTS= 10000000", b"Num Peaks: 99999999", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"Z99999999", b"%", b";;", b",,,",
    b"BEGIN IONS\n", b"END IONS\n", b"##TITLE=x\n", b"NAME: y\n", b"((((((", b"J = ", b"<a>" * 50, b"1" * 400, b"\n" * 50, b"\t",
    b"PK\x03\x04", "\u202e\u0430\u2212\u00b5".encode(), b"7,26", b"=cmd|' /C calc'!A0", b"A" * 3000,
)  # fmt: skip


def mutated(source: random.Random) -> tuple[str, bytes]:
    """Return one spoiled file: a valid one after one to five changes, sometimes continued by a part of another."""
    name = source.choice(list(FILES))
    octets = bytearray(FILES[name].encode())
    for _ in range(source.randint(1, 5)):
        _spoil(octets, source)
    if source.random() < 0.1:
        other = FILES[source.choice(list(FILES))].encode()
        octets += other[source.randrange(len(other)) :]
    return name, bytes(octets)


def _spoil(octets: bytearray, source: random.Random) -> None:
    at = source.randrange(len(octets) + 1)
    way = source.choice((0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 6, 6))
    if way == 0:
        octets[at : at + source.randint(1, 40)] = b""
    elif way == 1:
        octets[at:at] = source.choice(_HOSTILE)
    elif way == 2:
        octets[at : at + 1] = bytes([source.randrange(256)])
    elif way == 3:
        octets[at:at] = octets[at : at + source.randint(1, 60)] * source.randint(1, 60)
    elif way == 4:
        del octets[at:]
    elif way == 5:
        lines = bytes(octets).split(b"\n")
        source.shuffle(lines)
        octets[:] = b"\n".join(lines)
    else:
        octets[at : at + 4] = source.choice(_HOSTILE)
