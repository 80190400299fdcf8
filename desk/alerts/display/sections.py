# SPDX-License-Identifier: Apache-2.0
"""Order in which a reader meets an alert, the same as in a preview.

What is asked and by when, what happened, how sure, how dangerous, evidence, where controlled; the pages add what followed and
the proof. What nobody stated is named in one line; what a kind of alert cannot state is not shown at all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts.document.display import rows_of
from alerts.document.fields import FIELDS, is_asked
from alerts.document.marking import marking_of
from alerts.document.validators import is_acceptable
from alerts.models import Alert
from desk.alerts.display.controlled import controlled_in_preview
from desk.alerts.display.evidence import evidence_of
from desk.alerts.display.reply_sections import fit_to_kind
from desk.alerts.display.spectra import show_spectra
from desk.alerts.display.structure import shown_structure
from officers.models import Officer
from science.spectra.evidence import SpectrumSeen

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
EVIDENCE: Final = ("technique", "reference", "exhibit_no", "region_evidence")
IDENTIFIERS: Final = ("cas_rn", "formula", "inchikey", "inchi", "structure")
_ASKED_OF_YOU: Final[Mapping[str, Text]] = {
    "exercise": _("Acknowledge that your agency has this. In an exercise no clock runs."),
    "flash": _("Acknowledge within 1 hour that your agency has this."),
    "usual": _("Acknowledge within 24 hours that your agency has this."),
}
_ASKED_OF_THEM: Final[Mapping[str, Text]] = {
    "exercise": _("To acknowledge that they have this. In an exercise no clock runs."),
    "flash": _("To acknowledge within 1 hour that they have this."),
    "usual": _("To acknowledge within 24 hours that they have this."),
}
ASKED: Final = ("question", "request_priority", "due_reason")
UNSTATED: Final = "unstated"
"""Anchor of the line that names the sections without content."""
MAY_BE_EMPTY: Final[Mapping[str, tuple[Text, Collection[str]]]] = {
    "sure": (_("how sure"), SURE),
    "dangerous": (_("how dangerous"), DANGEROUS),
    "evidence": (_("evidence"), (*EVIDENCE, *IDENTIFIERS, "evidence")),
    "controlled": (_("where controlled"), ("screening",)),
}
"""By anchor: the section's name within a sentence, and the fields of which it consists."""
BESIDE: Final = frozenset({"sure", "dangerous"})
"""Anchors of the short sections, of which two stand side by side where there is room."""


@dataclass(frozen=True)
class PageSection:
    """Section of a page. `more` are rows that are folded; `unstated` are anchors and names of sections without content."""

    anchor: str
    title: Text
    lead: Text = ""
    rows: tuple[tuple[str, str], ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    unstated: tuple[tuple[str, Text], ...] = ()

    @property
    def is_beside(self) -> bool:
        return self.anchor in BESIDE


def content_sections(document: Mapping[str, Any], *, asked: Text) -> list[PageSection]:
    """Return the sections that come from the document."""
    return [
        PageSection("asked", _("What is asked of you"), asked, rows_of(ASKED, document)),
        PageSection(
            "happened", _("What happened"), document.get("narrative") or "", rows_of(HAPPENED, document)
        ),
        PageSection("sure", _("How sure"), rows=rows_of(SURE, document)),
        PageSection("dangerous", _("How dangerous"), rows=rows_of(DANGEROUS, document)),
        PageSection(
            "evidence", _("Evidence"), rows=rows_of(EVIDENCE, document), more=rows_of(IDENTIFIERS, document)
        ),
        PageSection("controlled", _("Where controlled")),
    ]


def page_sections(
    document: Mapping[str, Any],
    *,
    asked: Text,
    filled: Collection[str],
    beside_evidence: Iterable[PageSection] = (),
    after: Iterable[PageSection] = (),
) -> list[PageSection]:
    """Return the sections of a page; those without content are one line, before where it is controlled.

    `filled` are anchors of sections that have content beyond their rows.
    """
    *stated, controlled = content_sections(document, asked=asked)
    kept = fit_to_kind(document, [*stated, *beside_evidence, controlled])
    empty = [section for section in kept if _is_empty(section, filled)]
    shown = [section for section in kept if section not in empty]
    names = tuple((one.anchor, MAY_BE_EMPTY[one.anchor][0]) for one in empty if _could_state(one, document))
    place = next((n for n, one in enumerate(shown) if one.anchor == "controlled"), len(shown))
    line = [PageSection(UNSTATED, "", unstated=names)] if names else []
    return [*shown[:place], *line, *shown[place:], *after]


def _is_empty(section: PageSection, filled: Collection[str]) -> bool:
    return (
        section.anchor in MAY_BE_EMPTY
        and section.anchor not in filled
        and not (section.rows or section.more or section.lead)
    )


def _could_state(section: PageSection, document: Mapping[str, Any]) -> bool:
    """Tell whether the kind of alert is asked for anything of the section."""
    return any(is_asked(FIELDS[name], document) for name in MAY_BE_EMPTY[section.anchor][1])


def preview_of(
    data: Mapping[str, Any],
    officer: Officer,
    alert: Alert,
    *,
    revision: int,
    seen: Sequence[SpectrumSeen],
    now: datetime,
) -> dict[str, Any]:
    """Return a draft as a recipient would read it; a value that cannot be shown in words is left out.

    `seen`: the spectra among its files.
    """
    good = {name: value for name, value in data.items() if name in FIELDS and _shows(name, value)}
    tlp = good.get("tlp")
    return {
        "sections": fit_to_kind(good, content_sections(good, asked=acknowledge_text(good))),
        "marking": marking_of(tlp, good.get("handling"), good.get("handling_condition")) if tlp else None,
        "pri": good.get("pri", "routine"),
        "controlled": controlled_in_preview(good, officer, alert, revision=revision, now=now),
        "structure": shown_structure(good.get("structure")),
        "evidence": evidence_of(good, seen),
        "spectra": show_spectra(seen, data),
    }


def acknowledge_text(facts: Mapping[str, Any], *, to_sender: bool = False, is_done: bool = False) -> Text:
    """Return what every recipient is asked to do, as a recipient reads it (who has done it: `is_done`), or as its sender does."""
    if is_done:
        return _("Your agency has acknowledged that it has this.")
    is_exercise = facts.get("status", "actual") != "actual"
    asked = "exercise" if is_exercise else "flash" if facts.get("pri") == "flash" else "usual"
    return _ASKED_OF_THEM[asked] if to_sender else _ASKED_OF_YOU[asked]


def _shows(name: str, value: Any) -> bool:
    return value not in (None, "", [], {}) and is_acceptable(FIELDS[name], value)
