# SPDX-License-Identifier: Apache-2.0
"""Questions about unusual values that may be right: asked once, and kept by the author with "Keep it"."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.document.unusual import UNUSUAL, Asked
from alerts.document.fields import FIELDS
from alerts.document.rules import DraftCheck
from alerts.document.substance_checks import SUBSTANCE_QUESTIONS
from alerts.document.validators import read_moment, texts_of
from callers.names import mixes_scripts

if TYPE_CHECKING:
    from alerts.document.choices import Text

_OF_THE_IDENTITY: Final = ("confirmed-without-reference", "isomers-not-named")
_UNUSUAL: Final[Mapping[str, "Text"]] = {
    "confirmed-without-reference": gettext_lazy(
        "Identity: confirmed needs a reference; add it or choose tentative."
    ),
    "isomers-not-named": gettext_lazy(
        "Isomers not excluded: name at least one, so that readers know what it may be."
    ),
    "event-long-ago": gettext_lazy("When: over 10 years ago; check the year."),
    "very-many-cases": gettext_lazy("Cases: over 10,000; check the number."),
    "unit-unusual-for-form": gettext_lazy("Unit: unusual for this form; check both."),
    "answer-far-ahead": gettext_lazy("Answer by: over 90 days ahead; check the date."),
    "passed-with-warning-signs": gettext_lazy(
        "Customer check: you marked warning signs; confirm that it passed."
    ),
    "cases-without-harm": gettext_lazy("Harm: you report cases; choose suspected or more."),
    "flash-without-harm": gettext_lazy(
        "Speed: flash is danger to life, but no harm and no case is known; say what is, or choose urgent."
    ),
    "amount-over-10-t": gettext_lazy("Amount: over 10 t; check the unit."),
}


def _ask_scripts(draft: DraftCheck) -> str | None:
    name = draft.good("preferred_name")
    return _("Substance: two scripts are mixed; retype it.") if name and mixes_scripts(name) else None


def _ask_title(draft: DraftCheck) -> str | None:
    title = draft.good("title")
    return (
        _("Title: two scripts are mixed in one word; retype it.") if title and mixes_scripts(title) else None
    )


def _ask_names(draft: DraftCheck) -> str | None:
    names = texts_of(FIELDS["parties"], draft.good("parties"))
    return (
        _("Parties: two scripts are mixed in one name; retype it.")
        if any(map(mixes_scripts, names))
        else None
    )


def _unusual(code: str) -> tuple[str, str, Callable[[DraftCheck], str | None]]:
    """Return the question of this code, which the command asks too."""
    name, is_asked = UNUSUAL[code]

    def ask(draft: DraftCheck) -> str | None:
        due = read_moment(draft.good("due_at"))
        answer_by = None if due is None else due.date()
        asked = Asked(draft.data, draft.known.today, draft["pri"], answer_by, draft.errors)
        return str(_UNUSUAL[code]) if is_asked(asked) else None

    return code, name, ask


QUESTIONS: Final[tuple[tuple[str, str, Callable[[DraftCheck], str | None]], ...]] = (
    *map(_unusual, _OF_THE_IDENTITY),
    *SUBSTANCE_QUESTIONS,
    ("mixed-scripts", "preferred_name", _ask_scripts),
    ("mixed-scripts-title", "title", _ask_title),
    ("mixed-scripts-parties", "parties", _ask_names),
    *(_unusual(code) for code in UNUSUAL if code not in _OF_THE_IDENTITY),
)
QUESTION_CODES: Final = frozenset(question[0] for question in QUESTIONS)
