# SPDX-License-Identifier: Apache-2.0
"""What may stand in a name: one line whose letters are what they look like.

A letter of one script can look like one of another: a name spelt with both passes for somebody else's. Characters
that nobody sees do the same, and those that reorder a line show it otherwise than it is.
"""

import re
import unicodedata
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Control characters, line and paragraph separators, marks that reorder a line, what only says where a line may
# break, deprecated format characters, and tags.
_BROKEN_LINE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b\u2028-\u202e\u2060\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_ALIKE: Final = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL"})
"""Scripts whose letters look alike; full-width and mathematical letters are told apart too."""


def check_name(text: str) -> None:
    """Raises ValidationError with what to do."""
    if _BROKEN_LINE.search(text):
        raise ValidationError(_("Use one line without control characters."))
    if mixes_scripts(text):
        raise ValidationError(_("Two scripts are mixed in one word; retype it."))


def mixes_scripts(text: str) -> bool:
    """Whether one run of letters mixes scripts whose letters look alike, as a look-alike spelling does."""
    return any(len(_scripts(run)) > 1 for run in _LETTERS.findall(text))


def _scripts(run: str) -> set[str]:
    named = {unicodedata.name(letter, "").partition(" ")[0] for letter in run}
    return named & _ALIKE
