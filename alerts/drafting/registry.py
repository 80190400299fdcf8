# SPDX-License-Identifier: Apache-2.0
"""Rules and computed fields that features add to drafts. A feature registers once, when its app is ready."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from alerts.drafting.revisions import DraftContent
from alerts.models import Alert

Rule = Callable[[Alert, DraftContent], str]
"""Function that returns the sentence that refuses a field, or an empty one. It may take seconds, in another process."""


@dataclass(frozen=True)
class ComputedField:
    """Field that the desk computes when a draft is submitted, and drops once its source fields have changed."""

    name: str
    compute: Callable[[Mapping[str, Any], str, date], dict[str, Any] | None]
    """Compute it from fields, agency and day; None where no result is possible now."""
    still_holds: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
    """Tell from the new fields and those before whether it still holds."""


_rules: Final[dict[str, Rule]] = {}
_computed: Final[dict[str, ComputedField]] = {}


def register_rule(field: str, rule: Rule) -> None:
    """Add a rule for a field, applied while the field has no other error; raises ValueError where it has a rule."""
    if field in _rules:
        raise ValueError(f"the field {field} has a rule")
    _rules[field] = rule


def register_computed(field: ComputedField) -> None:
    """Add a computed field; raises ValueError where it is registered already."""
    if field.name in _computed:
        raise ValueError(f"the field {field.name} is computed already")
    _computed[field.name] = field


def problems_of(alert: Alert, content: DraftContent) -> dict[str, str]:
    """Return the sentence of every rule that refuses its field, by field."""
    found = {field: rule(alert, content) for field, rule in _rules.items()}
    return {field: sentence for field, sentence in found.items() if sentence}


def without_stale(data: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return a draft's fields as they are saved over `before`: computed fields that no longer hold are emptied."""
    stale = {
        name: None
        for name, field in _computed.items()
        if data.get(name) is not None and not field.still_holds(data, before)
    }
    return {**data, **stale} if stale else data


def computed_for(data: Mapping[str, Any], agency_id: str, on: date) -> dict[str, Any]:
    """Return every computed field for a day; a field that cannot be computed now keeps its value."""
    fresh = {name: field.compute(data, agency_id, on) for name, field in _computed.items()}
    return {name: data.get(name) or None if value is None else value for name, value in fresh.items()}


def with_computed(data: Mapping[str, Any], before: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a draft's fields with the computed ones of before, since a draft has none until it is submitted."""
    return {**data, **{name: data.get(name) or before.get(name) for name in _computed}}
