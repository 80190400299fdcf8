# SPDX-License-Identifier: Apache-2.0
"""Comparison of a spectrum with a structure, in words, check by check. It can refute a structure, never prove one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from substances.spectra.fits import Check, Fit

Words = Mapping[str, str | Promise]
VERDICTS: Final[Words] = {
    "fits": gettext_lazy("Fits the structure. That does not prove it."),
    "unclear": gettext_lazy("Unclear whether it fits the structure."),
    "does_not_fit": gettext_lazy("Does not fit the structure."),
    "not_checked": gettext_lazy("Could not be checked against the structure."),
}
TONES: Final = {"fits": "ok", "unclear": "warn", "does_not_fit": "danger"}
CHECKS: Final[Words] = {
    "precursor": gettext_lazy("Precursor mass"),
    "fragments": gettext_lazy("Share of fragments that the formula explains"),
    "molecular_ion": gettext_lazy("Molecular ion"),
    "formula": gettext_lazy("Formula stated with the spectrum"),
    "carbon_signals": gettext_lazy("Carbon signals, at most"),
    "hydrogen_count": gettext_lazy("Hydrogens by integral"),
    "hydrogen_signals": gettext_lazy("Hydrogen signals, at most"),
    "fluorine_signals": gettext_lazy("Fluorine signals, at most"),
    "phosphorus_signals": gettext_lazy("Phosphorus signals, at most"),
    "element_present": gettext_lazy("Signals of an element"),
}
OUTCOMES: Final[Words] = {
    "agrees": gettext_lazy("agrees"),
    "unclear": gettext_lazy("unclear"),
    "disagrees": gettext_lazy("disagrees"),
    "not_checked": gettext_lazy("not checked"),
}
OUTCOME_TONES: Final = {"agrees": "ok", "unclear": "warn", "disagrees": "danger"}
REASONS: Final[Words] = {
    "precursor_missing": gettext_lazy("No precursor mass is stated."),
    "adduct_unknown": gettext_lazy("The adduct stated is not known here."),
    "adduct_assumed": gettext_lazy("The adduct is not stated; the nearest one was assumed."),
    "unit_resolution": gettext_lazy("Nominal masses only."),
    "formula_too_large": gettext_lazy("The formula is too large for this."),
    "no_fragments": gettext_lazy("There are no fragments below the precursor."),
    "few_fragments": gettext_lazy("There are too few fragments to say."),
    "explained_by_chance": gettext_lazy("Chance alone would explain as much."),
    "trace_not_picked": gettext_lazy("This is a curve; give the picked peaks."),
    "integrals_missing": gettext_lazy("No integrals are stated."),
    "nucleus_not_counted": gettext_lazy("This nucleus is not counted here."),
    "exchanging_hydrogens": gettext_lazy("Hydrogens on N, O and S may be missing from it."),
    "salt_possible": gettext_lazy("A salt or solvate would explain the difference."),
    "kind_not_checked": gettext_lazy("Spectra of this kind are not checked here."),
    "no_molecular_ion": gettext_lazy("No molecular ion is seen, which is common."),
}


@dataclass(frozen=True)
class CheckShown:
    """One check of the comparison."""

    text: str
    tone: str
    outcome_text: str
    reason: str
    expected: str
    found: str
    adduct: str


@dataclass(frozen=True)
class FitShown:
    """Verdict in words, and the checks behind it; `fit` holds codes and numbers."""

    fit: Fit
    verdict: str
    verdict_text: str
    tone: str
    checks: tuple[CheckShown, ...]


def show_fit(fit: Fit) -> FitShown:
    return FitShown(
        fit=fit,
        verdict=fit.verdict,
        verdict_text=str(VERDICTS[fit.verdict]),
        tone=TONES.get(fit.verdict, "quiet"),
        checks=tuple(_check(check) for check in fit.checks),
    )


def _check(check: Check) -> CheckShown:
    return CheckShown(
        text=str(CHECKS.get(check.check, check.check)),
        tone=OUTCOME_TONES.get(check.outcome, "quiet"),
        outcome_text=_outcome(check),
        reason=str(REASONS.get(check.reason, "")),
        expected=check.expected_formula or _number(check.check, check.expected),
        found=check.found_formula or _number(check.check, check.found),
        adduct=check.adduct,
    )


def _outcome(check: Check) -> str:
    """Return the outcome in words; an inconclusive comparison has another word than one that was not made."""
    if check.outcome == "not_checked" and check.found is not None:
        return _("not conclusive")
    return str(OUTCOMES[check.outcome])


def _number(check: str, value: float | None) -> str:
    """Return shares as per cent, masses with four digits, counts as they are."""
    if value is None:
        return ""
    if check == "fragments":
        return f"{number_format(value * 100, 0)}\N{NO-BREAK SPACE}%"
    return str(number_format(value, 4 if check in {"precursor", "molecular_ion"} else 0))
