# SPDX-License-Identifier: Apache-2.0
"""Mails by the desk's own rows: whether any is still to be sent, and which may have been sent twice."""

import psycopg

from demo.cast import wait_for
from devtool.owndesk.supervision import OwnDesk
from devtool.supervision import Hub

SETTLED = ("sent", "failed", "held", "suppressed")
SETTLES_WITHIN_SECONDS = 240


def wait_until_told(hub: Hub | OwnDesk) -> None:
    """Return once no mail is under way; mails that wait for the end of quiet hours may wait."""
    wait_for(lambda: None if _under_way(hub) else True, "Every mail", within_seconds=SETTLES_WITHIN_SECONDS)


def uncertain_mails(hub: Hub | OwnDesk) -> set[str]:
    """Return the Message-IDs of mails that are marked as possibly sent twice."""
    return set(_ask(hub, "SELECT message_id FROM notices_notification WHERE uncertain", ()))


def _under_way(hub: Hub | OwnDesk) -> list[str]:
    waiting = "SELECT id::text FROM notices_notification WHERE NOT state = ANY(%s) AND cause <> 'quiet'"
    return _ask(hub, waiting, (list(SETTLED),))


def _ask(hub: Hub | OwnDesk, question: str, values: tuple[object, ...]) -> list[str]:
    with psycopg.connect(hub.world.database_urls["mailer"], connect_timeout=5) as connection:
        return [str(row[0]) for row in connection.execute(question.encode(), values)]
