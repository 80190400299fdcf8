# SPDX-License-Identifier: Apache-2.0
"""Result of comparing a spectrum with a structure: checks with outcomes, and a verdict."""

from dataclasses import dataclass
from typing import Final, Literal

Outcome = Literal["agrees", "unclear", "disagrees", "not_checked"]
Verdict = Literal["fits", "unclear", "does_not_fit", "not_checked"]

CHECKS: Final = frozenset(
    {"precursor", "fragments", "molecular_ion", "formula", "carbon_signals", "hydrogen_count", "hydrogen_signals",
     "fluorine_signals", "phosphorus_signals", "element_present"}
)  # fmt: skip
REASONS: Final = frozenset(
    {"precursor_missing", "adduct_unknown", "unit_resolution", "formula_too_large", "no_fragments", "few_fragments",
     "trace_not_picked", "integrals_missing", "nucleus_not_counted", "exchanging_hydrogens",
        "salt_possible", "explained_by_chance",
     "adduct_assumed", "kind_not_checked", "no_molecular_ion"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, its outcome, the reason or assumption, expected and found values.

    Numbers are m/z, counts, or shares from 0 to 1 by the check; `adduct` is the ion that was compared.
    """

    check: str
    outcome: Outcome
    reason: str = ""
    expected: float | None = None
    found: float | None = None
    adduct: str = ""
    expected_formula: str = ""
    found_formula: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """The verdict and the checks behind it."""

    verdict: Verdict
    checks: tuple[Check, ...]
