# SPDX-License-Identifier: Apache-2.0
"""Summary of a reply, which pages show beside the alert that it answers. It is stored sealed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

from django.utils.translation import gettext as _

from alerts.document.display import choice_text
from alerts.replies.kinds import ANSWER, CLARIFICATION, PEER_REVIEW, PROFILE_ANSWER, PROFILE_DETAILS
from alerts.replies.source import TABLE
from alerts.rows.replies import Reply
from vault.sealed_store import REVISION, SealedStore, as_json

TEXT_CHARS: Final = 600
CASE_FIELDS: Final = (
    "narrative", "summary_safe", "event_date", "place_country", "place_region", "physical_form", "quantity",
    "route", "concealment", "exhibit_no", "preferred_name", "inchikey", "structure", "profile",
    "region_evidence",
)  # fmt: skip
"""Fields that disclose a case; a reply on a profile has none of them before both sides have agreed."""


@dataclass(frozen=True)
class ReplySummary:
    """Summary of a reply.

    `opinion` of a peer review; `code` of an answer to a question, and the day on which it announces the next, as YYYY-MM-DD;
    `comparison` and `contact` of an answer about a profile; `has_case` with case details.
    """

    alert_type: str = ""
    opinion: str = ""
    code: str = ""
    expected: str = ""
    text: str = ""
    contact: str = ""
    comparison: Mapping[str, Any] | None = None
    has_case: bool = False
    evidence: int = 0

    def without_words(self) -> Self:
        """Return it without what its author wrote: pages show a summary to whoever may open the reply, before they do."""
        return replace(self, text="", contact="", comparison=None)

    @property
    def words(self) -> str:
        """Words that follow the sender's name and say what the reply does."""
        if self.alert_type == PEER_REVIEW:
            return _("reviewed it: %(opinion)s") % {"opinion": opinion_words(self.opinion)}
        if self.alert_type == ANSWER:
            return _("answered: %(code)s") % {"code": choice_text("answer_code", self.code)}
        if self.alert_type == CLARIFICATION:
            return _("asks back")
        if self.alert_type == PROFILE_ANSWER:
            return _("answered: it holds a sample with this likeness")
        if self.alert_type == PROFILE_DETAILS:
            return _("told its case details") if self.has_case else _("agreed to exchange case details")
        return _("replied")


def opinion_words(opinion: str) -> str:
    """Return the opinion in words that follow the reviewer's name."""
    return {"agree": _("agrees"), "disagree": _("disagrees"), "needs_data": _("needs more data")}.get(
        opinion, choice_text("opinion", opinion)
    )


def summary_of(document: Mapping[str, Any], *, files: int = 0) -> ReplySummary:
    """Return the summary of a document or a draft."""
    comparison = document.get("comparison")
    return ReplySummary(
        alert_type=str(document.get("alert_type") or ""),
        opinion=str(document.get("opinion") or ""),
        code=str(document.get("answer_code") or ""),
        expected=str(document.get("expected_at") or ""),
        text=_text_of(document)[:TEXT_CHARS],
        contact=str(document.get("contact") or "")[:200],
        comparison=dict(comparison) if isinstance(comparison, Mapping) else None,
        has_case=files > 0 or any(document.get(name) for name in CASE_FIELDS),
        evidence=len(document.get("evidence") or ()),
    )


def _text_of(document: Mapping[str, Any]) -> str:
    names = ("opinion_text", "question", "narrative")
    return next((str(document[name]) for name in names if document.get(name)), "")


SUMMARIES: Final = SealedStore[ReplySummary](
    TABLE,
    lambda summary: as_json(asdict(summary)),
    lambda plain: ReplySummary(**json.loads(plain)),
    part="summary",
)


def seal_summary(reply: Reply, summary: ReplySummary) -> bytes:
    return SUMMARIES.seal(reply.agency_id, reply.pk, summary)


def open_summaries(agency_id: str, replies: Iterable[Reply]) -> dict[str, ReplySummary]:
    """Return summaries by the reply's id as text; replies without one, or whose row does not open, are left out."""
    rows = [(reply.pk, REVISION, reply.summary) for reply in replies if reply.summary]
    opened = SUMMARIES.open_many(agency_id, rows)
    return {str(row[0]): summary for row, summary in zip(rows, opened, strict=True) if summary}
