# SPDX-License-Identifier: Apache-2.0
"""Check whether the formula of an InChI counts the same atoms as its layers of connections and hydrogens.

Used only for an InChI that could not be read, to find the reason, and only for one component without a bracketed repetition.
"""

import re
from collections import Counter
from typing import Final

_ATOMS: Final = re.compile(r"([A-Z][a-z]?)([0-9]*)")
_FIXED: Final = re.compile(r"([0-9][0-9,-]*)H([0-9]*)")
_NUMBER: Final = re.compile(r"[0-9]+")
_MOBILE: Final = re.compile(r"\(H([0-9]*)-?[,0-9]*\)")


def formula_disagrees(inchi: str) -> bool:
    """Tell whether heavy atoms or hydrogens of the formula differ from those of the layers; False where that is unclear."""
    _version, formula, *layers = inchi.split("/") if inchi.count("/") else (inchi, "")
    if "." in formula or not formula or any(";" in layer or "*" in layer for layer in layers):
        return False
    counted: Counter[str] = Counter()
    for symbol, count in _ATOMS.findall(formula):
        counted[symbol] += int(count or 1)
    connected = next((layer[1:] for layer in layers if layer.startswith("c")), "")
    hydrogens = next((layer[1:] for layer in layers if layer.startswith("h")), "")
    heavy = sum(counted.values()) - counted["H"]
    numbers = [int(number) for number in re.findall(r"[0-9]+", connected)]
    return (bool(numbers) and max(numbers) != heavy) or (
        bool(hydrogens) and _hydrogens(hydrogens) != counted["H"]
    )


def _hydrogens(layer: str) -> int:
    """Count hydrogens on atoms, `1-2,4H2`, and mobile ones, `(H2,3,4)`."""
    mobile = sum(int(count or 1) for count in _MOBILE.findall(layer))
    fixed = 0
    for places, count in _FIXED.findall(_MOBILE.sub("", layer)):
        for place in places.strip(",").split(","):
            first, *rest = (int(number) for number in _NUMBER.findall(place) or ["0"])
            fixed += (max(rest, default=first) - first + 1) * int(count or 1)
    return mobile + fixed
