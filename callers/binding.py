# SPDX-License-Identifier: Apache-2.0
"""Rows that grant access carry a message authentication code (MAC) under the key-encryption key.

- Whoever writes to the database without the key can write such a row and gains nothing: it signs nobody in and gives no
  role.
- A model that derives from `BoundRow` names the columns that count in `BOUND`. Only `save` makes the code, and it
  refuses a row whose own code does not hold. A row changed by `update` or SQL is refused.
- The key is in the vault, which this module must not import: the vault supplies its maker with `use_maker`. Processes
  without the vault read the rows and make no codes.
- A whole earlier row that is put back with its code is not noticed.
"""

import hmac
import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Final, Protocol, Self

from django.apps import apps
from django.db import models

from callers.errors import NotBoundError

log = logging.getLogger(__name__)
MAC_LENGTH: Final = 76
"""The id of a key-encryption key (32), a full stop, 256 bits in base64url (43)."""

Facts = Mapping[str, Any]


class MacMaker(Protocol):
    """Maker of codes under the keys of the ring; raises the vault's errors where there is no ring or the key is not in it."""

    @property
    def current(self) -> str:
        """Id of the key under which new codes are made."""
        ...

    def mac(self, message: bytes, kek: str) -> str:
        """Return the code of a message under one key of the ring, in base64url."""
        ...

    def has(self, kek: str) -> bool: ...


_maker: list[MacMaker] = []


def use_maker(maker: MacMaker) -> None:
    """Set the maker; the vault calls this once when its process starts."""
    _maker[:] = [maker]


def has_maker() -> bool:
    """Tell whether this process can check the codes of rows."""
    return bool(_maker)


def mac_of(table: str, facts: Facts) -> str:
    """Return the code of a row under the current key: its id, a full stop, the code. Raises NotBoundError without a vault."""
    maker = _held()
    return f"{maker.current}.{maker.mac(_message(table, maker.current, facts), maker.current)}"


def holds(table: str, facts: Facts, mac: str) -> bool:
    """Tell whether this is the code of these facts, under any key of the ring. Raises NotBoundError without a vault."""
    maker, (kek, _, code) = _held(), mac.partition(".")
    if not code or not maker.has(kek):
        return False
    return hmac.compare_digest(maker.mac(_message(table, kek, facts), kek), code)


class BoundRow(models.Model):
    """Row whose columns named in `BOUND` count only with the code made for them."""

    mac = models.CharField(max_length=MAC_LENGTH, blank=True, default="", editable=False)

    BOUND: ClassVar[tuple[str, ...]] = ()
    _stored: Facts | None = None

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save as Django does, with a new code where a column of `BOUND` is written. Raises NotBoundError.

        The caller holds the lock of a row that others change, too.
        """
        written = None if update_fields is None else {*update_fields}
        counts = written is None or bool(written & {*self.BOUND})
        if counts:
            if not self._state.adding:
                self.require_bound()
            facts = self._facts(written)
            self.mac = mac_of(self._meta.db_table, facts)
            written = None if written is None else {*written, "mac"}
        super().save(*args, update_fields=written, **kwargs)
        if counts:
            self._stored = facts

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        row = super().from_db(*args, **kwargs)
        row._remember()
        return row

    def refresh_from_db(self, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        """Refresh as Django does; the columns of `BOUND` and the code are read together."""
        if fields is not None and {*fields} & {*self.BOUND}:
            fields = {*fields, *self.BOUND, "mac"}
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        if fields is None or "mac" in fields:
            self._remember()

    @property
    def is_bound(self) -> bool:
        """Tell whether the row, as read or last saved, carries the code of its content; raises NotBoundError without a vault."""
        stored = self._stored
        return stored is not None and holds(self._meta.db_table, stored, self.mac)

    def require_bound(self) -> None:
        """Raise NotBoundError, and log it, unless `is_bound`."""
        if not self.is_bound:
            log.error("a row of %s does not carry its code", self._meta.db_table, extra={"row": str(self.pk)})
            raise NotBoundError(self._meta.db_table, str(self.pk))

    def _remember(self) -> None:
        columns = _columns(type(self))
        is_whole = self.__dict__.keys() >= columns
        self._stored = _plain(self, self.BOUND) if is_whole else None

    def facts_now(self) -> Facts:
        """Return the facts of the row as it is in memory."""
        return _plain(self, self.BOUND)

    def _facts(self, written: set[str] | None) -> Facts:
        """Return the facts of the row once these columns are written."""
        if written is None or self._stored is None:
            return _plain(self, self.BOUND)
        names = [name for name in self.BOUND if name in written]
        return {**self._stored, **_plain(self, names)}


def keep_bound(rows: Iterable[BoundRow]) -> None:
    """Insert new rows with their codes, one statement for each table; an existing row is left as it is."""
    kinds: dict[type[BoundRow], list[BoundRow]] = {}
    for row in rows:
        row.mac = mac_of(row._meta.db_table, row.facts_now())
        kinds.setdefault(type(row), []).append(row)
    for model, some in kinds.items():
        model._default_manager.bulk_create(some, ignore_conflicts=True)


def change_bound(model: type[BoundRow], rows: Collection[BoundRow], names: Collection[str]) -> None:
    """Write these columns of rows of one table, read under lock, with new codes in one statement. Raises NotBoundError."""
    for row in rows:
        row.require_bound()
        row.mac = mac_of(model._meta.db_table, row.facts_now())
    key, written = ["pk"], [*names, "mac"]
    # Django's bulk UPDATE is slow for many rows. All rows exist, so that nothing is inserted.
    model._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=key, update_fields=written)


@dataclass(frozen=True)
class BoundEntry:
    """One row: its code, and the facts that the code covers."""

    pk: object
    mac: str
    facts: Facts


@dataclass(frozen=True)
class BoundTable:
    """Table of bound rows. `swap(pk, old, new)` replaces a code if it is still `old`; it returns the number of rows changed."""

    name: str
    entries: Callable[[], Iterable[BoundEntry]]
    swap: Callable[[object, str, str], int]


_added: dict[str, BoundTable] = {}


def add_table(table: BoundTable) -> None:
    """Add the table of a library's model, which cannot derive from `BoundRow`."""
    _added[table.name] = table


def bound_tables() -> list[BoundTable]:
    """Return every table whose rows carry a code."""
    models_found = [model for model in apps.get_models() if issubclass(model, BoundRow)]
    return [*map(_table_of, models_found), *_added.values()]


def _table_of(model: type[BoundRow]) -> BoundTable:
    rows = model._default_manager.order_by("pk")

    def entries() -> Iterator[BoundEntry]:
        for row in rows.iterator():
            yield BoundEntry(row.pk, row.mac, _plain(row, row.BOUND))

    def swap(pk: object, old: str, new: str) -> int:
        return rows.filter(pk=pk, mac=old).update(mac=new)

    return BoundTable(model._meta.db_table, entries, swap)


def _plain(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: _value(getattr(row, _column(type(row), name))) for name in names}


@cache
def _columns(model: type[BoundRow]) -> frozenset[str]:
    """Return the attributes without which a row's code cannot be checked; those that a query defers are missing."""
    return frozenset(_column(model, name) for name in ("mac", *model.BOUND))


@cache
def _column(model: type[models.Model], name: str) -> str:
    """Return the attribute with the value of the field's column."""
    return str(model._meta.get_field(name).attname)  # type: ignore[union-attr]


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, list | tuple):
        return [_value(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _value(each) for name, each in value.items()}
    return value if value is None or isinstance(value, bool | int) else str(value)


def _message(table: str, kek: str, facts: Facts) -> bytes:
    said = {"facts": facts, "kek": kek, "t": table, "v": 1}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def _held() -> MacMaker:
    if not _maker:
        raise NotBoundError("", "")
    return _maker[0]
