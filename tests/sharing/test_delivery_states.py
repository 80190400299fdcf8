# SPDX-License-Identifier: Apache-2.0
"""The table of moves: every move in it is possible, all others are refused."""

import itertools

import pytest

from callers.errors import MoveError
from sharing.states import DELIVERY_MOVES, DeliveryState, move

LIFE = {
    ("pending", "number"): "available",
    ("pending", "hold"): "held",
    ("pending", "expire"): "expired",
    ("held", "resume"): "pending",
    ("held", "expire"): "expired",
    ("available", "fetch"): "fetched",
    ("fetched", "acknowledge"): "acknowledged",
}


def test_the_table_is_the_life_of_a_delivery() -> None:
    assert DELIVERY_MOVES == LIFE


@pytest.mark.parametrize(
    ("state", "verb"),
    sorted(set(itertools.product(DeliveryState.values, {verb for _, verb in LIFE})) - LIFE.keys()),
)
def test_any_other_move_is_refused(state: str, verb: str) -> None:
    with pytest.raises(MoveError) as refused:
        move(state, verb)
    assert (refused.value.state, refused.value.move) == (state, verb)
