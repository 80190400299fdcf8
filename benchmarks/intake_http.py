# SPDX-License-Identifier: Apache-2.0
"""Intake of an alert to ten agencies by a running exchange, beside a plain service that keeps the same octets.

The plain service is what Django REST framework offers: a token, a serializer, and in one transaction a row with the octets and
one for each recipient (`benchmarks/_bare`). It checks nothing and proves nothing. A second floor keeps the octets in one row,
without authentication. All run behind the same server program and are called by the same submitters, with envelopes sealed
before. The value is the time from the first octet to the last answer, divided by the number of envelopes; *processor* is the
time of the server's own processes. A round begins when sequencer and desk-worker have no work left; their work during a round
runs beside intake, as in production.
"""

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks._bare.server import bare_server
from benchmarks._figures import report
from benchmarks._http import Form, Target, make_form, post_all
from benchmarks._processor import processor_seconds
from demo.ownership import set_up_every_app

NEEDS_HUB = True
RECIPIENTS = 10
FEW, ROUNDS, A_ROUND = 4, 5, 40
CROWD, CROWDED_ROUNDS, A_CROWDED_ROUND = 50, 2, 100
BAR, CROWD_BAR, ERRORS_BAR = 2.0, 1.1, 0.0


@dataclass
class Contestant:
    """A server, its leading process, its forms, and the milliseconds per envelope of every round."""

    target: Target
    pid: int
    forms: list[Form]
    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    put_off: int = 0

    def take_round(self, size: int, submitters: int) -> None:
        """Post the next forms."""
        share, self.forms = self.forms[:size], self.forms[size:]
        before = processor_seconds(self.pid)
        posted = post_all(self.target, share, submitters=submitters)
        self.processor.append((processor_seconds(self.pid) - before) * 1000 / size)
        self.clock.append(posted.seconds * 1000 / size)
        self.put_off += posted.put_off


def main() -> None:
    set_up_every_app()
    from benchmarks import _hub

    sender, *recipients = _hub.found_agencies("intake", 1 + RECIPIENTS)
    count = (1 + ROUNDS) * A_ROUND + CROWDED_ROUNDS * A_CROWDED_ROUND
    sealed = [
        {"manifest": each.manifest, "jwe": each.jwe} for each in _hub.seal_alerts(sender, recipients, count)
    ]
    named = [("recipients", agency.id) for agency in recipients]
    forms, plain_forms = ([make_form(parts, fields) for parts in sealed] for fields in ((), named))
    exchange = Target(os.environ["EXCHANGE_URL"], "/api/v1/envelopes", {"Authorization": sender.api_key})
    hub = Contestant(exchange, int(os.environ["EXCHANGE_PID"]), forms)
    with bare_server() as bare:
        token = {"Authorization": bare.authorization}
        rows = Contestant(Target(bare.address, "/received", token), bare.pid, plain_forms)
        octets = Contestant(Target(bare.address, "/octets", {}), bare.pid, list(forms))
        _compete([octets, rows, hub], 1 + ROUNDS, A_ROUND, FEW)
        # The first round warms up all contestants.
        _report(hub, rows, octets, first=1)
        _compete([rows, hub], CROWDED_ROUNDS, A_CROWDED_ROUND, CROWD)
        _report_crowd(hub, rows, first=1 + ROUNDS)


def _compete(contestants: Sequence[Contestant], rounds: int, size: int, submitters: int) -> None:
    from benchmarks import _hub

    for _ in range(rounds):
        for contestant in contestants:
            _hub.wait_until_followed()
            contestant.take_round(size, submitters)


def _report(hub: Contestant, rows: Contestant, octets: Contestant, *, first: int) -> None:
    name, median = f"intake HTTP {RECIPIENTS}", statistics.median
    clock, processor = median(hub.clock[first:]), median(hub.processor[first:])
    report(name, clock, median(rows.clock[first:]), bar=BAR)
    report(f"{name} processor", processor, median(rows.processor[first:]), bar=BAR)
    report(f"{name} one row", clock, median(octets.clock[first:]))
    report(f"{name} one row processor", processor, median(octets.processor[first:]))


def _report_crowd(hub: Contestant, rows: Contestant, *, first: int) -> None:
    """Report the rate with many submitters, against the bar for few; a postponed envelope counts as an error."""
    name = f"intake HTTP {RECIPIENTS} by {CROWD}"
    clock = statistics.median(hub.clock[first:])
    report(name, clock, statistics.median(rows.clock[first:]), bar=BAR)
    report(f"{name} held", clock, statistics.median(hub.clock[1:first]), bar=CROWD_BAR)
    report(f"{name} errors", hub.put_off, CROWDED_ROUNDS * A_CROWDED_ROUND, unit="errors", bar=ERRORS_BAR)


if __name__ == "__main__":
    main()
