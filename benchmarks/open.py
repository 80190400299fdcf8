# SPDX-License-Identifier: Apache-2.0
"""Opening one recipient's slice of an alert to 500, and the exchange's checks of all its entries.

Opening includes receipt, path, every signature and every comparison; its floor is the signature checks and the one
decapsulation over the same octets. The floor of the exchange's checks is EC1's floor of sealing.
"""

from functools import partial

from accord.envelope.encoding import canonical
from accord.envelope.jws import parse_jws
from accord.envelope.keys import EC1, PQ1
from accord.envelope.slices import parse_slice
from accord.envelope.tree.notes import parse_note
from accord.envelope.vocabulary import TYP_INNER
from benchmarks._agencies import HeldAgency, World, alert_of
from benchmarks._figures import Work, median_seconds, report_ms
from benchmarks._floors import open_floor, seal_floor_ec1

COUNT = 500
OPEN_BARS = {EC1: 2.5, PQ1: 2.0}
INTAKE_BARS = {EC1: 0.20, PQ1: 0.30}


def main() -> None:
    world = World(COUNT)
    for suite in (EC1, PQ1):
        _open(world, suite)
        _check_intake(world, suite)


def _open(world: World, suite: str) -> None:
    reader = world.recipients[0]
    octets = world.slice_for(reader, world.seal(suite, COUNT, alert_of(4096)))
    contestants: dict[str, Work] = {
        "open": partial(world.open, reader, octets),
        "floor": open_floor(world, suite, _signed_octets(world, reader, octets)),
    }
    seconds = median_seconds(contestants, rounds=200, calls=4)
    report_ms(f"open {suite} {COUNT}", seconds["open"], seconds["floor"], bar=OPEN_BARS[suite])


def _signed_octets(world: World, reader: HeldAgency, octets: bytes) -> list[bytes]:
    """Return the octets that the signatures of checkpoint, manifest and content cover."""
    unverified = parse_slice(octets)
    note = parse_note(unverified.receipts[0].checkpoint)
    inner_jws = world.open(reader, octets).inner_jws
    inner = parse_jws(inner_jws, TYP_INNER, limit=len(inner_jws))
    return [
        note.text.encode(),
        unverified.manifest_jws.signatures[0].signed,
        inner.signatures[0].signed,
    ]


def _check_intake(world: World, suite: str) -> None:
    alert = alert_of(4096)
    sealed = world.seal(suite, COUNT, alert)
    contestants: dict[str, Work] = {
        "checks": partial(world.check_intake, sealed),
        "floor": seal_floor_ec1(world, COUNT, canonical(alert)),
    }
    seconds = median_seconds(contestants, rounds=25)
    bar = INTAKE_BARS[suite]
    report_ms(f"intake checks {suite} {COUNT}", seconds["checks"], seconds["floor"], bar=bar)


if __name__ == "__main__":
    main()
