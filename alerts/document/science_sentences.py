# SPDX-License-Identifier: Apache-2.0
"""Here is the sentence for every fault that the science core finds in its input: which field it is, and what to do.

One table for pages, drafts and API. A field of another name than its reader's (an identifier of a draft, an item of a
list) takes the sentences of the reader. A code that is not in the table still gets a sentence that names the field.
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
    """The texts are marked where they stand, for the client says them too."""
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
"""By the field that a reader names, then by its code."""


def sentence_of(refused: InputRefusedError) -> str:
    """The sentence for people, with the place where the reader names one; nothing of the input stands in it."""
    known = SENTENCES.get(refused.field, {}).get(refused.code)
    text = (
        str(known)
        if known
        else _("%(field)s: it cannot be read; compare the source.") % {"field": refused.field}
    )
    return f"{text} ({refused.where})" if refused.where else text


def notices_of(codes: Iterable[str]) -> str:
    """What was put right on reading a spectrum, in sentences; codes of later versions are left out."""
    return " ".join(str(SPECTRUM_NOTICES[code]) for code in codes if code in SPECTRUM_NOTICES)
