# SPDX-License-Identifier: Apache-2.0
"""Model texts of agreements, for two agencies and for many, in each language of the desk."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from django.utils.translation import get_language, gettext_lazy

MODELS: Final = (
    ("two", gettext_lazy("Between two agencies")),
    ("many", gettext_lazy("Between many agencies")),
)
_ANNEX: Final = "annex"
_LANGUAGES: Final = ("en", "fr")


def model_text(name: str, terms: Mapping[str, str] | None = None) -> str:
    """Return a model in the active language, with these terms filled in; raises KeyError for another name.

    `terms` has parties, lanes, tlp, purposes, begins, until, survive, clocks, emergency.
    """
    wanted = (get_language() or "en")[:2]
    language = wanted if wanted in _LANGUAGES else "en"
    if name not in dict(MODELS):
        raise KeyError(name)
    parts = (_read(name, language), _read(_ANNEX, language))
    text = "\n\n".join(parts)
    return text if terms is None else text.format_map(dict(terms))


@cache
def _read(name: str, language: str) -> str:
    return files(__package__).joinpath(f"{name}.{language}.txt").read_text("utf-8").strip()
