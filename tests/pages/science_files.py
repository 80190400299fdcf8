# SPDX-License-Identifier: Apache-2.0
"""Records of the shipped library for tests: unchanged, renamed, spoiled."""

import re
from typing import Final

from substances.spectra.library import SHIPPED_FILE

RECORDS: Final = [block.strip() for block in SHIPPED_FILE.read_text("utf-8").split("\n\n") if block.strip()]


def record(name: str) -> str:
    """Return the record of that name."""
    return next(block for block in RECORDS if f"NAME: {name}" in block.splitlines())


def renamed(name: str, new: str, *, precursor: str = "") -> str:
    """Return the same peaks under another name, without provenance; with another precursor also without formula and adduct."""
    kept = ["NAME", "PRECURSORMZ", "IONMODE", "INCHIKEY", "Num Peaks"]
    kept += [] if precursor else ["FORMULA", "PRECURSORTYPE"]
    lines = [line for line in record(name).splitlines() if line[:1].isdigit() or line.startswith(tuple(kept))]
    text = "\n".join(line.replace(f"NAME: {name}", f"NAME: {new}") for line in lines)
    return re.sub("(?m)^PRECURSORMZ: .*$", f"PRECURSORMZ: {precursor}", text) if precursor else text
