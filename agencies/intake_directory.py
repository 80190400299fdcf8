# SPDX-License-Identifier: Apache-2.0
"""The directory for one submission: everything about its issuer and its recipients in one SQL statement.

Most agencies have never revoked a key nor recovered a root: their newest accepted keyset, once logged, says everything. Where
that holds for all agencies concerned, the answers come from this first read; otherwise each question goes to
`agencies.directory`, which knows every case.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from accord.envelope import keysets as envelope
from agencies.directory import DatabaseKeyDirectory, pick_recipient_keys, read_stored_keyset
from ledger.proofs import COVERED

# Owners include those of encryption keys in any state; `plain` says that only the newest keyset counts.
_READ: Final = f"""
WITH owner AS (
    SELECT kid, agency_id FROM agencies_key WHERE kid = ANY(%(kids)s) AND use = 'enc'
), asked(id) AS (
    SELECT %(issuer)s UNION SELECT agency_id FROM owner
)
SELECT asked.id, covered.t, covered.index, newest.succession, newest.custody, newest.low, newest.exp,
    CASE WHEN asked.id = %(issuer)s THEN newest.jws END,
    ARRAY(SELECT kid FROM owner WHERE owner.agency_id = asked.id),
    ARRAY(SELECT kid FROM agencies_key WHERE agency_id = asked.id AND suspended_at IS NOT NULL),
    NOT EXISTS (SELECT FROM agencies_keyset WHERE agency_id = asked.id AND succession = 'recovered')
        AND NOT EXISTS (SELECT FROM agencies_revocation WHERE agency_id = asked.id)
        AND NOT EXISTS (SELECT FROM ledger_setaside WHERE distrusts = 'agency' AND subject = asked.id),
    newest.rows
FROM asked LEFT JOIN LATERAL (
    SELECT * FROM agencies_keyset WHERE agency_id = asked.id ORDER BY version DESC LIMIT 1
) newest ON true LEFT JOIN {COVERED} AS covered ON covered.od = newest.od
"""  # noqa: S608 - of the ledger's own words


@dataclass(frozen=True)
class _Asked:
    """One agency as read: its newest accepted keyset, registered kids, and whether the keyset says everything.

    `log_time` is None where there is no keyset, or none that the ledger has logged.
    """

    log_time: int | None
    log_index: int | None
    succession: str
    custody: str
    low: str
    exp: int
    jws: bytes | None
    owned: Sequence[str]
    suspended: Sequence[str]
    is_plain: bool
    stored_rows: str | None

    @property
    def rows(self) -> Sequence[dict[str, Any]]:
        """The keyset's facts about its keys, as in `agencies.models.Keyset`."""
        found: list[dict[str, Any]] = json.loads(self.stored_rows or "[]")
        return found


class SubmissionDirectory(DatabaseKeyDirectory):
    """The directory at one moment, for an envelope of `issuer` with entries for the keys `kids`."""

    def __init__(self, now: datetime, *, issuer: str, kids: Sequence[str]) -> None:
        super().__init__(now)
        self._asked = _read(issuer, kids)
        self._all_plain = all(asked.is_plain and asked.log_time is not None for asked in self._asked.values())
        own = self._asked[issuer]
        if self._all_plain and own.jws is not None:
            self._newest[issuer] = read_stored_keyset(own.jws, own.log_time, own.succession, own.log_index)
            self._revokes[issuer] = []

    def owners(self, kids: Sequence[str]) -> Mapping[str, str]:
        """Return the agency of each of these encryption keys, in any state; unknown kids are missing."""
        return {kid: agency for agency, asked in self._asked.items() for kid in asked.owned}

    def suspended_kids(self, agency: str) -> Collection[str]:
        """Return the keys blocked at intake: suspended, or revoked by a `revoke` that the ledger has yet to log."""
        return self._asked[agency].suspended if self._all_plain else super().suspended_kids(agency)

    def recipient_keys(
        self, agencies: Sequence[str], suite: str, now: int
    ) -> Mapping[str, envelope.RecipientKey]:
        """Return what the base class returns, without a query where all agencies concerned are plain."""
        if not self._all_plain:
            return super().recipient_keys(agencies, suite, now)
        blocked = {kid for asked in self._asked.values() for kid in asked.suspended}
        facts = {agency: self._asked[agency] for agency in agencies}
        return pick_recipient_keys(facts, suite, now, revoked=(), blocked=blocked)


def _read(issuer: str, kids: Sequence[str]) -> dict[str, _Asked]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"issuer": issuer, "kids": list(kids)})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return {agency: _Asked(*facts) for agency, *facts in found}
