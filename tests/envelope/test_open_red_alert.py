# SPDX-License-Identifier: Apache-2.0
"""Opening RED: an alert whose names are malformed or leave out an agency does not open, whoever sealed it."""

from collections.abc import Callable
from typing import Any

import pytest

from accord.envelope.content import NamedOfficer
from accord.envelope.encoding import canonical, unb64u
from accord.envelope.errors import (
    Failure,
)
from accord.envelope.keys import PQ1
from tests.envelope.receiving import opening_cause, slice_for
from tests.envelope.tampering import encrypted_again, inner_signed, read
from tests.envelope.world import World, terms

RED = terms(tlp="RED")
NAMED = [NamedOfficer("xb-bravo", "of-1"), NamedOfficer("xc-charlie", "of-2")]
RED_BROKEN: dict[str, tuple[Callable[[dict[str, Any]], None], Failure]] = {
    "another number than named": (lambda inner: inner.update(named=1), Failure.MALFORMED),
    "names not sorted": (lambda inner: inner["names"].reverse(), Failure.MALFORMED),
    "an officer twice": (
        lambda inner: inner.update(names=[inner["names"][0]] * 2),
        Failure.MALFORMED,
    ),
    "an agency without an officer": (
        lambda inner: inner["names"][1].update(a="xb-bravo"),
        Failure.RED,
    ),
}


@pytest.mark.parametrize(("change", "cause"), RED_BROKEN.values(), ids=RED_BROKEN.keys())
def test_red_names_one_officer_at_least_of_each_agency(
    pq1: World, change: Callable[[dict[str, Any]], None], cause: Failure
) -> None:
    bravo = pq1.others[0]
    sealed = pq1.seal(terms=RED, names=NAMED)
    payload = read(unb64u(read(pq1.deliver(sealed, bravo).inner_jws)["payload"]))
    size = len(canonical(payload))
    change(payload)
    inner = inner_signed(pq1.alpha.signing[PQ1], canonical(payload).ljust(size))
    broken = encrypted_again(inner, RED, pq1.alpha, pq1.others, PQ1, named=2)
    assert opening_cause(pq1, slice_for(pq1, broken, bravo), bravo) is cause
