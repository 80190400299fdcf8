# SPDX-License-Identifier: Apache-2.0
"""The vocabulary of NMR: nuclei with the range of their shifts, solvents with their common names, multiplicities.

The lists are closed: anything else is refused, so that two laboratories' entries compare. A solvent that is truly missing is
entered as "other".
"""

import re
from collections.abc import Mapping
from typing import Final

from substances.spectra.limits import refuse

NUCLEI: Final[Mapping[str, tuple[float, float]]] = {
    "1H": (-5.0, 30.0),
    "13C": (-50.0, 300.0),
    "19F": (-350.0, 150.0),
    "31P": (-350.0, 400.0),
    "15N": (-450.0, 950.0),
    "11B": (-150.0, 150.0),
}
"""Nuclei read here, with the range of shifts in ppm outside which a value is a typing error."""

FREQUENCY_MHZ: Final = (5.0, 1_300.0)

SOLVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "CDCl3": ("chloroform-d", "chloroform-d1", "deuterochloroform", "cdcl3", "chcl3-d"),
    "DMSO-d6": ("dmso", "dmso-d6", "d6-dmso", "(cd3)2so", "cd3socd3", "dimethylsulfoxide-d6", "c2d6os"),
    "CD3OD": ("methanol-d4", "meod", "meod-d4", "cd3od", "d4-methanol", "meod4", "methanol"),
    "D2O": (
        "d2o",
        "deuteriumoxide",
        "heavywater",
        "water-d2",
        "h2o+d2o",
        "h2o/d2o",
        "90%h2o/10%d2o",
        "d2o/h2o",
    ),
    "CD3CN": ("acetonitrile-d3", "cd3cn", "mecn-d3", "d3-acetonitrile"),
    "acetone-d6": ("acetone", "acetone-d6", "(cd3)2co", "d6-acetone"),
    "C6D6": ("benzene-d6", "c6d6", "benzene"),
    "CD2Cl2": ("dichloromethane-d2", "methylenechloride-d2", "cd2cl2"),
    "THF-d8": ("thf", "thf-d8", "tetrahydrofuran-d8", "d8-thf"),
    "toluene-d8": ("tol", "toluene-d8", "c7d8"),
    "pyridine-d5": ("pyr", "pyridine-d5", "c5d5n"),
    "DMF-d7": ("dmf", "dmf-d7", "dimethylformamide-d7"),
    "TFA-d": ("tfa", "tfa-d", "cf3cood", "trifluoroaceticacid-d"),
    "acetic acid-d4": ("acetic", "cd3cood", "aceticacid-d4"),
    "C2D2Cl4": ("tce", "tce-d2", "c2d2cl4", "1,1,2,2-tetrachloroethane-d2"),
    "CCl4": ("ccl4", "carbontetrachloride", "tetrachloromethane"),
    "other": ("other",),
}
"""Solvents by the stored name, with the names under which they are also understood (no case, no spaces)."""

_SOLVENT_OF: Final = {
    known: kept for kept, others in SOLVENTS.items() for known in (kept.lower().replace(" ", ""), *others)
}
SCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "01234567890123456789")
"""Subscript and superscript digits, mapped to plain ones."""

MULTIPLICITIES: Final = frozenset(
    {"s", "d", "t", "q", "p", "sext", "sept", "oct", "non", "m"}
    | {"dd", "dt", "td", "dq", "qd", "tt", "tq", "qt", "dp", "dm", "tm", "qm", "dsept", "tdt"}
    | {"ddd", "ddt", "dtd", "tdd", "dddd", "ddq", "dtt", "ttd", "dqd", "qdd", "ddtd", "dddt", "ddddd"}
)
"""Multiplicities by their short signs; a broad signal has "br " before, an apparent one "app "."""
_LONG_MULTIPLICITIES: Final = {
    "singlet": "s", "doublet": "d", "triplet": "t", "quartet": "q", "quadruplet": "q", "quintet": "p",
    "quint": "p", "quin": "p", "pent": "p", "pentet": "p", "sextet": "sext", "sex": "sext", "hex": "sext", "h": "sext",
    "septet": "sept", "sep": "sept", "hept": "sept", "heptet": "sept", "multiplet": "m", "octet": "oct", "nonet": "non",
}  # fmt: skip
_PREFIX: Final = re.compile(r"(?:(broad|br|apparent|app)\.?[\s_]*)", re.IGNORECASE)


def solvent_of(text: str, where: str) -> str:
    """Return the kept name of a solvent; "" for none stated. Refuses what is not in the list."""
    word = re.sub(r"[\s_\[\]<>]", "", text.translate(SCRIPTS)).lower()
    if not word or word in ("none", "unknown", "?"):
        return ""
    return _SOLVENT_OF.get(word) or refuse("unknown_solvent", where)


def is_solvent(text: str) -> bool:
    """Tell whether the text names a solvent of the list."""
    return re.sub(r"[\s_\[\]<>]", "", text.translate(SCRIPTS)).lower() in _SOLVENT_OF


def nucleus_of(text: str, where: str) -> str:
    """Return a nucleus as mass number and symbol: "1H" for ^1H, H1, 1H{13C}, proton. Refuses others."""
    word = re.sub(r"[\s^<>_-]|\{.*\}", "", text.translate(SCRIPTS))
    word = {"proton": "1H", "carbon": "13C", "h": "1H", "c": "13C"}.get(word.lower(), word)
    found = re.fullmatch(r"(?:(\d{1,2})([A-Za-z])|([A-Za-z])(\d{1,2}))", word, re.ASCII)
    name = f"{found[1] or found[4]}{(found[2] or found[3]).upper()}" if found else ""
    return name if name in NUCLEI else refuse("unknown_nucleus", where)


def multiplicity_of(text: str, where: str) -> str:
    """Return a multiplicity by its short sign: "br s" for "broad singlet" or "brs"; "" for none stated."""
    short = short_multiplicity(text)
    return short if short is not None else refuse("unknown_multiplicity", where)


def short_multiplicity(text: str) -> str | None:
    """Return a multiplicity's short sign, "" for none stated, None for a word that is none."""
    word = text.strip().strip(".").lower()
    prefix = ""
    if found := _PREFIX.match(word):
        prefix = "br " if found[1].startswith("br") else "app "
        word = word[found.end() :].strip() or "s"
    if word.endswith((" br", "(br)")):
        prefix, word = "br ", word.rsplit("br", 1)[0].strip(" (")
    parts = re.sub(r"\s+of\s+|\s+", " ", word).split(" ")
    short = "".join(
        _LONG_MULTIPLICITIES.get(part.removesuffix("s") if len(part) > 4 else part, part) for part in parts
    )
    if not short:
        return ""
    return prefix + short if short in MULTIPLICITIES else None


def check_shift(shift_ppm: float, nucleus: str, where: str) -> float:
    """Return a shift that lies in its nucleus's range; refuse another."""
    low, high = NUCLEI[nucleus]
    return shift_ppm if low <= shift_ppm <= high else refuse("out_of_range", where)


def check_frequency(mhz: float, where: str) -> float:
    """Return a spectrometer frequency in MHz that an instrument can have; refuse another."""
    return mhz if FREQUENCY_MHZ[0] <= mhz <= FREQUENCY_MHZ[1] else refuse("out_of_range", where)


SOLVENT_SIGNALS: Final[Mapping[tuple[str, str], tuple[float, ...]]] = {
    ("CDCl3", "13C"): (77.16,), ("DMSO-d6", "13C"): (39.52,), ("CD3OD", "13C"): (49.0,),
    ("CD3CN", "13C"): (1.32, 118.26), ("acetone-d6", "13C"): (29.84, 206.26), ("C6D6", "13C"): (128.06,),
    ("CD2Cl2", "13C"): (53.84,), ("THF-d8", "13C"): (67.21, 25.31), ("CDCl3", "1H"): (7.26,), ("DMSO-d6", "1H"): (2.5, 3.33),
    ("CD3OD", "1H"): (3.31, 4.87), ("D2O", "1H"): (4.79,), ("CD3CN", "1H"): (1.94, 2.13), ("acetone-d6", "1H"): (2.05, 2.84),
    ("C6D6", "1H"): (7.16,), ("CD2Cl2", "1H"): (5.32,),
}  # fmt: skip
"""Signals of the solvent itself (and of water in it), after Fulmer et al., Organometallics 29 (2010) 2176."""
SOLVENT_WIDTH_PPM: Final[Mapping[str, float]] = {"13C": 0.6, "1H": 0.03}


def is_solvent_signal(shift_ppm: float, nucleus: str, solvent: str) -> bool:
    """Tell whether a shift is where the solvent's own signal lies."""
    width = SOLVENT_WIDTH_PPM.get(nucleus, 0.0)
    return any(abs(shift_ppm - own) <= width for own in SOLVENT_SIGNALS.get((solvent, nucleus), ()))
