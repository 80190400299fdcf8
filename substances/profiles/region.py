# SPDX-License-Identifier: Apache-2.0
"""Isotope data: evidence on the region a sample comes from, and never a link between two samples.

A value that was read is a known ratio against its own standard, finite, in the range of natural and industrial material, and
has an uncertainty. Nothing here is compared: isotopes of two samples from one region agree whoever made them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from substances.errors import InputRefusedError

FIELD = "isotopes"
USE: Final = "region_evidence_only"
MAX_RATIOS: Final = 12
MAX_TEXT_CHARS: Final = 500
CERTAINTIES: Final = ("suggested", "probable", "strong")


@dataclass(frozen=True)
class Scale:
    """The report form of a ratio: its standard, its unit and the range outside which it is a typing error."""

    standard: str
    unit: str
    lowest: float
    highest: float


# Delta values in per mil against the standards of the IUPAC guidelines (Coplen 2011); strontium as the ratio itself.
SCALES: Final[Mapping[str, Scale]] = {
    "d2H": Scale("VSMOW", "permil", -500.0, 400.0),
    "d13C": Scale("VPDB", "permil", -120.0, 60.0),
    "d15N": Scale("AIR", "permil", -60.0, 100.0),
    "d18O": Scale("VSMOW", "permil", -80.0, 110.0),
    "d34S": Scale("VCDT", "permil", -60.0, 60.0),
    "87Sr/86Sr": Scale("SRM987", "ratio", 0.69, 0.85),
}


@dataclass(frozen=True)
class Ratio:
    """One isotope ratio; `uncertainty` is the expanded one (k = 2) in the same unit."""

    isotope: str
    standard: str
    value: float
    uncertainty: float


@dataclass(frozen=True)
class RegionEvidence:
    """A laboratory's conclusion from isotopes: a region, how certain, and on what basis. `use` is always stated."""

    ratios: tuple[Ratio, ...]
    region: str
    certainty: str
    basis: str
    use: str = USE

    def as_json(self) -> dict[str, object]:
        """Return it as it stands in an alert's document."""
        return asdict(self) | {"ratios": [asdict(ratio) for ratio in self.ratios]}


def read_region_evidence(raw: object) -> RegionEvidence:
    """Parse isotope data from its JSON form; raise InputRefusedError with the member or the ratio's position.

    `{"ratios": [{"isotope", "standard", "value", "uncertainty"}], "region", "certainty", "basis"}`.
    """
    if not isinstance(raw, Mapping) or not {"ratios", "region", "certainty", "basis"} <= set(raw):
        raise InputRefusedError(FIELD, "form")
    rows = raw["ratios"]
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not 1 <= len(rows) <= MAX_RATIOS:
        raise InputRefusedError(FIELD, "form", "ratios")
    ratios = tuple(_ratio(row, position) for position, row in enumerate(rows, start=1))
    if len({ratio.isotope for ratio in ratios}) != len(ratios):
        raise InputRefusedError(FIELD, "repeated", "ratios")
    if raw["certainty"] not in CERTAINTIES:
        raise InputRefusedError(FIELD, "certainty", "certainty")
    return RegionEvidence(ratios, _text(raw, "region"), str(raw["certainty"]), _text(raw, "basis"))


def _ratio(row: object, position: int) -> Ratio:
    where = f"ratio {position}"
    if not isinstance(row, Mapping) or set(row) != {"isotope", "standard", "value", "uncertainty"}:
        raise InputRefusedError(FIELD, "form", where)
    scale = SCALES.get(row["isotope"]) if isinstance(row["isotope"], str) else None
    if scale is None:
        raise InputRefusedError(FIELD, "unknown_isotope", where)
    if row["standard"] != scale.standard:
        raise InputRefusedError(FIELD, "unknown_standard", where)
    value = _number(row["value"], where)
    if not scale.lowest <= value <= scale.highest:
        raise InputRefusedError(FIELD, "out_of_range", where)
    uncertainty = _number(row["uncertainty"], where)
    if not 0 < uncertainty <= scale.highest - scale.lowest:
        raise InputRefusedError(FIELD, "uncertainty", where)
    return Ratio(row["isotope"], scale.standard, value, uncertainty)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputRefusedError(FIELD, "number", where)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputRefusedError(FIELD, "not_finite", where)
    return number


def _text(raw: Mapping[Any, Any], member: str) -> str:
    text = raw[member]
    if isinstance(text, str) and text.strip() and len(text) <= MAX_TEXT_CHARS:
        return text.strip()
    raise InputRefusedError(FIELD, "text", member)
