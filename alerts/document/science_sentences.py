# SPDX-License-Identifier: Apache-2.0
"""Sentences for every fault that the science core finds in its input: which field it is, and what to do.

Pages, drafts and API use this one table. A field that is not named like its reader (an identifier of a draft, an item of a
list) takes the reader's sentences. A code that is not in the table still gets a sentence that names the field.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from substances import sentences
from substances.errors import InputRefusedError

Sentences = Mapping[str, str | Promise]


def _translated(table: Mapping[str, str]) -> Sentences:
    """Mark the texts for translation; they are defined elsewhere, because the client uses them too."""
    return {code: gettext_lazy(text) for code, text in table.items()}


STRUCTURE: Final[Sentences] = _translated(sentences.STRUCTURE)
SPECTRUM: Final[Sentences] = _translated(sentences.SPECTRUM)
SPECTRUM_NOTICES: Final[Sentences] = _translated(sentences.SPECTRUM_NOTICES)
PROFILE: Final[Sentences] = _translated(sentences.PROFILE)
ISOTOPES: Final[Sentences] = _translated(sentences.ISOTOPES)

SENTENCES: Final[Mapping[str, Sentences]] = {
    "structure": STRUCTURE,
    "spectrum": SPECTRUM,
    "profile": PROFILE,
    "isotopes": ISOTOPES,
}
"""Sentences by the field that a reader names, then by code."""


def sentence_of(refused: InputRefusedError) -> str:
    """Return the sentence for people, with the place in the input if known; it repeats nothing of the input."""
    known = SENTENCES.get(refused.field, {}).get(refused.code)
    text = (
        str(known)
        if known
        else _("%(field)s: it cannot be read; compare the source.") % {"field": refused.field}
    )
    return f"{text} ({refused.where})" if refused.where else text


def notices_of(codes: Iterable[str]) -> str:
    """Return sentences on what was corrected in reading a spectrum; codes of later versions are left out."""
    return " ".join(str(SPECTRUM_NOTICES[code]) for code in codes if code in SPECTRUM_NOTICES)
