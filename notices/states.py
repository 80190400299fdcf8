# SPDX-License-Identifier: Apache-2.0
"""States of a notice and the moves between them, and the closed lists of occasions and channels.

::

    queued | deferred | uncertain --lease--> leased --> sent | deferred | failed | held | suppressed
    leased --lease ran out--> uncertain (the first unrecorded row of a connection) | queued (the rest)
    held | failed --a person: send again--> queued
"""

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class NotificationState(TextChoices):
    QUEUED = "queued", _("Waiting")
    DEFERRED = "deferred", _("Will be tried again")
    LEASED = "leased", _("Being sent")
    UNCERTAIN = "uncertain", _("Perhaps told twice")
    SENT = "sent", _("Told")
    FAILED = "failed", _("Mail failed, phone them")
    HELD = "held", _("Held: address or key is bad")
    SUPPRESSED = "suppressed", _("Not sent")


State = NotificationState

SENDABLE: Final = (State.QUEUED, State.DEFERRED, State.UNCERTAIN)
RESENDABLE: Final = (State.FAILED, State.HELD)

MOVES: Final[dict[str, frozenset[str]]] = {
    State.QUEUED: frozenset({State.LEASED}),
    State.DEFERRED: frozenset({State.LEASED}),
    State.UNCERTAIN: frozenset({State.LEASED}),
    State.LEASED: frozenset(set(State) - {State.LEASED}),
    State.HELD: frozenset({State.QUEUED}),
    State.FAILED: frozenset({State.QUEUED}),
    State.SENT: frozenset(),
    State.SUPPRESSED: frozenset(),
}


class Occasion(TextChoices):
    ALERT = "alert", _("A new alert")
    WITHDRAWN = "withdrawn", _("An alert was withdrawn")
    REPUDIATED = "repudiated", _("A signature no longer counts")
    REAFFIRMED = "reaffirmed", _("Its sender stands by it")
    KEY_REVOKED = "key-revoked", _("A key of your agency was revoked")
    KEY_ENDING = "key-ending", _("A key of your agency ends soon")
    API_KEY_ENDING = "apikey-ending", _("An API key of your agency ends soon")
    API_KEY_ROTATED = "apikey-rotated", _("An API key of your agency has replaced itself")
    PEER_REFUSED = "peer-refused", _("Keys of another agency failed a check")
    PEER_TELEPHONE = "peer-telephone", _("Another telephone number of an agency is said")
    POWER_ASKED = "power-asked", _("A change of power in your agency waits")
    POLICY_WEAKENED = "policy-weakened", _("Your agency's policy became weaker")
    REOPENED = "reopened", _("Your agency's root has let somebody in")
    RELEASE_WAITS = "release-waits", _("A flash alert waits for its release")
    UNSENT = "unsent", _("A flash alert waits for the exchange")
    CAME_BACK = "came-back", _("Something came back from the exchange")
    CONTROL_CHANGED = "control-changed", _("Rules that you watch have changed")
    DESK_WARNING = "desk-warning", _("This desk needs its keeper")
    RULE_PUBLISHED = "rule-published", _("An alert brought a change of the law that you watch")
    ANSWER_DUE = "answer-due", _("An answer of your agency is due soon")
    ANSWER_OVERDUE = "answer-overdue", _("An answer of your agency is overdue")
    RED_WAITS = "red-waits", _("A RED item waits for its named officers")
    ANSWERS_MISSING = "answers-missing", _("Agencies have not answered in time")
    TASK_ASSIGNED = "task-assigned", _("Work was given to an officer")
    COMMITMENT_DUE = "commitment-due", _("A commitment of your agency is due soon")
    EMERGENCY = "emergency", _("An alert was released in an emergency")
    AGREEMENTS_CHANGED = "agreements-changed", _("Another agency has changed an agreement or its lanes")


TOLD: Final = (State.SENT, State.UNCERTAIN)
"""States in which the officer has, or may have, the mail."""

ANSWER_OCCASIONS: Final = frozenset({Occasion.ANSWER_DUE, Occasion.ANSWER_OVERDUE, Occasion.RED_WAITS})
"""Occasions on which an answer of the own agency waits."""

NEWS: Final = frozenset({Occasion.ALERT, Occasion.WITHDRAWN, Occasion.ANSWER_DUE, Occasion.ANSWER_OVERDUE})
"""Occasions on which an officer may have to act at once."""

PEER_OCCASIONS: Final = frozenset({Occasion.PEER_REFUSED, Occasion.PEER_TELEPHONE})
"""Occasions about another agency, for key officers."""

KEY_OCCASIONS: Final = frozenset({Occasion.KEY_REVOKED, Occasion.KEY_ENDING, *PEER_OCCASIONS})
"""Occasions about keys, the agency's own or a peer's, for its key officers; no alert is named."""

API_KEY_OCCASIONS: Final = frozenset({Occasion.API_KEY_ENDING, Occasion.API_KEY_ROTATED})
"""Occasions about keys of the agency's systems, for its admins; no alert is named."""

HANDED_IN_OCCASIONS: Final = frozenset({Occasion.UNSENT, Occasion.CAME_BACK})
"""Occasions about what the own agency has signed; no alert is named."""

POWER_OCCASIONS: Final = frozenset({Occasion.POWER_ASKED, Occasion.POLICY_WEAKENED, Occasion.REOPENED})
"""Occasions about who may do what in the own agency; no alert is named."""


class Channel(TextChoices):
    EMAIL = "email", _("E-mail")


class Cause(TextChoices):
    """Reason why a notice was not sent, or not yet."""

    ADDRESS = "address", _("The mail server refuses this address.")
    GAVE_UP = "gave-up", _("The mail server refused it too often.")
    REFUSED = "refused", _("The mail server refuses this mail.")
    SERVER_AWAY = "server-away", _("The mail server does not answer.")
    INTERRUPTED = "interrupted", _("The connection broke while the mail was being sent.")
    NO_RIGHT = "no-right", _("The officer may no longer read this.")
    RECALLED = "recalled", _("The alert was withdrawn before this mail went out.")
    QUIET = "quiet", _("The officer wants no mail about routine alerts, or none at this hour.")
    SETTLED = "settled", _("It was seen to before this mail went out.")
    SET_ASIDE = "set-aside", _("This desk could not write this mail; its keeper sees why.")
