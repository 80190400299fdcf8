# SPDX-License-Identifier: Apache-2.0
"""Errors of the desk; `alerts.problems` says how each is answered.

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
    """Refusal of a move that does not start from the alert's state."""

    def __init__(self, move: str, state: str) -> None:
        super().__init__(f"{move} from {state}")
        self.move = move
        self.state = state


class AmendmentRefusedError(AlertsError):
    """Refusal of a new version of a sent alert, or of an action on one that is no longer current; `text` says why.

    `cause` is withdrawn, expired, in-doubt, replaced, red or under-way.
    """

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.text = text


class RevisionRequiredError(AlertsError):
    """Change that does not say which revision it is based on."""


class RevisionConflictError(AlertsError):
    """Save by somebody else in between. Carries both texts, so nothing is lost; `number` is the newest revision."""

    def __init__(
        self, *, number: int, theirs: dict[str, Any], mine: dict[str, Any], differing: tuple[str, ...]
    ) -> None:
        super().__init__(f"revision {number} was saved in between")
        self.number = number
        self.theirs = theirs
        self.mine = mine
        self.differing = differing


class StaleTagError(AlertsError):
    """Change whose tag is out of date; an alert is now at `number`, `state`."""

    def __init__(self, *, number: int | None = None, state: str = "") -> None:
        super().__init__(f"now at {number} {state}")
        self.number = number
        self.state = state


class AlertIncompleteError(AlertsError):
    """Fields that block the move; `findings` names each with its text."""

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
    """Refusal of a move by the alert's own author: a second person must do it."""

    def __init__(self, move: str) -> None:
        super().__init__(move)
        self.move = move


class ChangedSinceValidationError(AlertsError):
    """Difference between what would be sent and what was validated; `what` is revision or recipients."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class CopyRefusedError(AlertsError):
    """Refusal to copy an alert into a new draft; `text` says why and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__("copy refused")
        self.text = text


class ReplyRefusedError(AlertsError):
    """Refusal of this reply to a received alert; `text` says why.

    `cause` is withdrawn, deleted, in-doubt, replaced, red, kind, nothing, early or under-way.
    """

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.text = text


class AttachmentRefusedError(AlertsError):
    """Refusal of a file; `problem` says why and what to do."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class ReceiptPendingError(AlertsError):
    """Receipt that the ledger has not yet given: the content stays closed until then."""


class NotOpenedError(AlertsError):
    """Acknowledgement of an alert that nobody of the agency has opened yet."""


class UnopenableError(AlertsError):
    """Failed check of an alert: one answer for every cause. `text` names whom to call."""

    def __init__(self, text: str, reference: str) -> None:
        super().__init__("unopenable")
        self.text = text
        self.reference = reference


class UnknownSchemaError(AlertsError):
    """Verified alert whose document has a schema that this hub does not know."""

    def __init__(self, schema: str) -> None:
        super().__init__("unknown document schema")
        self.schema = schema


class DraftTakenOverError(AlertsError):
    """Draft of a system that an officer has changed since: the system can no longer change it."""


class KeysMovedOnError(AlertsError):
    """Change of keys that their present state does not allow; `text` says why and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__("the keys have moved on")
        self.text = text


class SendingStoppedError(AlertsError):
    """Agency that cannot send now; `text` says why."""

    def __init__(self, text: str) -> None:
        super().__init__("sending stopped")
        self.text = text


class HeldElsewhereError(SendingStoppedError):
    """Identity held by another desk or command at the exchange: nothing is sent from here.

    `holder` and `software` are the exchange's words, `free_at` is when it releases a silent holder; `text` says it all.
    """

    def __init__(self, holder: str, software: str, free_at: datetime | None, text: str) -> None:
        super().__init__(text)
        self.holder = holder
        self.software = software
        self.free_at = free_at


class OtherVersionsError(SendingStoppedError):
    """Versions of `what` that desk and exchange do not share: oldest and newest of each side; `text` says which is older."""

    def __init__(self, what: str, theirs: tuple[int, int], ours: tuple[int, int], text: str) -> None:
        super().__init__(text)
        self.what = what
        self.theirs = theirs
        self.ours = ours


class NotTakenError(AlertsError):
    """Refusal by the exchange of what the desk handed in; all its effects here are undone.

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
    """Stored rules of an agency that did not open, so that nobody can say which law it follows.

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
    """Input that the science core cannot use: `field` names it, `code` is the fault, `problem` the remedy."""

    def __init__(self, field: str, code: str, problem: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code
        self.problem = problem


class ScienceAwayError(AlertsError):
    """Loss of the process that reads structures and spectra; the question has no answer."""


class NotJudgedError(VerificationError):
    """Failed verification because keys were unusable here, or octets were damaged here and could not be fetched again.

    That says nothing about the sender: it is verified again later.
    """


class AgreementRefusedError(AlertsError):
    """Agreement, or an answer to one, that cannot be stated, or a lane that cannot be suspended or resumed."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class ExchangeAwayError(AlertsError):
    """Exchange that could not be asked; nothing was concluded.

    `is_answered`: its answer about this one thing cannot be used, which says nothing about other things.
    """

    def __init__(self, *, is_answered: bool = False) -> None:
        super().__init__()
        self.is_answered = is_answered


class ExchangeRefusedError(ExchangeAwayError):
    """The exchange answered, and refuses what this needs; nothing was done.

    `text` says what to do. `about_api_key`: the desk's own key there is in the way, which an agency admin replaces.
    """

    def __init__(self, text: str, *, about_api_key: bool = False, is_answered: bool = False) -> None:
        super().__init__(is_answered=is_answered)
        self.text = text
        self.about_api_key = about_api_key


class ContentDeletedError(AlertsError):
    """Content deleted for everyone after its `keep`; its digests and the statements about it stay."""


class ExpiredError(AlertsError):
    """First fetch after `exp`: from then on nothing is delivered for the first time."""


class FlowSuspendedError(AlertsError):
    """Content that was never fetched, and that policy does not allow to be delivered now."""


class AccessEndedError(AlertsError):
    """End or withdrawal of a release onward by which the agency had an alert."""


class RecalledError(AlertsError):
    """Withdrawal by the originator before the first fetch; it can no longer be read."""


class KeysetUnreadableError(AlertsError):
    """Failure to read an agency's keys here, so that nothing of the agency is judged anew."""

    def __init__(self, agency_id: str) -> None:
        super().__init__(f"a keyset of {agency_id} cannot be read")
        self.agency_id = agency_id
