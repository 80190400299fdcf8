# SPDX-License-Identifier: Apache-2.0
"""Check of a draft's fields: errors that block, questions that are asked, and hints.

Life-safety rule: an alert at speed flash on the public-health lane is stopped by its title, its TLP and its
recipients only; any other bad value is left out and named, and no question delays it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.document import unusual
from accord.envelope.vocabulary import RED
from alerts.document.fields import ALL, EMPTY, FIELDS, LIFE_SAFETY_FIELDS, Field, Kind, is_hinted
from alerts.document.findings import Findings, Question
from alerts.document.questions import QUESTIONS
from alerts.document.rules import RULES, Circumstances, DraftCheck, problem_text
from alerts.document.science_sentences import sentence_of
from alerts.document.science_validators import region_refusal
from alerts.document.validators import hidden_in, is_acceptable

HIDDEN_NAMED: Final = 4


def check_document(data: Mapping[str, Any], *, known: Circumstances, kept: Iterable[str] = ()) -> Findings:
    """Return the findings over the fields of a draft. `kept` are codes of questions the author answered with "Keep it"."""
    draft = DraftCheck(data, known)
    for entry in FIELDS.values():
        _check_alone(draft, entry)
    for rule in RULES:
        rule(draft)
    return _findings(draft, frozenset(kept))


def is_life_safety(data: Mapping[str, Any]) -> bool:
    """Tell whether life is in danger: speed flash on the public-health lane."""
    return unusual.is_life_safety(data.get("pri"), data.get("lane"))


def _findings(draft: DraftCheck, kept: frozenset[str]) -> Findings:
    questions = tuple(
        Question(code, name, str(text), kept=code in kept)
        for code, name, ask in QUESTIONS
        if (text := ask(draft))
    )
    hints = _hints(draft)
    errors = {name: tuple(draft.errors[name]) for name in FIELDS if name in draft.errors}
    if not is_life_safety(draft.data):
        return Findings(errors, questions, hints)
    left_out = [name for name in errors if name not in LIFE_SAFETY_FIELDS]
    return Findings(
        {name: texts for name, texts in errors.items() if name in LIFE_SAFETY_FIELDS},
        questions,
        hints,
        left_out=tuple(dict.fromkeys(str(FIELDS[name].label) for name in left_out)),
        left_out_fields=frozenset(left_out),
        life_safety=True,
    )


def _check_alone(draft: DraftCheck, entry: Field) -> None:
    value = draft[entry.name]
    if entry.for_red and draft["tlp"] != RED:
        return
    if value in EMPTY:
        if _is_required(draft, entry):
            draft.refuse(entry.name, problem_text(entry))
    elif not is_acceptable(entry, value):
        draft.refuse(entry.name, _sentence(entry, value))


def _is_required(draft: DraftCheck, entry: Field) -> bool:
    is_of_kind = draft["alert_type"] in entry.required_for or entry.required_for == ALL
    return is_of_kind and (
        not entry.needed_with or any(draft[name] not in EMPTY for name in entry.needed_with)
    )


def _sentence(entry: Field, value: Any) -> str:
    """Return the sentence for a bad value: hidden characters by their code points, anything else as the table says."""
    if hidden := hidden_in(entry, value):
        return _("%(label)s: delete the hidden characters (%(codes)s) or retype it.") % {
            "label": entry.label,
            "codes": ", ".join(hidden[:HIDDEN_NAMED]),
        }
    if entry.name == "parties" and isinstance(value, list):
        return _("Parties: give each a name, a role and a category.")
    if entry.kind is Kind.REGION_EVIDENCE and (refused := region_refusal(value)):
        return sentence_of(refused)
    return problem_text(entry)


def _hints(draft: DraftCheck) -> tuple[str, ...]:
    """Return the first field of every hinted group that is wholly empty."""
    groups: dict[str, list[str]] = {}
    for entry in FIELDS.values():
        if entry.hint_group and is_hinted(entry, draft.data):
            groups.setdefault(entry.hint_group, []).append(entry.name)
    return tuple(names[0] for names in groups.values() if all(draft[name] in EMPTY for name in names))
