# SPDX-License-Identifier: Apache-2.0
"""Sections on the page of a reply, or of a message on a profile, without those that it cannot have."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from alerts.replies.kinds import (
    ANSWER,
    CLARIFICATION,
    PEER_REVIEW,
    PROFILE_ANSWER,
    PROFILE_DETAILS,
    PROFILE_QUERY,
    REPLY,
)

if TYPE_CHECKING:
    from desk.alerts.display.sections import PageSection

OF_AN_ALERT: Final = frozenset({"dangerous", "controlled"})
LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    REPLY: OF_AN_ALERT,
    ANSWER: OF_AN_ALERT,
    CLARIFICATION: OF_AN_ALERT | {"evidence", "sure"},
    PEER_REVIEW: OF_AN_ALERT,
    PROFILE_QUERY: OF_AN_ALERT | {"evidence", "sure"},
    PROFILE_ANSWER: OF_AN_ALERT | {"evidence", "sure"},
    PROFILE_DETAILS: OF_AN_ALERT,
}
"""Anchors of the sections that the page of a type of document does not have."""


def fit_to_kind(document: Mapping[str, Any], sections: "Iterable[PageSection]") -> "list[PageSection]":
    """Return the sections that a document of this type has; of any other type all of them."""
    alert_type = str(document.get("alert_type") or "")
    if alert_type not in LEFT_OUT:
        return list(sections)
    kept = [section for section in sections if section.anchor not in LEFT_OUT[alert_type]]
    return [
        replace(section, title=_("What it says")) if section.anchor == "happened" else section
        for section in kept
    ]
