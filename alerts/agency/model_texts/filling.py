# SPDX-License-Identifier: Apache-2.0
"""Model texts of agreements, for two agencies and for many, in each language of the desk; and where a text that began as one gives
other terms by now.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Final

from django.utils.text import Truncator
from django.utils.translation import get_language, gettext_lazy, override

from accord.agreement_texts import paragraphs_of
from accord.document.agreement_texts import text_schema
from alerts.agency.term_words import terms_in_words

MODELS: Final = (
    ("two", gettext_lazy("Between two agencies")),
    ("many", gettext_lazy("Between many agencies")),
)
_ANNEX: Final = "annex"
_TITLE: Final = "title"
LANGUAGES: Final = ("en", "fr")
_TITLE_CHARS: Final = text_schema()["properties"]["title"]["maxLength"]
_WORDS: Final = {"parties": ".+?"}
_SHORT_WORDS: Final = ".{1,300}?"
"""Words of every other term; bounded, since a paragraph may have two of them."""


def model_text(name: str, terms: Mapping[str, str] | None = None) -> str:
    """Return a model in the active language, with these terms filled in; raises KeyError for another name.

    `terms` as of `terms_in_words`.
    """
    if name not in dict(MODELS):
        raise KeyError(name)
    text = "\n\n".join(_read(part, _language()) for part in (name, _ANNEX))
    return text if terms is None else text.format_map(dict(terms))


def model_title(terms: Mapping[str, str]) -> str:
    """Return the title of a model in the active language, cut to the length of titles."""
    return Truncator(_read(_TITLE, _language()).format_map(dict(terms))).chars(_TITLE_CHARS)


def is_model_title(title: str) -> bool:
    """Tell whether a title is that of a model, with whatever parties."""
    return any(_pattern(_read(_TITLE, language)).fullmatch(title) for language in LANGUAGES)


def differing_terms(text: str, said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Return the terms that a text gives otherwise than `said`, by name, each as the text gives it.

    Only a paragraph that a model has, word for word but for its terms, is looked at: what somebody wrote says what it says.
    `said` and `names` as of `terms_in_words`.
    """
    found: dict[str, str] = {}
    for language in LANGUAGES:
        with override(language):
            terms = terms_in_words(said, names)
        for paragraph in paragraphs_of(text):
            for told in (pattern.fullmatch(paragraph) for pattern in _patterns(language)):
                for name, words in told.groupdict().items() if told else ():
                    if not _are_alike(words, terms[name]):
                        found.setdefault(name, words)
    return found


def _are_alike(words: str, others: str) -> bool:
    """Tell whether two terms say the same; parties in any order."""
    return sorted(words.split("; ")) == sorted(others.split("; "))


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """Return a pattern for each paragraph of a model that gives a term."""
    models = (_read(name, language) for name, _title in MODELS)
    paragraphs = dict.fromkeys(one for model in models for one in paragraphs_of(model) if "{" in one)
    return tuple(_pattern(one) for one in paragraphs)


def _pattern(template: str) -> re.Pattern[str]:
    parts = (
        re.escape(plain) + (f"(?P<{name}>{_WORDS.get(name, _SHORT_WORDS)})" if name else "")
        for plain, name, _spec, _conversion in Formatter().parse(template)
    )
    return re.compile("".join(parts))


def _language() -> str:
    wanted = (get_language() or "en")[:2]
    return wanted if wanted in LANGUAGES else "en"


@cache
def _read(name: str, language: str) -> str:
    return files(__package__).joinpath(f"{name}.{language}.txt").read_text("utf-8").strip()
