# SPDX-License-Identifier: Apache-2.0
"""What can go wrong at the desk; the HTTP side stands in one table elsewhere.

Texts and field names may be shown to the officer; no error carries content that its reader may not see.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from accord.envelope.errors import VerificationError
from vault.errors import SealBrokenError

if TYPE_CHECKING:
    from alerts.document.findings import Findings


class AlertsError(Exception):
    """Base of this app's errors."""


class MoveRefusedError(AlertsError):
    """The alert is not in a state from which this move starts."""

    def __init__(self, move: str, state: str) -> None:
        super().__init__(f"{move} from {state}")
        self.move = move
        self.state = state


class AmendmentRefusedError(AlertsError):
    """A sent alert takes no new version, or is no longer the one to act on; `text` says why.

    `cause` is withdrawn, expired, in-doubt, replaced, red or under-way.
    """

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.text = text


class RevisionRequiredError(AlertsError):
    """A change came without saying which revision it was made from."""


class RevisionConflictError(AlertsError):
    """Somebody else saved in between. Both texts come back, nothing is lost; `number` is the newest revision."""

    def __init__(
        self, *, number: int, theirs: dict[str, Any], mine: dict[str, Any], differing: tuple[str, ...]
    ) -> None:
        super().__init__(f"revision {number} was saved in between")
        self.number = number
        self.theirs = theirs
        self.mine = mine
        self.differing = differing


class StaleTagError(AlertsError):
    """The tag of a change names what it is not any more; an alert is now at `number`, `state`."""

    def __init__(self, *, number: int | None = None, state: str = "") -> None:
        super().__init__(f"now at {number} {state}")
        self.number = number
        self.state = state


class AlertIncompleteError(AlertsError):
    """Fields block the move; `findings` names each with its text."""

    def __init__(self, findings: "Findings") -> None:
        super().__init__("the alert has blocking findings")
        self.findings = findings

    @property
    def errors(self) -> dict[str, list[str]]:
        return {name: list(texts) for name, texts in self.findings.errors.items()}

    @property
    def questions(self) -> list[dict[str, str]]:
        return [question.as_json() for question in self.findings.open_questions]


class SecondPersonNeededError(AlertsError):
    """A second person has to do this: the actor wrote the alert."""

    def __init__(self, move: str) -> None:
        super().__init__(move)
        self.move = move


class ChangedSinceValidationError(AlertsError):
    """What would be sent is not what was validated; `what` is revision or recipients."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class CopyRefusedError(AlertsError):
    """What the alert says may not become a new draft; `text` says why and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__("copy refused")
        self.text = text


class ReplyRefusedError(AlertsError):
    """What was received takes no such reply; `text` says why.

    `cause` is withdrawn, deleted, in-doubt, replaced, red, kind, nothing, early or under-way.
    """

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.text = text


class AttachmentRefusedError(AlertsError):
    """A file was not accepted; `problem` says why and what to do."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class ReceiptPendingError(AlertsError):
    """The ledger has not yet given its receipt: the content stays closed until then."""

    retry_after = 1


class NotOpenedError(AlertsError):
    """Nobody of the agency has opened the alert yet: there is nothing to acknowledge."""


class UnopenableError(AlertsError):
    """A check failed, whichever: one answer for every cause. `text` names whom to call."""

    def __init__(self, text: str, reference: str) -> None:
        super().__init__("unopenable")
        self.text = text
        self.reference = reference


class UnknownSchemaError(AlertsError):
    """A verified alert whose document follows a schema that this hub does not know."""

    def __init__(self, schema: str) -> None:
        super().__init__("unknown document schema")
        self.schema = schema


class DraftTakenOverError(AlertsError):
    """An officer has changed what a system wrote, and goes on with it alone."""


class KeysMovedOnError(AlertsError):
    """What was asked cannot be done to the keys as they stand now; `text` says why and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__("the keys have moved on")
        self.text = text


class SendingStoppedError(AlertsError):
    """The agency cannot send now; `text` says why."""

    def __init__(self, text: str) -> None:
        super().__init__("sending stopped")
        self.text = text


class HeldElsewhereError(SendingStoppedError):
    """Another desk or command holds the agency's identity at the exchange: nothing is sent from here.

    `holder` and `software` as the exchange names it, `free_at` when it lets go of one that stays silent; `text` says it.
    """

    def __init__(self, holder: str, software: str, free_at: datetime | None, text: str) -> None:
        super().__init__(text)
        self.holder = holder
        self.software = software
        self.free_at = free_at


class OtherVersionsError(SendingStoppedError):
    """Desk and exchange speak no version of `what` in common: oldest and newest of each side; `text` says which is older."""

    def __init__(self, what: str, theirs: tuple[int, int], ours: tuple[int, int], text: str) -> None:
        super().__init__(text)
        self.what = what
        self.theirs = theirs
        self.ours = ours


class NotTakenError(AlertsError):
    """The exchange refuses what the desk handed in, and all that came of it here is undone.

    `cause` is the slug of its problem, `text` says it for an officer, `denials` name the recipients that policy denies.
    """

    def __init__(self, cause: str, text: str, denials: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(cause)
        self.cause = cause
        self.text = text
        self.denials = list(denials)


class CancelRefusedError(AlertsError):
    """Refusal to cancel what waits for the exchange; `cause` is arrived, unknown or trying, `text` says it."""

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.text = text


class RulesDamagedError(SealBrokenError):
    """What the agency stores of adopted rules did not open, so that nobody can say which law it follows.

    `text` says what to do; the signed alerts that brought the rules are whole.
    """

    def __init__(self) -> None:
        super().__init__("adopted rules")

    @property
    def text(self) -> str:
        return _(
            "Have a releaser or an agency admin set the damaged rules aside and adopt them again from their signed "
            "alerts. Nothing else is affected; tell whoever runs this desk."
        )


class ScienceInputError(AlertsError):
    """What the science core was given cannot be used: `field` names it, `code` is the fault, `problem` the remedy."""

    def __init__(self, field: str, code: str, problem: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code
        self.problem = problem


class ScienceAwayError(AlertsError):
    """The process that reads structures and spectra was lost over this question; nothing was answered."""

    retry_after = 5


class NotJudgedError(VerificationError):
    """It did not verify, by keys of which something failed or by octets that lay here and could not be fetched again.

    That says nothing of whoever sent it: it is judged again later.
    """


class LaneRefusedError(AlertsError):
    """A lane that cannot be suspended or resumed."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class ExchangeAwayError(AlertsError):
    """The exchange could not be asked for what this needs; nothing was concluded.

    `is_answered`: it gave an answer about this one thing that cannot be used, which says nothing of others.
    """

    retry_after = 10

    def __init__(self, *, is_answered: bool = False) -> None:
        super().__init__()
        self.is_answered = is_answered


class ContentDeletedError(AlertsError):
    """Its `keep` has passed, so its content is gone for everyone; its digests and what was said of it stay."""


class ExpiredError(AlertsError):
    """Asked for the first time after its `exp`: nothing is delivered first from then on."""


class FlowSuspendedError(AlertsError):
    """Content that was never fetched, and that policy would not let flow now."""


class RecalledError(AlertsError):
    """The originator withdrew it before the first fetch; new reading has stopped."""


class KeysetUnreadableError(AlertsError):
    """Something of an agency's keys failed here, so that nothing of the agency is judged anew."""

    def __init__(self, agency_id: str) -> None:
        super().__init__(f"a keyset of {agency_id} cannot be read")
        self.agency_id = agency_id
