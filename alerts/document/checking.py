# SPDX-License-Identifier: Apache-2.0
"""A draft during its check: its fields, the facts known besides, and the errors found so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.document.circumstances import Circumstances
from alerts.document.kinds import EMPTY


@dataclass
class DraftCheck:
    data: Mapping[str, Any]
    known: Circumstances
    errors: dict[str, list[str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.data.get(name)

    def good(self, name: str) -> Any:
        """Return the value if it is there and acceptable, else None."""
        return None if name in self.errors or self[name] in EMPTY else self[name]

    def refuse(self, name: str, text: object) -> None:
        texts = self.errors.setdefault(name, [])
        if str(text) not in texts:
            texts.append(str(text))
