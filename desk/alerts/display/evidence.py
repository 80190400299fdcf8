# SPDX-License-Identifier: Apache-2.0
"""Evidence of an alert on a page: the analyses line by line, and their result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from alerts.document import choices as c
from alerts.document.display import rows_of
from alerts.document.fields import FIELDS
from alerts.document.identity import CONFIRMED, SchemeShown, show_scheme
from alerts.document.validators import is_acceptable
from science.spectra.evidence import SpectrumSeen

CLAIM: Final = ("identity_state", "preferred_name", "inchikey", "technique", "reference")
"""Fields that say what the analyses are to carry."""


@dataclass(frozen=True)
class AnalysisShown:
    technique: str
    method: str
    reference: str
    conclusion: str
    file: str
    note: str


@dataclass(frozen=True)
class EvidenceShown:
    """`is_confirmed`: the alert calls the identity confirmed; without that the scheme's being met is no sign that it is."""

    rows: tuple[AnalysisShown, ...] = field(default=(), repr=False)
    scheme: SchemeShown | None = None
    is_confirmed: bool = False


def evidence_of(document: Mapping[str, Any], seen: Sequence[SpectrumSeen] = ()) -> EvidenceShown:
    """Return the evidence of a document or a draft; incomplete lines are not judged. `seen`: the spectra among its files."""
    rows = document.get("evidence") or []
    if rows and not is_acceptable(FIELDS["evidence"], rows):
        return EvidenceShown()
    others = {one.filename for one in seen if one.is_of_another}
    is_confirmed = document.get("identity_state") == CONFIRMED
    return EvidenceShown(tuple(map(_analysis, rows)), show_scheme(document, others), is_confirmed)


def claim_of(document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the claimed identity, label and words, as a reviewer reads it above the analyses."""
    return rows_of(CLAIM, document)


def _analysis(row: Mapping[str, Any]) -> AnalysisShown:
    return AnalysisShown(
        technique=str(dict(c.TECHNIQUES)[row["technique"]]),
        method=row["method"] or "",
        reference=str(dict(c.REFERENCES)[row["reference"]]),
        conclusion=str(dict(c.CONCLUSIONS)[row["conclusion"]]),
        file=row["file"] or "",
        note=row["note"] or "",
    )
