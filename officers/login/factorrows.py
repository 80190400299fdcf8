# SPDX-License-Identifier: Apache-2.0
"""Rows of second factors, each bound to its officer: the sealed secret by its place, the whole row by its code.

The rows are django-allauth's. Therefore the code (`callers.binding`) is in their `data`, and the place of a secret is
passed to allauth's sealing hooks by a context variable.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.db import transaction

from callers import binding
from officers.models import Officer

TABLE: Final = "mfa_authenticator"
_MAC: Final = "mac"
_place: ContextVar[str] = ContextVar("place")


@contextmanager
def factor_of(officer: Officer, kind: str) -> Iterator[None]:
    """Bind what is sealed or opened in this block to this officer's secret of this kind."""
    token = _place.set(f"{officer.pk}/{kind}")
    try:
        yield
    finally:
        _place.reset(token)


def place_of_secret() -> str:
    """Return the place of the secret that is sealed or opened now; raises LookupError outside `factor_of`."""
    return _place.get()


def save_factor(row: Authenticator, *columns: str) -> None:
    """Write a row that this program has made or just checked, with its code; `columns` besides `data`."""
    row.data = {**_data(row), _MAC: binding.mac_of(TABLE, _facts(row))}
    row.save(update_fields=["data", *columns])


def is_bound(row: Authenticator) -> bool:
    """Tell whether the row carries the code of its content."""
    return binding.holds(TABLE, _facts(row), row.data.get(_MAC, ""))


def bound_factors(officer: Officer, rows: list[Authenticator]) -> list[Authenticator]:
    """Return an officer's rows that count; the others are logged."""
    counted = [row for row in rows if row.user_id == officer.pk and is_bound(row)]
    for row in rows:
        if row not in counted:
            binding.log.error("a second factor does not carry its code", extra={"row": str(row.pk)})
    return counted


def _entries() -> Iterator[binding.BoundEntry]:
    for row in Authenticator.objects.order_by("pk").iterator():
        yield binding.BoundEntry(row.pk, row.data.get(_MAC, ""), _facts(row))


def _swap(pk: object, old: str, new: str) -> int:
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(pk=pk).first()
        if row is None or row.data.get(_MAC, "") != old:
            return 0
        row.data = {**row.data, _MAC: new}
        row.save(update_fields=["data"])
    return 1


FACTOR_TABLE: Final = binding.BoundTable(TABLE, _entries, _swap)


def _facts(row: Authenticator) -> dict[str, Any]:
    return {"id": row.pk, "user": str(row.user_id), "type": str(row.type), "data": _data(row)}


def _data(row: Authenticator) -> dict[str, Any]:
    return {name: value for name, value in row.data.items() if name != _MAC}
