# SPDX-License-Identifier: Apache-2.0
"""The place of an envelope among the versions of one alert: updates name the version they replace."""

from typing import Final

from django.db import connection

_CHAIN: Final = """
WITH RECURSIVE chain(md, re_md, number) AS (
    SELECT md, CASE WHEN kind = 'update' THEN re_md END, 1 FROM sharing_envelope WHERE md = %s
  UNION ALL
    SELECT before.md, CASE WHEN before.kind = 'update' THEN before.re_md END, chain.number + 1
    FROM chain JOIN sharing_envelope before ON before.md = chain.re_md
)
SELECT md, number FROM chain ORDER BY number DESC LIMIT 1
"""


def place_among_versions(md: str) -> tuple[str, int]:
    """The address of the first version, and the number of this one, from 1; for what is no update, itself and 1."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, [md])
        row = cursor.fetchone()
    return (row[0], row[1]) if row else (md, 1)
