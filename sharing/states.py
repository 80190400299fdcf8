# SPDX-License-Identifier: Apache-2.0
"""The states of a delivery, and the moves that it may make.

pending -number-> available | -hold-> held; held -resume-> pending; pending | held -expire-> expired;
available -fetch-> fetched -acknowledge-> acknowledged. What is once numbered is never un-numbered.
"""

from typing import Final

from callers.deliveries import DeliveryState as DeliveryState  # noqa: PLC0414
from callers.errors import MoveError

_S = DeliveryState

DELIVERY_MOVES: Final[dict[tuple[str, str], DeliveryState]] = {
    (_S.PENDING, "number"): _S.AVAILABLE,
    (_S.PENDING, "hold"): _S.HELD,
    (_S.HELD, "resume"): _S.PENDING,
    (_S.PENDING, "expire"): _S.EXPIRED,
    (_S.HELD, "expire"): _S.EXPIRED,
    (_S.AVAILABLE, "fetch"): _S.FETCHED,
    (_S.FETCHED, "acknowledge"): _S.ACKNOWLEDGED,
}

VISIBLE_STATES: Final = (_S.AVAILABLE, _S.FETCHED, _S.ACKNOWLEDGED)
"""The states that a recipient may see: the delivery has a number, hence a receipt."""


def move(state: str, verb: str) -> DeliveryState:
    """Return the state after `verb`; raise `MoveError` when the table does not hold the move."""
    try:
        return DELIVERY_MOVES[state, verb]
    except KeyError:
        raise MoveError(state, verb) from None
