# SPDX-License-Identifier: Apache-2.0
"""Comparison of two profiles for a common source: asked with a reason, by one method; a lead and not proof."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.profiles.samples import Leads, compare_with_held
from alerts.query_audit import PROFILED, QueryReason, record_question, science_errors
from callers.actors import Actor
from officers.models import Officer
from substances.profiles.comparing import Comparison, compare
from substances.profiles.methods import Method, find_method, require_method, shipped_methods
from substances.profiles.vectors import Profile, read_numbers, read_profile

VERDICTS: Final[Mapping[str, str | Promise]] = {
    "linked": gettext_lazy("Linked"),
    "possible": gettext_lazy("Possible link"),
    "not_linked": gettext_lazy("Not linked"),
    "not_comparable": gettext_lazy("Not comparable"),
}
MEANINGS: Final[Mapping[str, str | Promise]] = {
    "linked": gettext_lazy("These profiles are as alike as profiles of one source are. A lead, not proof."),
    "possible": gettext_lazy(
        "These profiles are alike, but so are some of different sources. A lead, not proof."
    ),
    "not_linked": gettext_lazy(
        "These profiles are not alike enough for a lead. That does not prove two sources."
    ),
    "not_comparable": gettext_lazy("No number is given, because it would mean nothing."),
}
REASONS: Final[Mapping[str, str | Promise]] = {
    "method": gettext_lazy("The profiles were measured by different methods."),
    "version": gettext_lazy("The profiles were measured by different versions of the method."),
    "length": gettext_lazy("The profiles do not have one value for each target of the method."),
    "not_calibrated": gettext_lazy("This method has no calibration here, so a score would have no meaning."),
    "too_few_shared": gettext_lazy("Too few targets were detected in both."),
    "flat": gettext_lazy("One of the profiles has no shape: all its values are the same."),
}
BANDS: Final[Mapping[str, str | Promise]] = {
    "none": gettext_lazy("Supports neither one source nor two."),
    "same_weak": gettext_lazy("Weak support for one source."),
    "same_moderate": gettext_lazy("Moderate support for one source."),
    "same_moderately_strong": gettext_lazy("Moderately strong support for one source."),
    "same_strong": gettext_lazy("Strong support for one source."),
    "different_weak": gettext_lazy("Weak support for different sources."),
    "different_moderate": gettext_lazy("Moderate support for different sources."),
    "different_moderately_strong": gettext_lazy("Moderately strong support for different sources."),
    "different_strong": gettext_lazy("Strong support for different sources."),
}
TONES: Final = {"linked": "warn", "possible": "warn", "not_linked": "quiet", "not_comparable": "quiet"}


@dataclass(frozen=True)
class ComparisonShown:
    """Comparison in words; `comparison` holds the numbers, `method` their source."""

    comparison: Comparison
    method: Method | None
    verdict_text: str
    meaning: str
    tone: str
    reasons: tuple[str, ...]
    band_text: str


def compare_profiles(
    actor: Actor, first: Mapping[str, Any], second: Mapping[str, Any], why: QueryReason, *, now: datetime
) -> ComparisonShown:
    """Compare `{"method", "version", "values": [number | null]}` with another.

    Raises what `record_question` does, and ScienceInputError naming `first` or `second`.
    """
    record_question(actor, PROFILED, why, now=now)
    with science_errors("first"):
        one = read_profile(first)
    with science_errors("second"):
        other = read_profile(second)
    comparison, method = compare(one, other), find_method(one.method, one.version)
    shown = show_comparison(comparison)
    if method is None or "length" not in comparison.reasons:
        return shown
    counts = {"needed": len(method.targets), "first": len(one.values), "second": len(other.values)}
    lengths = (
        _("%(needed)d values are needed; the first profile has %(first)d, the second %(second)d.") % counts
    )
    return replace(shown, reasons=(*shown.reasons, lengths))


def compare_with_samples(
    officer: Officer, profile: Mapping[str, Any], why: QueryReason, *, now: datetime
) -> Leads:
    """Return matches among the samples of the officer's own agency, best first; raises as `compare_profiles`."""
    record_question(officer, PROFILED, why, now=now)
    with science_errors("first"):
        read = read_profile(profile)
        require_method(read)
    return compare_with_held(officer, read)


def profile_of_text(method_name: str, text: str) -> dict[str, Any]:
    """Return the text that a laboratory pastes as a profile of a method "id/version"; raises InputRefusedError."""
    method, _slash, version = method_name.partition("/")
    return Profile(method, version, read_numbers(text)).as_json()


def method_choices() -> list[tuple[str, str]]:
    """Return the methods that can be compared, by "id/version"."""
    return [
        (
            method.name,
            _("%(title)s, version %(version)s, %(count)d targets")
            % {"title": method.title, "version": method.version, "count": len(method.targets)},
        )
        for method in shipped_methods()
    ]


def show_comparison(comparison: Comparison) -> ComparisonShown:
    return ComparisonShown(
        comparison=comparison,
        method=find_method(comparison.method, comparison.version),
        verdict_text=str(VERDICTS[comparison.verdict]),
        meaning=str(MEANINGS[comparison.verdict]),
        tone=TONES[comparison.verdict],
        reasons=tuple(str(REASONS.get(code, code)) for code in comparison.reasons),
        band_text=str(BANDS.get(comparison.band, "")),
    )
