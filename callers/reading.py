# SPDX-License-Identifier: Apache-2.0
"""Reading of queries and bodies of REST views: every name is declared, and every value within its limits.

- An undeclared name is refused, never ignored: no filter or order reaches the database that a view has not named, a
  mistyped filter does not return everything, and a mistyped member is not lost.
- A member of JSON has the type in the API description: a number is not text, and a word is not a boolean.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.serializers import (
    BaseSerializer,
    BooleanField,
    CharField,
    ChoiceField,
    DateField,
    DateTimeField,
    DictField,
    Field,
    IntegerField,
    ListField,
    ListSerializer,
    Serializer,
    TimeField,
    UUIDField,
)

from callers.errors import InputError

AnyField = Field[Any, Any, Any, Any]
TYPES: Final[Mapping[type[AnyField], type]] = {
    BooleanField: bool,
    IntegerField: int,
    **dict.fromkeys((CharField, ChoiceField, DateField, DateTimeField, TimeField, UUIDField), str),
}
"""JSON type of the value of each kind of field; the framework would accept others."""


def read_query(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Read the parameters by a serializer; raises InputError that names the first one refused."""
    given = shape(data=request.query_params.dict())
    _refuse_unknown(given.fields, request.query_params)
    if not given.is_valid():
        name, problems = next(iter(given.errors.items()))
        raise InputError(name, str(problems[0]))
    return cast(dict[str, Any], given.validated_data)


def read_body(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Read the body by a serializer; raises InputError for an unknown member, else the serializer's ValidationError."""
    return read_object(shape, request.data)


def read_object(shape: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    """Read one object of several as `read_body` reads the body."""
    given = shape(data=data)
    if isinstance(data, Mapping):
        _refuse_unknown(given.fields, data)
        for name, value in data.items():
            _refuse_other_types(name, given.fields[name], value)
    given.is_valid(raise_exception=True)
    return cast(dict[str, Any], given.validated_data)


def _refuse_unknown(fields: Mapping[str, Field[Any, Any, Any, Any]], given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if name not in fields:
            raise InputError(str(name)[:60], _("There is no such member here."))
        for shape, inner in _inside(fields[name], value):
            _refuse_unknown(shape.fields, inner)


def _refuse_other_types(name: str, field: "AnyField | BaseSerializer[Any] | None", value: Any) -> None:
    if isinstance(field, ListField | ListSerializer) and isinstance(value, list):
        for item in value:
            _refuse_other_types(name, field.child, item)
    elif isinstance(field, Serializer) and isinstance(value, Mapping):
        for inner, part in value.items():
            _refuse_other_types(inner, field.fields[inner], part)
    elif isinstance(field, DictField) and isinstance(value, Mapping):
        for part in value.values():
            _refuse_other_types(name, field.child, part)
    for kind, wanted in TYPES.items():
        if value is not None and isinstance(field, kind) and type(value) is not wanted:
            raise InputError(name, _("Use the type that the description of the API names."))


def _inside(
    field: "Field[Any, Any, Any, Any] | BaseSerializer[Any] | None", value: Any
) -> Iterable[tuple[Serializer[Any], Mapping[str, Any]]]:
    """List the objects inside a value, each with its serializer."""
    if isinstance(field, ListField | ListSerializer) and isinstance(value, list):
        for item in value:
            yield from _inside(field.child, item)
    elif isinstance(field, Serializer) and isinstance(value, Mapping):
        yield field, value
