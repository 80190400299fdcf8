# SPDX-License-Identifier: Apache-2.0
"""A backup of the exchange's rows, taken and brought back within one database."""

import io

from django.core.management import call_command
from django.db import connection
from pytest_django.fixtures import Settings

from ledger.models import Wanted
from sharing.models import Delivery, FeedHead, FeedMark
from tests.builders import Hub
from tests.ledger.tampering import tamper
from tests.ledger.test_adopt_ledger import restore_old_database
from tests.role_logins import under_login_of

LOST = (
    "DELETE FROM sharing_delivery WHERE envelope_id = ANY('{{{mds}}}')",
    "DELETE FROM sharing_feeditem WHERE d = ANY('{{{mds}}}')",
    "DELETE FROM sharing_statementdelivery WHERE statement_id = ANY('{{{mds}}}')",
    "DELETE FROM sharing_statement WHERE od = ANY('{{{mds}}}')",
    "DELETE FROM agencies_keyset WHERE od = ANY('{{{mds}}}')",
    "DELETE FROM agencies_revocation WHERE od = ANY('{{{mds}}}')",
    "DELETE FROM sharing_envelope WHERE md = ANY('{{{mds}}}')",
)


class Backup:
    """The exchange's rows at one moment, kept so that `restore` can bring them back."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM ledger_leaf")
            self._leaves = cursor.fetchone()[0]
        self._heads = list(FeedHead.objects.values())
        self._deliveries = list(
            Delivery.objects.values("id", "state", "fetched_at", "acknowledged_at", "answer")
        )
        self._mark = FeedMark.objects.get().next_leaf

    def restore(self, settings: Settings, *lost: str) -> str:
        """Bring the rows back, adopt the ledger, and return the output of `adopt_ledger`.

        `lost`: digests of what came after the backup.
        """
        tamper(*(statement.format(mds=",".join(lost)) for statement in LOST))
        restore_old_database(self._leaves)
        FeedHead.objects.all().delete()
        FeedHead.objects.bulk_create(FeedHead(**row) for row in self._heads)
        for row in self._deliveries:
            Delivery.objects.filter(pk=row["id"]).update(**row)
        FeedMark.objects.update(next_leaf=self._mark)
        Wanted.objects.all().delete()
        settings.LEDGER_VKEY, settings.LEDGER_STATE_DIR = self._hub.key.vkey, str(self._hub.folder)
        out = io.StringIO()
        with under_login_of("sequencer"):
            call_command("adopt_ledger", "--yes", stdout=out)
        self._hub.sequence()
        return out.getvalue()
