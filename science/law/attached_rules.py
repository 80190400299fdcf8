# SPDX-License-Identifier: Apache-2.0
"""Check of the rule file that a draft attaches, so that an authority sends no file that nobody can adopt."""

from datetime import date
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.drafting.drafts import open_files
from alerts.drafting.revisions import DraftContent
from alerts.models import Alert
from callers.errors import AbsentError
from science.law.rule_checks import RuleCheck, check_rule_file
from substances.errors import WorkerLostError

TOLD_AT_MOST: Final = 5


def rule_problem(alert: Alert, content: DraftContent) -> str:
    """Return the sentence for the field; empty where no file is named, it is sound, or another rule stops it already."""
    stated = content.data.get("proposed_rule") or {}
    note = next((note for note in content.attachments if note.filename == stated.get("file")), None)
    if note is None:
        return ""
    try:
        day = date.fromisoformat(str(stated.get("effective")))
        (file,) = open_files(alert, [note])
    except (ValueError, AbsentError):
        return ""
    try:
        check = check_rule_file(
            file.data, jurisdiction=str(stated.get("jurisdiction")), effective=day, needs_examples=True
        )
    except WorkerLostError:
        return _("Change of the law: its file could not be judged just now. Try again in a moment.")
    return "" if check.is_sound else _told(check)


def _told(check: RuleCheck) -> str:
    told = "; ".join(f"{path}: {text}" if path else text for path, text in check.problems[:TOLD_AT_MOST])
    count = len(check.faults)
    words = {"count": count, "told": told}
    return (
        ngettext(
            "Change of the law: the attached file has a fault. %(told)s",
            "Change of the law: the attached file has %(count)d faults, among them: %(told)s",
            count,
        )
        % words
    )
