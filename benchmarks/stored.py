# SPDX-License-Identifier: Apache-2.0
"""Storage cost of an alert to 3 and to 20 agencies in each database: mean kilobytes of tables, indexes and large values.

Alerts are written, checked and released at a desk as in `release.py`, with a structure and without files, to agencies with keys
of their own. The floor is the sealed octets: manifest and ciphertext.
"""

import os
from collections.abc import Mapping

import psycopg

from benchmarks._figures import report
from benchmarks.release import check, fields, introduce
from demo.cast import Cast
from demo.ownership import set_up_every_app
from devtool.processes import wait_until

NEEDS_HUB = True
SIZES = (3, 20)
COUNT = 40
ORIGINATOR = "xa-lab"
HALVES: Mapping[str, str] = {"desk": "BENCH_OWNER_URL", "exchange": "BENCH_EXCHANGE_OWNER_URL"}
SIZE = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
SEALED = "SELECT coalesce(sum(size_bytes), 0) FROM sharing_envelope"


def main() -> None:
    set_up_every_app()
    from benchmarks import _hub

    peers = [agency.id for agency in _hub.found_agencies("stored", max(SIZES))]
    _hub.join([ORIGINATOR, *peers])
    introduce(peers)
    for size in SIZES:
        _release(peers[:size])
        before, sealed = _sizes(), _sealed()
        for _ in range(COUNT):
            _release(peers[:size])
        _hub.wait_until_followed()
        floor = (_sealed() - sealed) / COUNT / 1000
        for half, octets in _sizes().items():
            report(f"stored {size} at the {half}", (octets - before[half]) / COUNT / 1000, floor, unit="kB")


def _release(recipients: list[str]) -> None:
    cast = Cast()
    author, releaser = cast.officer("ilka"), cast.officer("benno")
    path, etag = check(author, releaser, fields() | {"recipients": recipients})
    releaser.post(f"{path}/release", etag=etag)
    wait_until(
        lambda: releaser.get(path)["log_index"] is not None, "the receipt at the desk", timeout_seconds=60
    )


def _sizes() -> dict[str, int]:
    found = {}
    for half, url in HALVES.items():
        with psycopg.connect(os.environ[url], autocommit=True) as owner:
            owner.execute("VACUUM")
            found[half] = _number(owner, SIZE)
    return found


def _sealed() -> int:
    with psycopg.connect(os.environ[HALVES["exchange"]]) as owner:
        return _number(owner, SEALED)


def _number(owner: "psycopg.Connection[tuple[int, ...]]", query: str) -> int:
    row = owner.execute(query).fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    main()
