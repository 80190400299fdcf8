# SPDX-License-Identifier: Apache-2.0
"""Changes between two versions of an alert, field by field, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from alerts.document.display import rows_of
from alerts.document.fields import EMPTY, FIELDS
from alerts.document.validators import is_acceptable
from alerts.drafting.registry import with_computed
from alerts.drafting.revisions import read_revision
from alerts.models import Alert
from officers.models import Officer
from peers.models import Agency

AT_HOME: Final = frozenset({"named_officers", "recipient_reasons", "review_reason"})
"""Fields that no recipient sees."""


@dataclass(frozen=True)
class Change:
    """Change of one field; `before` or `after` is empty where the field was or is empty."""

    label: str
    before: str = field(repr=False)
    after: str = field(repr=False)


@dataclass(frozen=True)
class Changes:
    """Changes against the version before. `dropped` and `added` are names of agencies."""

    number: int
    fields: tuple[Change, ...]
    dropped: tuple[str, ...]
    added: tuple[str, ...]


def changes_in(officer: Officer, alert: Alert, data: Mapping[str, Any]) -> Changes | None:
    """Return the changes of `data`, the alert's own, against the version it replaces.

    None for a first version, and where the officer may not see the version before.
    """
    if alert.previous is None or not Alert.objects.visible_to(officer).filter(pk=alert.previous.pk).exists():
        return None
    before = read_revision(alert.previous).data
    old, new = (frozenset(value.get("recipients") or ()) for value in (before, data))
    names = dict(Agency.objects.filter(pk__in=old ^ new).values_list("pk", "name"))
    return Changes(
        number=alert.previous.version,
        fields=tuple(changed_fields(before, with_computed(data, before))),
        dropped=tuple(sorted(names.get(agency, agency) for agency in old - new)),
        added=tuple(sorted(names.get(agency, agency) for agency in new - old)),
    )


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return the fields that differ, in the order of the form."""
    return [
        Change(str(FIELDS[name].label), _words(name, before), _words(name, after))
        for name in FIELDS
        if name not in AT_HOME | {"recipients"} and _differ(before.get(name), after.get(name))
    ]


def _differ(before: Any, after: Any) -> bool:
    return before != after and not (before in EMPTY and after in EMPTY)


def _words(name: str, data: Mapping[str, Any]) -> str:
    value = data.get(name)
    if value in EMPTY:
        return ""
    if not is_acceptable(FIELDS[name], value):
        return str(value)
    return next((text for _, text in rows_of([name], data)), "")
