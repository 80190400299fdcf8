# SPDX-License-Identifier: Apache-2.0
"""The whole table of states: every move from every state is either in the table or refused."""

from itertools import product

import pytest

from alerts.errors import MoveRefusedError
from alerts.models import Alert
from alerts.states import MOVES, AlertState, Move, check_move

ALLOWED = {
    (Move.EDIT, "draft"): "draft",
    (Move.SUBMIT, "draft"): "submitted",
    (Move.VALIDATE, "submitted"): "validated",
    (Move.RETURN, "submitted"): "draft",
    (Move.RETURN, "validated"): "draft",
    (Move.RELEASE, "validated"): "queued",
    (Move.SEND, "queued"): "released",
    (Move.CANCEL, "queued"): "validated",
    (Move.REFUSE, "queued"): "validated",
    (Move.REAFFIRM, "released"): "released",
    (Move.AMEND, "released"): "released",
    (Move.WITHDRAW, "released"): "withdrawn",
    (Move.DISCARD, "draft"): "discarded",
}


@pytest.mark.parametrize(("move", "state"), list(product(Move, AlertState.values)), ids=str)
def test_each_move_starts_where_the_table_says_and_nowhere_else(move: Move, state: str) -> None:
    alert = Alert(state=state)
    if (move, state) in ALLOWED:
        assert check_move(alert, move) == ALLOWED[move, state]
        return
    with pytest.raises(MoveRefusedError) as refused:
        check_move(alert, move)
    assert (refused.value.move, refused.value.state) == (move, state)


def test_the_drawing_beside_the_table_names_every_move() -> None:
    import alerts.states

    drawing = alerts.states.__doc__ or ""
    assert all(move.value in drawing for move in MOVES if move is not Move.EDIT)
