# SPDX-License-Identifier: Apache-2.0
"""Characters that nobody sees and that change what a text seems to say.

The embeddings, overrides and isolates of the bidirectional algorithm (Unicode Standard Annex 9) can show a text
in another order than it has. Marks that only give a direction (LRM, RLM, ALM) are of use in Arabic and Hebrew
texts and stay; so do joiners, where a script is written with them.
"""

import unicodedata
from typing import Final

from agencies.names import misplaced_joiners

REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
DEPRECATED: Final = frozenset("\u206a\u206b\u206c\u206d\u206e\u206f\ufff9\ufffa\ufffb")
REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
BREAKING: Final = "\u00ad\u200b\u2060\ufeff"
"""They only say where a line may break; a copy from a web page is full of them."""

HIDDEN_PATTERN: Final = (
    r"\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ufffe\uffff"
)
"""The same as a class of a regular expression that JSON Schema and Python both read (line breaks and tab are text)."""

_DROPPED: Final = str.maketrans("", "", BREAKING)


def without_breaks(text: str) -> str:
    """The text without what only says where a line may break."""
    return text if text.isascii() else text.translate(_DROPPED)


def made_visible(text: str) -> str:
    """Return the text on one line, with a mark in place of each character that nobody sees."""
    return "".join(" " if mark in "\n\t" else REPLACED if _is_hidden(mark) else mark for mark in text)


def hidden_characters(text: str, *, lines: bool) -> tuple[str, ...]:
    """Those that must not stand in a text, as code points such as U+202E; `lines`: line breaks and tabs may."""
    allowed = "\n\t" if lines else ""
    found = dict.fromkeys(
        character for character in text if _is_hidden(character) and character not in allowed
    )
    found |= dict.fromkeys(misplaced_joiners(text))
    return tuple(f"U+{ord(character):04X}" for character in found)


def _is_hidden(character: str) -> bool:
    if character in REORDERING or character in DEPRECATED or character in "\u2028\u2029":
        return True
    return unicodedata.category(character) in {"Cc", "Cs"} or _is_no_character(ord(character))


def _is_no_character(code: int) -> bool:
    """Noncharacters, and tags, which write a second text that no page shows."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF or 0xE0000 <= code <= 0xE007F
