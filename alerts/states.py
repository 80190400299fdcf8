# SPDX-License-Identifier: Apache-2.0
"""Table of an alert's states and of the moves between them.

    draft --submit--> submitted --validate--> validated --release--> queued --send--> released --withdraw--> withdrawn
      ^                   |                     |   ^                  |
      +------return-------+---------------------+   +-cancel, refuse---+
    draft --discard--> discarded            released --reaffirm--> released
                                            released --amend--> released, and a draft of its next version

- A queued alert is signed and waits until the exchange has accepted it.
- Nothing is edited outside draft. Nothing leaves withdrawn or discarded; a withdrawal that does not count is only signed again.
- What is computed (acknowledged, overdue, expired) is no state.
- `second_person` says who may make a move.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from alerts.errors import MoveRefusedError

if TYPE_CHECKING:
    from alerts.models import Alert


class AlertState(TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for release")
    VALIDATED = "validated", _("Checked, not sent")
    QUEUED = "queued", _("Waiting for the exchange")
    RELEASED = "released", _("Sent")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    DISCARDED = "discarded", _("Discarded")


class Move(StrEnum):
    EDIT = "edit"
    SUBMIT = "submit"
    VALIDATE = "validate"
    RETURN = "return"
    RELEASE = "release"
    SEND = "send"
    CANCEL = "cancel"
    REFUSE = "refuse"
    REAFFIRM = "reaffirm"
    AMEND = "amend"
    WITHDRAW = "withdraw"
    DISCARD = "discard"


S = AlertState
MOVES: Final[dict[Move, tuple[frozenset[str], AlertState]]] = {
    Move.EDIT: (frozenset({S.DRAFT}), S.DRAFT),
    Move.SUBMIT: (frozenset({S.DRAFT}), S.SUBMITTED),
    Move.VALIDATE: (frozenset({S.SUBMITTED}), S.VALIDATED),
    Move.RETURN: (frozenset({S.SUBMITTED, S.VALIDATED}), S.DRAFT),
    Move.RELEASE: (frozenset({S.VALIDATED}), S.QUEUED),
    Move.SEND: (frozenset({S.QUEUED}), S.RELEASED),
    Move.CANCEL: (frozenset({S.QUEUED}), S.VALIDATED),
    Move.REFUSE: (frozenset({S.QUEUED}), S.VALIDATED),
    Move.REAFFIRM: (frozenset({S.RELEASED}), S.RELEASED),
    Move.AMEND: (frozenset({S.RELEASED}), S.RELEASED),
    Move.WITHDRAW: (frozenset({S.RELEASED}), S.WITHDRAWN),
    Move.DISCARD: (frozenset({S.DRAFT}), S.DISCARDED),
}

SENT: Final = frozenset({S.RELEASED, S.WITHDRAWN})
IN_REVIEW: Final = frozenset({S.SUBMITTED, S.VALIDATED, S.QUEUED})


def check_move(alert: "Alert", move: Move) -> AlertState:
    """Return the state that the move leads to; raises `MoveRefusedError` when it does not start from the alert's state."""
    starts, target = MOVES[move]
    if alert.state not in starts:
        raise MoveRefusedError(move.value, alert.state)
    return target
