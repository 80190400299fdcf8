# SPDX-License-Identifier: Apache-2.0
"""What a check of an alert found: errors that block, questions that can be kept, hints that are only counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Question:
    """Unusual but possible. `code` is what an author keeps ("Keep it"); keeping it answers it."""

    code: str
    field: str
    text: str
    kept: bool = False

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "field": self.field, "text": self.text}


@dataclass(frozen=True)
class Findings:
    """`left_out` are the labels of what a life-safety alert is sent without; it has no other blocks."""

    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    hints: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    left_out_fields: frozenset[str] = frozenset()
    life_safety: bool = False

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """Questions that still stop the alert: none when lives are at stake."""
        return () if self.life_safety else tuple(q for q in self.questions if not q.kept)

    @property
    def blocks(self) -> bool:
        return bool(self.errors or self.open_questions)
