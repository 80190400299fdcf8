# SPDX-License-Identifier: Apache-2.0
"""Intake of an alert to ten agencies by a running exchange, against a bare insert of the same octets.

Both stand behind the same server program and are called by the same four submitters; the value is the time from
the first octet to the last answer, divided by the number of envelopes. A round begins when the sequencer has
nothing left to do, which goes on beside intake as it does in life.
"""

import os
import statistics
from collections.abc import Sequence

import django

from accord.envelope.seal import SealedEnvelope
from benchmarks._bare.server import PATH, bare_server
from benchmarks._figures import report
from benchmarks._http import Form, Target, make_form, post_all

NEEDS_HUB = True
RECIPIENTS, SUBMITTERS, ROUNDS, A_ROUND = 10, 4, 6, 32


def main() -> None:
    django.setup()
    from benchmarks import _hub

    sender, *recipients = _hub.found_agencies("intake", 1 + RECIPIENTS)
    forms = [_form(sealed) for sealed in _hub.seal_alerts(sender, recipients, (1 + ROUNDS) * A_ROUND)]
    hub = Target(os.environ["EXCHANGE_URL"], "/api/v1/envelopes", {"Authorization": sender.api_key})
    taken: dict[str, list[float]] = {"hub": [], "bare": []}
    with bare_server() as address:
        bare = Target(address, PATH, {})
        for number in range(1 + ROUNDS):
            share = forms[number * A_ROUND : (1 + number) * A_ROUND]
            _hub.wait_until_numbered()
            taken["bare"].append(_milliseconds(bare, share))
            taken["hub"].append(_milliseconds(hub, share))
    # The first round warms both up.
    value, floor = (statistics.median(taken[name][1:]) for name in ("hub", "bare"))
    report(f"intake HTTP {RECIPIENTS}", value, floor)


def _form(sealed: SealedEnvelope) -> Form:
    return make_form({"manifest": sealed.manifest, "jwe": sealed.jwe})


def _milliseconds(target: Target, forms: Sequence[Form]) -> float:
    return post_all(target, forms, submitters=SUBMITTERS) * 1000 / len(forms)


if __name__ == "__main__":
    main()
