# SPDX-License-Identifier: Apache-2.0
"""The minimum scheme for identifying a drug from evidence, and the isomer rule in addition.

After the SWGDRUG Recommendations, version 8 (2019), Part III B.3: a technique of category A needs at least one other technique
that uses a different property; without one, three different techniques are needed, two of them uncorrelated ones of category B.
The parts of a hyphenated technique count separately where each has a result of its own. Only positive results count. The isomer
rule is this project's own: the scheme can be met by techniques that give positional isomers the same answer, so "confirmed"
needs one that does not.

All results are codes; whoever shows them has the sentences.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Category = Literal["A", "B", "C"]

CATEGORIES: Final[Mapping[str, Category]] = {
    "ir": "A", "ms": "A", "nmr": "A", "raman": "A", "xrd": "A",
    "ce": "B", "gc": "B", "ims": "B", "lc": "B", "sfc": "B", "tlc": "B", "uv_vis": "B", "microcrystal": "B",
    "colour": "C", "fluorescence": "C", "immunoassay": "C", "melting_point": "C", "pharmaceutical_identifier": "C",
}  # fmt: skip
"""The techniques of an alert's evidence rows with their categories."""
SEPARATING: Final = frozenset({"gc", "lc", "ce", "sfc", "ims", "tlc"})
"""Techniques that tell isomers apart only by comparison with a standard of the substance itself."""
CORRELATED: Final[Sequence[frozenset[str]]] = (frozenset({"lc", "sfc"}),)
"""Techniques of category B that separate by nearly the same property and count once.

This is our reading: the Recommendations give no list.
"""
POSITIVE: Final = frozenset({"identified", "indicated"})
CITATION: Final = "SWGDRUG Recommendations, version 8, Part III B.3"

RULES: Final = frozenset({"a_and_other", "three_with_two_b", "none"})
SCHEME_CODES: Final = frozenset(
    {
        "a_and_a",  # met: two techniques of category A
        "a_and_b",
        "a_and_c",
        "three_with_two_uncorrelated_b",
        "no_positive_result",
        "a_alone",  # category A without a second technique
        "too_few_techniques",
        "b_correlated",  # three techniques, but no two uncorrelated ones of category B
        "hyphenated_counted_apart",
        "result_not_counted",  # a row that is not detected or inconclusive
        "technique_unknown",
    }
)
ISOMER_CODES: Final = frozenset(
    {
        "scheme_not_met",
        "contradicted",  # a technique of category A did not detect the claimed substance
        "alternatives_left",
        "isomers_not_told_apart",
        "nmr_nucleus_not_stated",  # there is NMR, but whether it assigns the structure is not stated
        "reference_missing",  # IR, Raman or XRD without a reference
        "standard_not_certified",  # the separation was compared, but not with a certified standard
    }
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row of evidence as an alert holds it.

    `technique` is a key of CATEGORIES; `method` free text such as "GC-MS (EI)" or "1H NMR"; `reference` one
    of certified, in_house, literature, in_silico, none, ""; `conclusion` one of identified, indicated,
    not_detected, inconclusive, "".
    """

    technique: str
    method: str = ""
    reference: str = ""
    conclusion: str = ""


@dataclass(frozen=True, slots=True)
class SchemeResult:
    """The result: whether the minimum scheme is met, by which rule and techniques, and the codes to show."""

    meets: bool
    rule: str
    techniques: tuple[str, ...]
    categories: tuple[str, ...]
    codes: tuple[str, ...]
    citation: str = CITATION


@dataclass(frozen=True, slots=True)
class Allowed:
    """The claimed identity is supported. `by` names the rows, counted from 1, that tell isomers apart."""

    state: str
    by: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Downgrade:
    """The claim is not supported: the identity it becomes, every rule that failed, and the isomers left."""

    to: str
    failed: tuple[str, ...]
    alternatives: tuple[str, ...]
    scheme: SchemeResult


_PARTS: Final[Mapping[str, re.Pattern[str]]] = {
    technique: re.compile(rf"(?:{pattern})\Z", re.IGNORECASE)
    for technique, pattern in {
        "gc": r"(?:HS|2D)?GC",
        "lc": r"U?H?P?LC|RPLC|HILIC",
        "sfc": r"U?H?P?SFC|UPC2",
        "ce": r"CE|CZE|MEKC",
        "ims": r"T?IMS|FAIMS|DTIMS",
        "tlc": r"(?:HP)?TLC",
        "ms": r"(?:HR|Q)?MS[n\d]?|Q?TOF|QQQ|TQ|orbitrap",
        "ir": r"(?:FT)?IRD?",
        "uv_vis": r"DAD|PDA",
    }.items()
}
"""The spellings of a hyphenated technique's parts.

Techniques that are not coupled (NMR, Raman, XRD) need their own row.
"""
_HYPHENATED: Final = re.compile(r"[A-Za-z0-9\u00d7]+(?:[-/\u2010-\u2013\u00d7][A-Za-z0-9]+)+")
_ASSIGNING_NUCLEUS: Final = re.compile(
    r"(?:\b1\s?-?H\b|¹H|\b13\s?-?C\b|¹³C|\b2D\b|\b[12]H-?(?:13C|1H|15N)\b|\bproton\b|\bcarbon\b|"
    r"HSQC|HMBC|HMQC|COSY|NOESY|ROESY|TOCSY|INADEQUATE|\bDEPT)",
    re.IGNORECASE,
)
_QUANTITATIVE: Final = re.compile(r"\bqNMR\b|quantitative", re.IGNORECASE)


def evidence_of(document: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """Return the analyses that an alert names, one a line; where it has no line, its marked techniques, each as one that identified."""
    rows = document.get("evidence")
    if isinstance(rows, list) and rows:
        return tuple(map(read_row, rows))
    techniques, reference = document.get("technique"), str(document.get("reference") or "")
    marked = techniques if isinstance(techniques, list) else []
    return tuple(Evidence(str(name), reference=reference, conclusion="identified") for name in marked)


def read_row(row: Mapping[str, Any]) -> Evidence:
    """Return a line of an alert's evidence."""
    return Evidence(
        *(str(row.get(name) or "") for name in ("technique", "method", "reference", "conclusion"))
    )


def techniques_of(row: Evidence) -> tuple[str, ...]:
    """Return the techniques of a row: its own, and for a hyphenated method each part that its text names."""
    found = [row.technique] if row.technique in CATEGORIES else []
    for word in _HYPHENATED.findall(row.method[:300]):
        parts = re.split(r"[-/\u2010-\u2013\u00d7]", word)
        found += [technique for part in parts for technique, pattern in _PARTS.items() if pattern.match(part)]
    return tuple(dict.fromkeys(found))


def minimum_scheme(evidence: Iterable[Evidence]) -> SchemeResult:
    """Judge rows of evidence against the minimum scheme."""
    rows = list(evidence)
    positive = [row for row in rows if row.conclusion in POSITIVE]
    techniques = tuple(dict.fromkeys(part for row in positive for part in techniques_of(row)))
    notes = []
    if any(len(techniques_of(row)) > 1 for row in positive):
        notes.append("hyphenated_counted_apart")
    if len(positive) < len(rows):
        notes.append("result_not_counted")
    if any(row.technique not in CATEGORIES for row in rows):
        notes.append("technique_unknown")
    rule, code = _rule_met(techniques)
    return SchemeResult(
        meets=rule != "none",
        rule=rule,
        techniques=techniques,
        categories=tuple(CATEGORIES[technique] for technique in techniques),
        codes=(code, *notes),
    )


def _rule_met(techniques: Sequence[str]) -> tuple[str, str]:
    category = [CATEGORIES[technique] for technique in techniques]
    a = category.count("A")
    if a and len(techniques) > 1:
        second = "a" if a > 1 else ("b" if "B" in category else "c")
        return "a_and_other", f"a_and_{second}"
    if a:
        return "none", "a_alone"
    if not techniques:
        return "none", "no_positive_result"
    if len(techniques) < 3:
        return "none", "too_few_techniques"
    families = {_family(technique) for technique in techniques if CATEGORIES[technique] == "B"}
    if len(families) < 2:
        return "none", "b_correlated"
    return "three_with_two_b", "three_with_two_uncorrelated_b"


def _family(technique: str) -> frozenset[str]:
    return next((family for family in CORRELATED if technique in family), frozenset({technique}))


def identity_allowed(
    claimed: str, evidence: Iterable[Evidence], alternatives: Iterable[str] = ()
) -> Allowed | Downgrade:
    """Judge a claimed identity state; only "confirmed" requires proof.

    `alternatives` are the isomers that the author did not exclude, in the author's own words.
    """
    rows = list(evidence)
    left = tuple(line.strip() for line in alternatives if line.strip())
    if claimed != "confirmed":
        return Allowed(claimed)
    scheme = minimum_scheme(rows)
    apart = tuple(place for place, row in enumerate(rows, start=1) if tells_isomers_apart(row))
    failed = [] if scheme.meets else ["scheme_not_met"]
    if any(row.conclusion == "not_detected" and CATEGORIES.get(row.technique) == "A" for row in rows):
        failed.append("contradicted")
    if left:
        failed.append("alternatives_left")
    if not apart:
        failed += ["isomers_not_told_apart", *_nearly_apart(rows)]
    if not failed:
        return Allowed(claimed, apart)
    has_isomers = bool(left) or not apart
    to = "isomer_group" if has_isomers and scheme.techniques else "tentative"
    return Downgrade(to, tuple(failed), left, scheme)


def tells_isomers_apart(row: Evidence) -> bool:
    """Tell whether a row shows which positional isomer it is: by structure, or against a certified standard."""
    if row.conclusion != "identified":
        return False
    techniques = set(techniques_of(row))
    if "nmr" in techniques and _assigns_structure(row):
        return True
    if techniques & {"ir", "raman", "xrd"} and row.reference in ("certified", "in_house", "literature"):
        return True
    return bool(techniques & SEPARATING) and row.reference == "certified"


def _assigns_structure(row: Evidence) -> bool:
    return bool(_ASSIGNING_NUCLEUS.search(row.method)) and not _QUANTITATIVE.search(row.method)


def _nearly_apart(rows: Sequence[Evidence]) -> list[str]:
    """Return the missing statements or work for rows that could tell isomers apart, but do not as stated."""
    codes = []
    for row in rows:
        if row.conclusion not in POSITIVE:
            continue
        techniques = set(techniques_of(row))
        if "nmr" in techniques and not _assigns_structure(row):
            codes.append("nmr_nucleus_not_stated")
        if techniques & {"ir", "raman", "xrd"} and row.reference not in (
            "certified",
            "in_house",
            "literature",
        ):
            codes.append("reference_missing")
        if techniques & SEPARATING and row.reference != "certified":
            codes.append("standard_not_certified")
    return list(dict.fromkeys(codes))
