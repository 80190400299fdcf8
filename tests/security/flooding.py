# SPDX-License-Identifier: Apache-2.0
"""Every field of every model with a plausible value, as a caller sends them who hopes that one is accepted."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.apps import apps
from django.db import models

from alerts.boxes.saved_views import FILTERS
from alerts.document.fields import FIELDS
from tests.security.world import STRANGER, SecurityWorld

NUMBER: Final = 2_140_987_654
"""A number too long to stand in a moment or digest by chance, and still an integer of the database."""
TEXT: Final = "flood-of-fields"
MOMENT: Final = "2001-01-01T00:00:00Z"
WISHES: Final[Mapping[str, Any]] = {
    # Values that an attacker would wish for, by the name of a field.
    "state": "released",
    "status": "exercise",
    "roles": ["keeper", "agency_admin"],
    "scopes": ["key:enrol", "directory:read"],
    "custody": "agency",
    "email": "flood-of-fields@elsewhere.example",
    "password": "flood-of-fields 7",
    "is_active": False,
    "four_eyes": False,
    "flash_single_releaser": True,
    "bare_code_single_releaser": True,
    "is_superuser": True,
    "is_staff": True,
    "actor": "officer:flood-of-fields",
    "created_by": "officer:flood-of-fields",
    "tlp": "CLEAR",
    "kind": "update",
}

DOCUMENT: Final = frozenset(FIELDS)
DECLARED: Final[Mapping[str, frozenset[str]]] = {
    # Names that an address accepts in addition to those of its good request, if a model has such a field.
    "drafts/new/": DOCUMENT,
    "drafts/<uuid:alert_id>/<int:number>/": DOCUMENT,
    "drafts/<uuid:alert_id>/reach/": DOCUMENT,
    "drafts/<uuid:alert_id>/structure/": frozenset({"structure"}),
    "views/keep/": frozenset(name for names in FILTERS.values() for name in names),
    "export/": frozenset({"tlp"}) | frozenset(name for names in FILTERS.values() for name in names),
    "audit/export/": frozenset({"tlp"}),
    "inbox/<uuid:alert_id>/": frozenset({"reference"}),
    "inbox/<uuid:alert_id>/acknowledge/": frozenset({"answer"}),
    "officers/<str:public_id>/deputy/": frozenset({"deputy"}),
    **dict.fromkeys(
        ("tasks/<uuid:task_id>/", "inbox/<uuid:alert_id>/assign/", "cases/<uuid:case_id>/task/"),
        frozenset({"officer", "unit"}),
    ),
    "about/<uuid:subject_id>/task/": frozenset({"officer", "unit"}),
    "api/v1/alerts/received/<uuid:received_id>/open": frozenset({"reference"}),
    "api/v1/alerts/received/<uuid:received_id>/attachments/<int:n>": frozenset({"reference"}),
}


def flood(names: Mapping[str, Any], route: str, *, good: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of `flood_values` except the names that the address declares."""
    declared = DECLARED.get(route, frozenset()) | set(good)
    return {name: value for name, value in names.items() if name not in declared}


def flood_values(world: SecurityWorld) -> dict[str, Any]:
    """Return a value for every name. It reads a row of every model; once is enough, as each request is undone."""
    return dict(_names(world))


def _names(world: SecurityWorld) -> Iterator[tuple[str, Any]]:
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.Field):
                value = WISHES.get(field.name, _plausible(world, field))
                yield field.name, value
                yield field.attname, value
    for name in ("id", "pk", "alert_id", "alert", "received_id"):
        yield name, str(world.things["validated"].value)
    for name in ("agency", "agency_id", "iss", "issuer", "recipient", "recipient_id"):
        yield name, STRANGER


def _plausible(world: SecurityWorld, field: "models.Field[Any, Any]") -> Any:
    if isinstance(field, models.ForeignKey):
        return _other_row(world, field.related_model)
    if isinstance(field, models.BooleanField):
        return not field.default
    if isinstance(field, models.DateTimeField | models.DateField):
        return MOMENT
    if isinstance(field, models.IntegerField | models.BigIntegerField):
        return NUMBER
    if field.choices:
        return str(next(value for value, _ in reversed(list(field.flatchoices)) if value != field.default))
    return str(world.things["validated"].value) if isinstance(field, models.UUIDField) else TEXT


def _other_row(world: SecurityWorld, model: Any) -> str:
    if model._meta.label_lower == "agencies.agency":
        return STRANGER
    row = model._default_manager.last()
    return TEXT if row is None else str(row.pk)
