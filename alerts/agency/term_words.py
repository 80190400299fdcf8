# SPDX-License-Identifier: Apache-2.0
"""Terms of an agreement's version in words, as its pages and the model texts give them."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.agreements import SignedVersion
from accord.moments import moment_of
from callers.closed_lists import Lane, Purpose

CLOCKS: Final = (
    ("freeze", gettext_lazy("stand still")),
    ("run", gettext_lazy("run on")),
)
_OPEN: Final = "[…]"
"""What stands in a text for a term that was not entered."""


def survival_words(lanes: Collection[str], *, flash: bool) -> str:
    """Return what survives a suspension."""
    flow = [_("flash on the public-health lane")] if flash else []
    return ", ".join([*_labels(Lane, lanes), *flow]) or _("nothing")


def emergency_words(*, is_agreed: bool) -> str:
    """Return whether emergency release is agreed."""
    return _("agreed") if is_agreed else _("not agreed")


def terms_in_words(said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Return each term that a model text names, in the active language; parties by name, so that both sides write them alike.

    `said` has parties, lanes, purposes, tlp, begins, until, survive_lanes, survive_flash, clocks, emergency; codes and days may be
    missing, or be none, as in a form that is not judged yet.
    """
    words = {
        "parties": "; ".join(sorted(names.get(party, party) for party in said["parties"])),
        "lanes": ", ".join(_labels(Lane, said["lanes"])),
        "purposes": ", ".join(_labels(Purpose, said["purposes"])),
        "tlp": f"TLP:{said['tlp']}" if said["tlp"] else "",
        "begins": _day(said["begins"]),
        "until": _day(said["until"]),
        "survive": survival_words(said["survive_lanes"], flash=bool(said["survive_flash"])),
        "clocks": str(dict(CLOCKS).get(said["clocks"], "")),
        "emergency": emergency_words(is_agreed=bool(said["emergency"])),
    }
    return {name: text or _OPEN for name, text in words.items()}


def terms_signed(version: SignedVersion) -> dict[str, Any]:
    """Return the terms of a version as `terms_in_words` takes them."""
    body = version.body
    return {
        **{name: body[name] for name in ("parties", "lanes", "purposes", "tlp", "clocks", "emergency")},
        "begins": moment_of(body["nbf"]).date(),
        "until": moment_of(version.until).date(),
        "survive_lanes": body["survive"]["lanes"],
        "survive_flash": body["survive"]["flash"],
    }


def _labels(choices: type[TextChoices], codes: Collection[str]) -> list[str]:
    return [str(label) for code, label in choices.choices if code in codes]


def _day(entered: Any) -> str:
    try:
        return date_format(date.fromisoformat(str(entered)), "j F Y")
    except ValueError:
        return ""
