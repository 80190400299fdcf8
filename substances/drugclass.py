# SPDX-License-Identifier: Apache-2.0
"""Drug class of a substance in the shipped reference set, by its InChIKey or by a name of it."""

import csv
from functools import lru_cache
from importlib.resources import files
from typing import Final

from substances.control.naming import keys_of, name_key

CLASSES: Final = {
    "fentanyl": "fentanyl",
    "nitazene": "nitazene",
    "cathinone": "cathinone",
    "synthetic cannabinoid": "cannabinoid",
    "arylcyclohexylamine": "arylcyclohexylamine",
    "benzodiazepine": "benzodiazepine",
}
"""The reference set's words, and the short names by which classes are watched. Other words name none of our classes."""


def class_known(block: str, name: str) -> str:
    """Return the class, or "" where nothing is known. `block` is the first block of an InChIKey; either may be empty."""
    blocks, names = _index()
    if block in blocks:
        return blocks[block]
    return next((names[key] for key in keys_of(name) if key in names), "")


@lru_cache(maxsize=1)
def _index() -> tuple[dict[str, str], dict[str, str]]:
    text = files("substances").joinpath("data/substances-dev.csv").read_text(encoding="utf-8")
    blocks, names = {}, {}
    for row in csv.DictReader(text.splitlines()):
        drug_class = CLASSES.get(row["class"])
        if drug_class:
            blocks[row["inchikey"].partition("-")[0]] = drug_class
            names[name_key(row["name"])] = drug_class
    return blocks, names
