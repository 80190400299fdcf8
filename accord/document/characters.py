# SPDX-License-Identifier: Apache-2.0
"""Invisible characters that change what a text seems to say.

The embeddings, overrides and isolates of the bidirectional algorithm (Unicode Standard Annex 9) can show a text in another
order than it has. Marks that only give a direction (LRM, RLM, ALM) are useful in Arabic and Hebrew texts and stay.
"""

from __future__ import annotations

import unicodedata
from typing import Final

REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
DEPRECATED: Final = frozenset("\u206a\u206b\u206c\u206d\u206e\u206f\ufff9\ufffa\ufffb")


def is_hidden(character: str) -> bool:
    """Tell whether a character is invisible; a line break and a tab count as hidden too."""
    if character in REORDERING or character in DEPRECATED or character in "\u2028\u2029":
        return True
    return unicodedata.category(character) in {"Cc", "Cs"} or _is_no_character(ord(character))


def _is_no_character(code: int) -> bool:
    """Match noncharacters, and tags, which write a second text that no page shows."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF or 0xE0000 <= code <= 0xE007F


def code_point(character: str) -> str:
    """Return the code point as people look it up: U+202E."""
    return f"U+{ord(character):04X}"
