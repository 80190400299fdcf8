# SPDX-License-Identifier: Apache-2.0
"""Characters that are invisible and change what a text seems to say.

The embeddings, overrides and isolates of the bidirectional algorithm (Unicode Standard Annex 9) can show a text
in another order than it has. Marks that only give a direction (LRM, RLM, ALM) are of use in Arabic and Hebrew
texts and stay; so do joiners, in scripts that are written with them.
"""

from typing import Final

from accord.document.characters import code_point, is_hidden
from callers.names import misplaced_joiners

REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
BREAKING: Final = "\u00ad\u200b\u2060\ufeff"
"""Characters that only allow a line break; text copied from a web page often has them."""

HIDDEN_PATTERN: Final = (
    r"\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ufffe\uffff"
)
"""Class of a regular expression, readable by JSON Schema and Python, of the hidden characters (line breaks and tab are text)."""

_DROPPED: Final = str.maketrans("", "", BREAKING)


def without_breaks(text: str) -> str:
    """Return the text without the characters that only allow a line break."""
    return text if text.isascii() else text.translate(_DROPPED)


def made_visible(text: str) -> str:
    """Return the text on one line, with a mark in place of each hidden character."""
    return "".join(" " if mark in "\n\t" else REPLACED if is_hidden(mark) else mark for mark in text)


def hidden_characters(text: str, *, lines: bool) -> tuple[str, ...]:
    """Return the characters that the text must not have, as code points such as U+202E; `lines` allows line breaks and tabs."""
    allowed = "\n\t" if lines else ""
    found = dict.fromkeys(
        character for character in text if is_hidden(character) and character not in allowed
    )
    found |= dict.fromkeys(misplaced_joiners(text))
    return tuple(map(code_point, found))
