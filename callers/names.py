# SPDX-License-Identifier: Apache-2.0
"""Names: one line without letters that pass for others.

- A letter of one script can look like one of another: a name spelt with both passes for another name. Invisible
  characters do the same, and those that reorder a line display it wrongly.
- Joiners are allowed where a script is written with them, between two of its letters.
- Which letters look alike is Unicode's table (Technical Standard 39).
"""

import re
import unicodedata
from functools import cache
from typing import Final

from confusable_homoglyphs.categories import alias
from confusable_homoglyphs.confusables import confusables_data
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Control characters, line and paragraph separators, marks that reorder a line, characters that only allow or forbid a
# line break, deprecated format characters, and tags.
_BROKEN_LINE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b\u2028-\u202e\u2060\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
JOINERS: Final = "\u200c\u200d"
JOINED_SCRIPTS: Final = frozenset(
    {
        *(
            "ARABIC",
            "SYRIAC",
            "MANDAIC",
            "NKO",
            "MONGOLIAN",
            "PHAGS_PA",
            "ADLAM",
            "DEVANAGARI",
            "BENGALI",
            "GURMUKHI",
        ),
        *(
            "GUJARATI",
            "ORIYA",
            "TAMIL",
            "TELUGU",
            "KANNADA",
            "MALAYALAM",
            "SINHALA",
            "KHMER",
            "MYANMAR",
            "TIBETAN",
        ),
    }
)
"""Scripts in which a joiner or non-joiner distinguishes words."""
WRITTEN_TOGETHER: Final = frozenset({"HAN", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
VIRAMA: Final = 9
"""Combining class of signs that suppress a vowel."""
_LETTERS: Final = re.compile(r"[^\W\d_]+")


def check_name(text: str) -> None:
    """Raise ValidationError, whose text says what to do, for a name with characters that deceive."""
    if _BROKEN_LINE.search(text) or misplaced_joiners(text):
        raise ValidationError(_("Use one line without control characters."))
    if mixes_scripts(text):
        raise ValidationError(_("Two scripts are mixed in one word; retype it."))


def mixes_scripts(text: str) -> bool:
    """Tell whether a run of letters contains one that looks like a letter of another script of that run."""
    return not text.isascii() and any(map(_is_mixed, _LETTERS.findall(text)))


def misplaced_joiners(text: str) -> tuple[str, ...]:
    """Return the joiners and non-joiners (U+200D, U+200C) where no script is written with them."""
    if text.isascii():
        return ()
    return tuple(
        character
        for place, character in enumerate(text)
        if character in JOINERS and not _joins(text[:place], text[place + 1 :])
    )


def resemble(one: str, other: str) -> bool:
    """Tell whether two names look alike; case, accents, spaces and signs make no difference, nor do look-alike letters."""
    return not _skeletons(one).isdisjoint(_skeletons(other))


def _joins(before: str, after: str) -> bool:
    """Tell whether a joiner is between two letters of a script that joins, or after a sign that suppresses the vowel of one."""
    base = next((letter for letter in reversed(before) if alias(letter) != "INHERITED"), "")
    if not base or alias(base) not in JOINED_SCRIPTS:
        return False
    is_silenced = unicodedata.combining(before[-1]) == VIRAMA
    follows = bool(after) and after[0] not in JOINERS and alias(after[0]) in (alias(base), "INHERITED")
    return is_silenced or follows


def _skeletons(name: str) -> set[str]:
    """Return Unicode's skeletons of the name, as it is written and in small letters."""
    return {_skeleton(name), _skeleton(name.casefold())} - {""}


def _skeleton(name: str) -> str:
    letters = unicodedata.normalize("NFKD", "".join(map(_prototype, unicodedata.normalize("NFKC", name))))
    kept = (letter for letter in letters if letter.isalnum())
    return "".join(map(_prototype, "".join(kept).casefold()))


@cache
def _prototype(letter: str) -> str:
    """Return the representative of all letters that look like this one."""
    alike = [entry["c"].strip("\u200e") for entry in confusables_data.get(letter, ())]
    if len(alike) != 1:
        return letter
    # Where only two letters look alike, each names the other.
    back = confusables_data.get(alike[0], ())
    return min(letter, alike[0]) if len(back) == 1 else str(alike[0])


def _is_mixed(run: str) -> bool:
    scripts = {_script(letter) for letter in run} - {"COMMON", "INHERITED"}
    if scripts <= WRITTEN_TOGETHER:
        return False
    if len({_is_redrawn(letter) for letter in run}) > 1:
        return True
    return len(scripts) > 1 and any(
        alias(alike["c"].strip("\u200e")[0]) in scripts - {_script(letter)}
        for letter in run
        for alike in confusables_data.get(letter, ())
    )


def _is_redrawn(letter: str) -> bool:
    """Tell whether it is a letter in full width or of a mathematical alphabet, few of which are in the data."""
    return unicodedata.decomposition(letter).startswith(("<wide>", "<font>"))


def _script(letter: str) -> str:
    """Return the script of a letter; full-width and mathematical Latin letters count as a script of their own."""
    plain = unicodedata.normalize("NFKC", letter)
    return "COMPATIBILITY" if plain != letter and plain.isascii() else str(alias(letter))
