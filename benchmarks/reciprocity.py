# SPDX-License-Identifier: Apache-2.0
"""The record of a pair that has exchanged 100,000 alerts within the year, against that of a pair with 1,000.

A page is requested as by a browser, in process: session, rights, queries, counting, drawing, rendering. The brief lists every item
besides, since its digest is over all of them; it is shown beside and has no bar.
"""

import os
import time
from functools import partial
from typing import TYPE_CHECKING

from benchmarks._figures import Work, median_seconds, report_ms
from demo.ownership import set_up_every_app, take_owners_login

if TYPE_CHECKING:
    from peers.models import Agency

NEEDS_HUB = True
MANY, FEW = 100_000, 1_000
BAR, ROUNDS = 1.5, 15


def main() -> None:
    set_up_every_app()
    # The desk's login may not file alerts that nobody sent.
    take_owners_login(os.environ["BENCH_OWNER_URL"])
    from django.utils import timezone

    from benchmarks._many import send_many
    from benchmarks.lists import signed_in_client
    from peers.models import Agency

    lab, health, customs = (Agency.objects.get(pk=pk) for pk in ("xa-lab", "xb-health", "xc-customs"))
    now = timezone.now()
    send_many(lab, customs, MANY, every=100, now=now)
    send_many(health, customs, FEW, every=10, now=now)
    _count_all(customs)
    client = signed_in_client("xc-customs")
    days = f"?first={now.year - 1}-01-01&last={now.year}-12-31"

    def page(address: str) -> None:
        answer = client.get(address + days)
        assert answer.status_code == 200, answer.status_code

    for name, address, bar in (("record", "", BAR), ("brief", "brief/", None)):
        works: dict[str, Work] = {
            "many": partial(page, f"/reciprocity/xa-lab/{address}"),
            "few": partial(page, f"/reciprocity/xb-health/{address}"),
        }
        seconds = median_seconds(works, rounds=ROUNDS, clock=time.perf_counter)
        report_ms(f"{name} {MANY}", seconds["many"], seconds["few"], bar=bar)


def _count_all(agency: "Agency") -> None:
    """Write the rows that the desk-worker would have written for everything that the agency received."""
    from django.db import connection

    from accord.reciprocity import all_counts
    from alerts.document.choices import ALERT_TYPES
    from alerts.projections.tokens import tokens_of
    from reciprocity.contributions import COUNTS_AS

    every = list(all_counts(code for code, _label in ALERT_TYPES))
    words = [word for word in every if "+" not in word] * 6 + [word for word in every if "+" in word][:6]
    tokens = tokens_of(agency.pk, [(COUNTS_AS, word) for word in words])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reciprocity_contribution (agency_id, peer_id, is_given, md, re_md, is_red, counts_as, logged_at, received_id)"
            " SELECT agency_id, iss, false, md, '', false, (%s::bytea[])[1 + log_index %% %s], logged_at, id"
            " FROM alerts_receivedalert WHERE agency_id = %s AND status = 'actual' ON CONFLICT DO NOTHING",
            [tokens, len(tokens), agency.pk],
        )
        # As autovacuum does within a minute: without it each row that an index has is looked up in the table.
        cursor.execute("VACUUM ANALYZE reciprocity_contribution, reciprocity_dailycount")


if __name__ == "__main__":
    main()
