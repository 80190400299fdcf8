# SPDX-License-Identifier: Apache-2.0
"""Attribution of acts to persons: whoever invited a person, or reset the person's factors, could be acting as that person.

- Until a second admin or releaser has confirmed the person, everything the person does also counts as done by whoever
  invited or reset.
- Two officers are independent if no person counts as both of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, TypeVar

from django.db.models import F

from callers.binding import has_maker
from officers.models import Officer
from officers.power_rows import PowerChange
from officers.visibility import without_sign_in

Doubts = Mapping[str, Collection[str]]
Key = TypeVar("Key")
_OFFICER: Final = "officer:"
_UNCONFIRMED: Final = (PowerChange.Outcome.WAITING, PowerChange.Outcome.STOPPED)


def counts_as(officer: Officer) -> frozenset[str]:
    """Return the audit names of all persons whose acts this officer's acts count as, the officer included."""
    return attributed_to([officer.audit_name])


def attributed_to(names: Iterable[str]) -> frozenset[str]:
    """Return the names that acts of several audit names count as; names of others than officers stay as they are."""
    found = frozenset(names)
    return _reached(found, _doubts_about(found))


def _doubts_about(names: Collection[str]) -> Doubts:
    """Return by audit name who could be acting as that person, for these names and all that they lead to."""
    found, newly = defaultdict[str, set[str]](set), frozenset(names)
    known = newly
    while newly:
        ids = [name.removeprefix(_OFFICER) for name in newly if name.startswith(_OFFICER)]
        rows = PowerChange.objects.filter(kind=PowerChange.Kind.IDENTITY, officer__public_id__in=ids)
        doubts = rows.exclude(asked_by=None).select_related("asked_by").defer(*without_sign_in("asked_by"))
        for row in doubts.annotate(whose=F("officer__public_id")):
            if row.asked_by and _stands(row):
                found[f"{_OFFICER}{row.whose}"].add(row.asked_by.audit_name)
        newly = frozenset[str]().union(*found.values()) - known
        known |= newly
    return found


def _reached(names: Iterable[str], doubts: Doubts) -> frozenset[str]:
    """Return these names and all that they lead to."""
    found = newly = frozenset(names)
    while newly:
        newly = frozenset[str]().union(*(doubts.get(name, ()) for name in newly)) - found
        found |= newly
    return found


def _stands(doubt: PowerChange) -> bool:
    """Tell whether nobody has confirmed the person; a row that says so without its code confirms nobody."""
    return doubt.outcome in _UNCONFIRMED or (has_maker() and not doubt.is_bound)


def is_independent(officer: Officer, names: Iterable[str]) -> bool:
    """Tell whether no person counts as both this officer and one of these audit names.

    Both sides are extended: of two accounts controlled by one admin, one must not release what the other wrote.
    """
    return bool(independent_of([officer], names))


def independent_of(officers: Collection[Officer], names: Iterable[str]) -> list[Officer]:
    """Return the officers who are independent of everybody named, in their order."""
    return independent_of_each(officers, {"": names})[""]


def independent_of_each(
    officers: Collection[Officer], named: Mapping[Key, Iterable[str]]
) -> dict[Key, list[Officer]]:
    """The same for several groups of names, by their keys; the number of queries does not grow with the groups."""
    behind = {key: frozenset(names) for key, names in named.items()}
    own = {officer.audit_name for officer in officers}
    doubts = _doubts_about(own.union(*behind.values()))
    counts = [(officer, _reached([officer.audit_name], doubts)) for officer in officers]
    found = {}
    for key, names in behind.items():
        reached = _reached(names, doubts)
        found[key] = [officer for officer, own_names in counts if own_names.isdisjoint(reached)]
    return found
