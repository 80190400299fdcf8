# SPDX-License-Identifier: Apache-2.0
"""Order in which a reader meets an alert, the same as in a preview.

What happened, how sure, how dangerous, where controlled, what is asked, by when, evidence, verification, who was told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts.document.display import rows_of
from alerts.document.fields import FIELDS
from alerts.document.marking import marking_of
from alerts.document.validators import is_acceptable
from alerts.models import Alert
from desk.alerts.display.controlled import controlled_in_preview
from desk.alerts.display.evidence import evidence_of
from desk.alerts.display.reply_sections import fit_to_kind
from desk.alerts.display.structure import shown_structure
from officers.models import Officer

Text = str | Promise

HAPPENED: Final = (
    "summary_safe",
    "event_date",
    "place_country",
    "place_region",
    "identity_state",
    "preferred_name",
    "alternatives",
    "synonyms",
    "iupac_name",
    "proposed_rule",
    "answer_code",
    "refusal_reason",
    "expected_at",
    "opinion",
    "opinion_text",
    "comparison",
    "profile",
    "contact",
    "physical_form",
    "quantity",
    "route",
    "concealment",
    "parties",
    "red_flags",
    "kyc_result",
)
SURE: Final = ("assessment_kind", "certainty", "source_grade", "info_grade")
DANGEROUS: Final = (
    "harm_evidence",
    "severity",
    "cases_non_fatal",
    "cases_fatal",
    "age_band",
    "tox_matrix",
    "tox_outcome",
    "naloxone",
    "health_measures",
)
EVIDENCE: Final = (
    *("technique", "reference", "inchikey", "cas_rn", "formula", "inchi", "structure", "exhibit_no"),
    "region_evidence",
)
ASKED: Final = ("question", "request_priority", "due_reason")
NO_LISTING: Final = _("No listing is known to this desk; that does not prove there is none.")


@dataclass(frozen=True)
class PageSection:
    anchor: str
    title: Text
    lead: Text = ""
    rows: tuple[tuple[str, str], ...] = ()


def content_sections(document: Mapping[str, Any], *, asked: Text) -> list[PageSection]:
    """Return the sections that come from the document, up to what is asked."""
    return [
        PageSection(
            "happened", _("What happened"), document.get("narrative") or "", rows_of(HAPPENED, document)
        ),
        PageSection("sure", _("How sure"), rows=rows_of(SURE, document)),
        PageSection("dangerous", _("How dangerous"), rows=rows_of(DANGEROUS, document)),
        PageSection("controlled", _("Where controlled"), NO_LISTING),
        PageSection("asked", _("What is asked of you"), asked, rows_of(ASKED, document)),
    ]


def evidence_section(document: Mapping[str, Any]) -> PageSection:
    return PageSection("evidence", _("Evidence"), rows=rows_of(EVIDENCE, document))


def preview_of(
    data: Mapping[str, Any], officer: Officer, alert: Alert, *, revision: int, now: datetime
) -> dict[str, Any]:
    """Return a draft as a recipient would read it; a value that cannot be shown in words is left out."""
    good = {name: value for name, value in data.items() if name in FIELDS and _shows(name, value)}
    tlp = good.get("tlp")
    return {
        "sections": fit_to_kind(
            good, [*content_sections(good, asked=acknowledge_text(good)), evidence_section(good)]
        ),
        "marking": marking_of(tlp, good.get("handling"), good.get("handling_condition")) if tlp else None,
        "pri": good.get("pri", "routine"),
        "controlled": controlled_in_preview(good, officer, alert, revision=revision, now=now),
        "structure": shown_structure(good.get("structure")),
        "evidence": evidence_of(good),
    }


def acknowledge_text(facts: Mapping[str, Any]) -> Text:
    """Return what every recipient is asked to do."""
    if facts.get("status", "actual") != "actual":
        return _("Acknowledge that your agency has this. In an exercise no clock runs.")
    if facts.get("pri") == "flash":
        return _("Acknowledge within 1 hour that your agency has this.")
    return _("Acknowledge within 24 hours that your agency has this.")


def _shows(name: str, value: Any) -> bool:
    return value not in (None, "", [], {}) and is_acceptable(FIELDS[name], value)
