# SPDX-License-Identifier: Apache-2.0
"""Sentences that explain a marking, wherever it is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from alerts.document.choices import Text

TLP_SENTENCES: Final[dict[str, "Text"]] = {
    "RED": gettext_lazy("Named recipients only."),
    "AMBER+STRICT": gettext_lazy("Your organisation only, need to know."),
    "AMBER": gettext_lazy("Your organisation and its clients, need to know."),
    "GREEN": gettext_lazy("Your community, no public channels."),
    "CLEAR": gettext_lazy("No limit."),
}
HANDLING_SENTENCES: Final[dict[str, "Text"]] = {
    "H0": gettext_lazy("For preventing and combating crime."),
    "H1": gettext_lazy("Not in court without the sender's permission."),
    "H2": gettext_lazy("Not passed on without the sender's permission."),
    "H3": gettext_lazy("Condition: see the sender's text."),
}


@dataclass(frozen=True)
class Marking:
    """Marking band: TLP with its sentence, handling codes with theirs."""

    tlp: str
    tlp_sentence: str
    handling: tuple[tuple[str, str], ...]


def marking_of(tlp: str, handling: Iterable[str] | None, condition: str | None) -> Marking:
    """Return the band for these markings; H3 shows the sender's own condition."""
    return Marking(tlp, str(TLP_SENTENCES[tlp]), handling_sentences(handling or (), condition))


def handling_sentences(handling: Iterable[str], condition: str | None) -> tuple[tuple[str, str], ...]:
    """Return each handling code with its sentence; H3 has the sender's own condition."""
    return tuple((code, _handling_sentence(code, condition)) for code in handling)


def _handling_sentence(code: str, condition: str | None) -> str:
    if code == "H3" and condition:
        return _("Condition: %(text)s.") % {"text": condition.rstrip(".")}
    return str(HANDLING_SENTENCES[code])
