# SPDX-License-Identifier: Apache-2.0
"""Keysets of many agencies at once: what is newer than the keysets a caller holds.

A constant number of SQL statements for any number of agencies, two where nothing is new. An agency with a recovery in its
history, which is rare, is read by itself.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from agencies.directory import DatabaseKeyDirectory, PublishedKeyset
from agencies.models import Agency, Keyset, Revocation
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.limits import KEYSETS
from ledger import proofs

MOST_ASKED: Final = KEYSETS
"""The most agencies in one question."""
FULL_BYTES: Final = 4 * 1024 * 1024
"""An answer ends before the keyset that would exceed this size; receipts, some 3 KiB each, do not count."""

# From each agency's newest keyset down to the first that is logged; a plain join would read the whole log.
_LOGGED: Final = f"""
SELECT asked.agency_id, newest.version, newest.od, newest.index, said.newest,
    newest.octets + coalesce(said.octets, 0),
    EXISTS (SELECT FROM agencies_keyset WHERE agency_id = asked.agency_id AND succession = 'recovered')
FROM unnest(%s::text[]) AS asked(agency_id)
CROSS JOIN LATERAL (
    SELECT keyset.version, keyset.od, leaf.index, keyset.octets
    FROM (
        SELECT version, od, octet_length(jws) AS octets FROM agencies_keyset
        WHERE agency_id = asked.agency_id ORDER BY version DESC OFFSET 0
    ) AS keyset
    CROSS JOIN LATERAL (
        SELECT index FROM {proofs.COVERED} AS covered WHERE covered.od = keyset.od LIMIT 1
    ) AS leaf
    ORDER BY keyset.version DESC LIMIT 1
) AS newest
LEFT JOIN LATERAL (
    SELECT max(leaf.index) AS newest, sum(octet_length(word.jws)) AS octets
    FROM agencies_revocation AS word
    CROSS JOIN LATERAL (
        SELECT index FROM {proofs.COVERED} AS covered WHERE covered.od = word.od LIMIT 1
    ) AS leaf
    WHERE word.agency_id = asked.agency_id
) AS said ON true
"""  # noqa: S608 - of a constant


@dataclass(frozen=True)
class NewerKeysets:
    """Newer keysets than a caller holds; each agency stands in one of the lists, in the order asked."""

    newer: Mapping[str, PublishedKeyset]
    unchanged: list[str]
    unknown: list[str]
    """Agencies that are not in the directory, or have no keyset in force."""
    rest: list[str]
    """Agencies with newer keysets that did not fit into this answer; ask about them again."""


@dataclass(frozen=True)
class _InForce:
    """The keyset in force of an agency, and the leaf index of its newest logged revocation."""

    od: str
    version: int
    index: int
    revoked: int | None
    octets: int

    def is_news_to(self, held: int) -> bool:
        return self.version > held or (self.revoked is not None and self.revoked > self.index)


def newer_keysets(actor: Actor, held: Mapping[str, int], *, now: datetime) -> NewerKeysets:
    """Return what is newer for each agency in `held`, which gives the caller's keyset version (0 for none).

    Newer is a keyset in force of a higher version, or a revocation that was logged after the keyset in force. Answers as
    `published_keyset`, but shows even the own agency only what the ledger has logged. Raises NotPermittedError.
    """
    require(actor, Capability.DIRECTORY_READ)
    known = Agency.objects.visible_to(actor).filter(pk__in=held).values_list("pk", flat=True)
    in_force = _in_force(list(known), now)
    changed = [agency for agency in held if agency in in_force and in_force[agency].is_news_to(held[agency])]
    newer = _published([in_force[agency].od for agency in _fitting(changed, in_force)])
    return NewerKeysets(
        newer=newer,
        unchanged=[agency for agency in held if agency in in_force and agency not in changed],
        unknown=[agency for agency in held if agency not in in_force],
        rest=[agency for agency in changed if agency not in newer],
    )


def _in_force(agencies: list[str], now: datetime) -> dict[str, _InForce]:
    with connection.cursor() as cursor:
        cursor.execute(_LOGGED, [agencies])
        rows = cursor.fetchall()
    directory, found = DatabaseKeyDirectory(now), {}
    for agency, version, od, index, revoked, octets, was_recovered in rows:
        if not was_recovered:
            found[agency] = _InForce(od, version, index, revoked, octets)
        elif (keyset := directory.keyset(agency)) is not None:
            assert keyset.log_index is not None, "a keyset in force is logged"
            found[agency] = _InForce(keyset.od, keyset.version, keyset.log_index, revoked, octets)
    return found


def _fitting(agencies: Sequence[str], in_force: Mapping[str, _InForce]) -> Sequence[str]:
    """Return the first agencies whose keysets and revocations fit into one answer, at least one."""
    total = 0
    for count, agency in enumerate(agencies):
        total += in_force[agency].octets
        if total > FULL_BYTES and count:
            return agencies[:count]
    return agencies


def _published(ods: Sequence[str]) -> dict[str, PublishedKeyset]:
    """Return these keysets as the directory shows them, by agency and in their order."""
    if not ods:
        return {}
    rows = Keyset.objects.in_bulk(ods, field_name="od")
    words = list(
        Revocation.objects.filter(agency_id__in={row.agency_id for row in rows.values()}).order_by(
            "accepted_at"
        )
    )
    receipts = proofs.receipts_for([*ods, *(word.od for word in words)])
    said: defaultdict[str, list[tuple[bytes, dict[str, Any]]]] = defaultdict(list)
    for word in words:
        if word.od in receipts:
            said[word.agency_id].append((bytes(word.jws), receipts[word.od]))
    return {
        rows[od].agency_id: PublishedKeyset(rows[od], receipts.get(od), tuple(said[rows[od].agency_id]))
        for od in ods
    }
