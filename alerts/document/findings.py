# SPDX-License-Identifier: Apache-2.0
"""Findings of a check of an alert: errors that block, questions that can be kept, hints that are only counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Question:
    """Question about a value that is unusual but possible. An author who answers "Keep it" keeps its `code`."""

    code: str
    field: str
    text: str
    kept: bool = False

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "field": self.field, "text": self.text}


@dataclass(frozen=True)
class Findings:
    """Findings over a draft. `left_out`: labels of fields that a life-safety alert is sent without.

    Only the title, TLP and recipients of a life-safety alert can have errors.
    """

    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    hints: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    left_out_fields: frozenset[str] = frozenset()
    life_safety: bool = False

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """Questions that still stop the alert; none for a life-safety alert."""
        return () if self.life_safety else tuple(q for q in self.questions if not q.kept)

    @property
    def waived(self) -> tuple[Question, ...]:
        """Questions that a life-safety alert does not wait for."""
        return tuple(q for q in self.questions if not q.kept) if self.life_safety else ()

    @property
    def blocks(self) -> bool:
        return bool(self.errors or self.open_questions)
