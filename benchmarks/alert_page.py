# SPDX-License-Identifier: Apache-2.0
"""The page of a received question with a structure and two analyses, as an officer's browser asks for it again.

The page is requested in process. `value` is processor time of this process without the checks: verification, and the control
status that is computed anew and compared with what was signed. These are the floor.
"""

import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks._figures import report
from demo import alerts as texts
from demo.cast import Cast
from demo.ownership import set_up_every_app, take_owners_login
from devtool.processes import wait_until

NEEDS_HUB = True
RECIPIENT = "xc-customs"
READINGS, WARM_UP, LIMIT_MS, PATIENCE_SECS = 200, 20, 60, 60


def main() -> None:
    set_up_every_app()
    take_owners_login(os.environ["BENCH_OWNER_URL"])
    from benchmarks.lists import signed_in_client
    from desk.alerts.display import controlled
    from desk.alerts.received import page

    client, address = signed_in_client(RECIPIENT), f"/inbox/{_received()}/"
    client.post(address, {"reason": "on_duty"})
    spent = [0.0]
    for module, name in ((page, "open_alert"), (controlled, "replay_document")):
        setattr(module, name, _counted(getattr(module, name), spent))
    rest, checks = list[float](), list[float]()
    for _ in range(WARM_UP + READINGS):
        spent[0], began = 0.0, time.process_time()
        answer = client.get(address)
        whole = time.process_time() - began
        assert answer.status_code == 200 and b'class="mol"' in answer.content, answer.status_code
        rest.append(whole - spent[0])
        checks.append(spent[0])
    value, floor = (1000 * statistics.median(times[WARM_UP:]) for times in (rest, checks))
    report("alert page beside checks", value, floor, limit=LIMIT_MS)


def _received() -> str:
    """Ask the question, and return its row at the recipient once its card is made."""
    from alerts.models import Alert, ReceivedAlert
    from benchmarks.release import check

    cast = Cast()
    author, releaser = cast.officer("ilka"), cast.officer("benno")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    named = {name: texts.FESTIVAL[name] for name in ("preferred_name", "structure", "inchikey", "formula")}
    evidence = texts.NINE_COLLAPSES["evidence"]
    data = {
        **texts.SEDATIVE,
        **named,
        "evidence": evidence,
        "event_date": yesterday,
        "recipients": [RECIPIENT],
    }
    data.pop("technique")
    path, etag = check(author, releaser, data)
    releaser.post(f"{path}/release", etag=etag)
    md = Alert.objects.get(pk=path.rpartition("/")[2]).md
    rows = ReceivedAlert.objects.filter(agency=RECIPIENT, md=md, derived_at__isnull=False)
    wait_until(rows.exists, "the question at its recipient", timeout_seconds=PATIENCE_SECS)
    return str(rows.get().pk)


def _counted(work: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """Return the function, adding the processor time of each call to `spent`."""

    def call(*args: Any, **kwargs: Any) -> Any:
        began = time.process_time()
        try:
            return work(*args, **kwargs)
        finally:
            spent[0] += time.process_time() - began

    return call


if __name__ == "__main__":
    main()
