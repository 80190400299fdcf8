# SPDX-License-Identifier: Apache-2.0
"""Words for evidence, profile, comparison and rule change, one line each."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.document.rules import read_day
from alerts.document import choices as c
from alerts.document.countries import country_name
from alerts.document.kinds import Field, Kind
from substances.profiles.methods import find_method
from substances.profiles.region import SCALES

VERDICT_WORDS: Final[Mapping[str, "c.Text"]] = {
    "linked": gettext_lazy("linked"),
    "possible": gettext_lazy("possibly linked"),
    "not_linked": gettext_lazy("not linked"),
    "not_comparable": gettext_lazy("not comparable"),
}


MOST_LOG10: Final = 3
"""Largest log10 of a ratio that is written out, in either direction; another agency's number is cut to it."""
ISOTOPE_WORDS: Final[Mapping[str, str]] = {
    "d2H": "δ²H",
    "d13C": "δ¹³C",
    "d15N": "δ¹⁵N",
    "d18O": "δ¹⁸O",
    "d34S": "δ³⁴S",
    "87Sr/86Sr": "⁸⁷Sr/⁸⁶Sr",
}


def analysis_words(row: Mapping[str, Any]) -> str:
    """Return one line of evidence: technique, method, reference, conclusion, file, note."""
    parts = (
        dict(c.TECHNIQUES).get(row["technique"], row["technique"]),
        row["method"],
        dict(c.REFERENCES).get(row["reference"], row["reference"]),
        dict(c.CONCLUSIONS).get(row["conclusion"], row["conclusion"]),
        row["file"],
        row["note"],
    )
    return ", ".join(str(part) for part in parts if part)


def _evidence(field: Field, value: Any) -> str:
    return "; ".join(map(analysis_words, value))


def _lines(field: Field, value: Any) -> str:
    return "; ".join(value)


def method_name(method: str, version: str) -> str:
    """Return the title of a profile's method, as its own page has it; of an unknown one the id."""
    known = find_method(method, version)
    return known.title if known else method


def _profile(field: Field, value: Any) -> str:
    measured = [number for number in value["values"] if number is not None]
    return _("%(method)s, version %(version)s: %(n)s values, %(below)s below detection") % {
        "method": method_name(value["method"], value["version"]),
        "version": value["version"],
        "n": len(value["values"]),
        "below": len(value["values"]) - len(measured),
    }


def isotope_words(isotope: str, standard: str) -> str:
    """Return an isotope ratio as the form offers it, with its unit and standard."""
    words = {"isotope": ISOTOPE_WORDS.get(isotope, isotope), "standard": standard}
    if isotope in SCALES and SCALES[isotope].unit == "permil":
        return _("%(isotope)s in ‰ against %(standard)s") % words
    return _("%(isotope)s against %(standard)s") % words


def _region_evidence(field: Field, value: Any) -> str:
    """Return isotope data in words. What it is evidence of comes first, so that nobody takes it for a link between samples."""
    return _(
        "Region evidence only, never a link between samples. %(region)s (%(certainty)s): %(ratios)s; k = 2. "
        "Basis: %(basis)s"
    ) % {
        "region": value["region"],
        "certainty": dict(c.REGION_CERTAINTIES).get(value["certainty"], value["certainty"]),
        "ratios": "; ".join(map(_ratio, value["ratios"])),
        "basis": value["basis"],
    }


def _ratio(row: Mapping[str, Any]) -> str:
    scale = SCALES.get(row["isotope"])
    unit = " ‰" if scale is not None and scale.unit == "permil" else ""
    name = ISOTOPE_WORDS.get(row["isotope"], row["isotope"])
    return f"{name} {row['value']} ± {row['uncertainty']}{unit} ({row['standard']})"


def _comparison(field: Field, value: Any) -> str:
    verdict = str(VERDICT_WORDS[value["verdict"]])
    if value["verdict"] == "not_comparable":
        return verdict
    ratio = 10 ** min(max(float(value["log10_lr"]), -MOST_LOG10), MOST_LOG10)
    return _(
        "%(verdict)s: score %(score)s, linked from %(threshold)s; likelihood ratio %(lr)s; %(rate)s of "
        "pairs from different sources lie above the cut. A lead, not proof."
    ) % {
        "verdict": verdict,
        "score": value["score"],
        "threshold": value["threshold"],
        "lr": formats.number_format(Decimal(f"{ratio:.3g}"), force_grouping=True),
        "rate": formats.number_format(float(value["false_link_rate"]) * 100, 2) + "\N{NO-BREAK SPACE}%",
    }


def _proposed_rule(field: Field, value: Any) -> str:
    day = read_day(value["effective"])
    when = value["effective"] if day is None else formats.date_format(day, _("j M Y"))
    said = _("%(jurisdiction)s, from %(when)s") % {
        "jurisdiction": country_name(value["jurisdiction"]),
        "when": when,
    }
    return f"{said}: {value['file']}" if value["file"] else said


def _screening(field: Field, value: Any) -> str:
    return _("computed for %(day)s") % {"day": value["on"]}


SCIENCE_WORDS: Final[Mapping[Kind, Callable[[Field, Any], str]]] = {
    Kind.LINES: _lines,
    Kind.EVIDENCE: _evidence,
    Kind.PROFILE: _profile,
    Kind.REGION_EVIDENCE: _region_evidence,
    Kind.COMPARISON: _comparison,
    Kind.PROPOSED_RULE: _proposed_rule,
    Kind.SCREENING: _screening,
}
