# SPDX-License-Identifier: Apache-2.0
"""Rows of the table of errors at a desk: those of alerts, officers and the vault, with the shared ones (`callers.problems`)."""

from typing import Final

from django.utils.translation import gettext_noop as _

from accord.envelope import errors as envelope
from alerts import errors as alerts
from callers import problems as shared
from callers.problems import CALL_OPERATOR, Problem, Table
from officers import errors as officers
from officers.login import errors as login
from vault import errors as vault

_ASK_KEY_OFFICER: Final = _("Ask your key officer.")
_READ_AGAIN: Final = _("Go back, load the page again and read it before you go on.")

# fmt: off
KEYS_AWAY: Final = Problem(
    503, "keys-away", _("This desk cannot reach your agency's keys now."),
    "Send it again after a while; tell the operator if it stays.",
    CALL_OPERATOR,
)
SENDING_STOPPED: Final = Problem(
    409, "sending-stopped", _("Nothing was sent."), "`text` says what stands in the way.",
    _("It could not be signed or sealed with the keys as they stand now. Ask your key officer."), ("text",),
)
UNOPENABLE: Final = Problem(
    409, "unopenable", _("This stays closed."), "Do not rely on the alert; call its sender, as `text` says.",
    _("A check failed: do not rely on it. Call whoever runs this desk."), ("text", "reference"),
)

PROBLEMS: Final[Table] = {
    **shared.PROBLEMS,
    envelope.SealingError: SENDING_STOPPED,
    alerts.AlertIncompleteError: Problem(
        422, "alert-incomplete", _("Some fields stop the alert."),
        "Correct each field in `errors`; answer each of `questions`, or list its code in `kept`.",
        _("Nothing was changed. Go back and correct them."), ("errors", "questions"),
    ),
    alerts.AmendmentRefusedError: Problem(
        409, "amendment-refused", _("This is no longer the version to act on."),
        "Go on from the newest version; `text` says what stands in the way.",
        members=("cause", "text"),
    ),
    alerts.AttachmentRefusedError: Problem(
        422, "attachment-refused", _("The file was not accepted."), "Change the file as `problem` says.",
        members=("problem",),
    ),
    alerts.CancelRefusedError: Problem(
        409, "cancel-refused", _("This cannot be cancelled now."),
        "`text` says why: it arrived and can be withdrawn, or only the exchange knows. Ask again in a minute.",
        members=("cause", "text"),
    ),
    alerts.ChangedSinceValidationError: Problem(
        409, "changed-since-validation", _("What would be sent is not what was checked."),
        "Return the alert and have what changed (`what`) checked again.",
        _READ_AGAIN, ("what",),
    ),
    alerts.AccessEndedError: shared.ACCESS_ENDED,
    alerts.ContentDeletedError: shared.CONTENT_DELETED,
    alerts.CopyRefusedError: Problem(
        422, "copy-refused", _("This may not become a new draft."),
        "Write a draft of its own; `text` says what stands in the way.",
        members=("text",),
    ),
    alerts.DraftTakenOverError: Problem(
        409, "draft-taken-over", _("An officer has changed this draft and goes on with it."),
        "Leave the draft to the officers, or write another one.",
        _READ_AGAIN,
    ),
    alerts.ExchangeAwayError: Problem(
        503, "exchange-away", _("The exchange could not be asked; nothing was done."),
        "Try again after Retry-After; call whoever runs this hub if it stays.",
        _("Try again in a moment. If it stays, call whoever runs this desk."), retry_secs=10,
    ),
    alerts.ExchangeRefusedError: Problem(
        409, "exchange-refused", _("The exchange refuses it; nothing was done."),
        "Do what `text` says: mostly an agency admin replaces the desk's own key at the exchange, then send it again.",
        members=("text",), retry_secs=10,
    ),
    alerts.ExpiredError: shared.EXPIRED,
    alerts.FlowSuspendedError: shared.FLOW_SUSPENDED,
    alerts.HeldElsewhereError: shared.HELD_ELSEWHERE,
    alerts.KeysMovedOnError: Problem(
        409, "keys-moved-on", _("The keys are not as they were when you read them."),
        "Read the keys again; `text` says what stands in the way.",
        members=("text",),
    ),
    alerts.KeysetUnreadableError: shared.KEYS_UNREAD,
    alerts.AgreementRefusedError: shared.AGREEMENT_REFUSED,
    alerts.MoveRefusedError: Problem(
        409, "alert-move-refused", _("The alert's state does not allow this."),
        "Read the alert again: `state` says where it stands and so what may follow.",
        _("Nothing was changed by what you just did."), ("move", "state"),
    ),
    alerts.NotOpenedError: Problem(
        409, "not-opened", _("Nobody of your agency has opened it yet."),
        "Open the alert, with a reason, before acknowledging it.",
        _("Open it first, then acknowledge."),
    ),
    alerts.NotTakenError: Problem(
        409, "not-taken", _("The exchange did not take it; nothing was done."),
        "`text` says why, `cause` by the exchange's own slug; nothing was done.",
        members=("cause", "text", "denials"),
    ),
    alerts.OtherVersionsError: Problem(
        409, "other-versions", _("The desk and the exchange speak no version in common; one of them is to be updated."),
        "Have the older of the two updated: `theirs` and `ours` say the oldest and newest version of `what` that exchange and desk speak.",
        members=("what", "theirs", "ours", "text"),
    ),
    alerts.RecalledError: shared.RECALLED,
    alerts.ReceiptPendingError: Problem(
        409, "receipt-pending", _("Not verified yet."),
        "Send it again after Retry-After: the log's receipt usually takes a second.",
        _("The log receipt usually takes a second. Try again in a moment."), retry_secs=1,
    ),
    alerts.ReplyRefusedError: Problem(
        409, "reply-refused", _("This takes no such reply."), "`text` says why and what to do; `cause` is for programs.",
        members=("cause", "text"),
    ),
    alerts.RevisionConflictError: Problem(
        412, "revision-conflict", _("Somebody else saved in between; nothing is lost."),
        "Merge `theirs` and `mine`; send the result with the ETag of revision `number`.",
        _READ_AGAIN, ("number", "theirs", "mine", "differing"),
    ),
    alerts.RevisionRequiredError: Problem(
        428, "revision-required", _("It does not say which version it was made from."),
        "Read it and send its ETag in If-Match.",
        _READ_AGAIN,
    ),
    alerts.RulesDamagedError: Problem(
        409, "rules-damaged", _("What your agency stores of adopted rules did not open."),
        "Set the damaged rules aside and adopt them again from their signed alerts, as `text` says.",
        members=("text",),
    ),
    alerts.ScienceAwayError: Problem(
        503, "science-away", _("It could not be read in the time and memory that one question has."),
        "Send it again after Retry-After; send less at once, or a smaller file, if it stays.",
        _("Try again in a moment; if it stays, give less at once, or a smaller file."), retry_secs=5,
    ),
    alerts.ScienceInputError: Problem(
        422, "substance-unreadable", _("It could not be read as what it was sent for."),
        "Correct the member that `field` names, as `problem` says; `code` is the fault for programs.",
        members=("field", "code", "problem"),
    ),
    alerts.SecondPersonNeededError: Problem(
        403, "second-person-needed", _("You wrote this alert or had a part in it: somebody else has to do this."),
        "Have an officer do it who neither saved nor submitted it, nor issued or rotated the key that wrote it.",
        _("Ask a colleague who neither wrote nor submitted it, nor gave the key that wrote it."), ("move",),
    ),
    alerts.SendingStoppedError: SENDING_STOPPED,
    alerts.StaleTagError: Problem(
        412, "stale-tag", _("It has changed since you read it."),
        "Read it again; of an alert `number` and `state` say where it stands.",
        _READ_AGAIN, ("number", "state"),
    ),
    alerts.UnopenableError: UNOPENABLE,
    login.FactorNeededError: Problem(
        403, "factor-needed", "Your agency demands a second factor: set one up first.",
        "Sign in at the desk and set up a second factor, then call again in that session.",
        members=("set_up",),
    ),
    login.StepUpNeededError: Problem(
        403, "step-up-needed", "Prove again that it is you, on the page named; then send this again.",
        "Prove at the desk who you are, then send it again within a few minutes.",
        members=("confirm", "minutes"),
    ),
    officers.FormTokenError: shared.FORM_TOKEN_REFUSED,
    officers.LastAdminError: Problem(
        409, "last-admin", _("This is the last agency admin."), "Name another agency admin first.",
        _("Give somebody else that role first."),
    ),
    officers.NobodyToReleaseError: Problem(
        409, "nobody-to-release", "Nobody else could check and send this. Let somebody else do it, or enrol a releaser.",
        "Have a colleague submit the draft, or another agency admin issue the key; or enrol a releaser.",
    ),
    officers.TakenInError: Problem(
        409, "taken-in", _("This desk has taken the agency in already."),
        "Go on with the agency's page: its first admin, its keys.",
        _("Go on with the agency's page: its first admin, its keys."), ("agency_id",),
    ),
    vault.ChangeRefusedError: Problem(
        409, "change-refused", _("The exchange has refused this change of keys."),
        "Read the keys again and make the change anew; `code` is what the exchange did not accept.",
        _("Nothing has changed. Look at the keys again, then make it anew."), ("code",),
    ),
    vault.ChangeWaitsError: Problem(
        409, "change-waits", _("A new keyset of your agency waits for the exchange."),
        "Send what waits again (`POST /keys/to-send/{od}`) or give it up (`DELETE`), then change more.",
        _("Send it again or give it up, then change more."),
    ),
    vault.CustodyRefusedError: shared.CUSTODY_REFUSED,
    vault.DeskLockedError: Problem(
        503, "desk-locked", _("The desk is locked until somebody opens it."),
        "Send it again after Retry-After; tell whoever runs the desk if it stays: it opens with their passphrase.",
        CALL_OPERATOR, retry_secs=60,
    ),
    vault.KekUnknownError: KEYS_AWAY,
    vault.KeyTakenError: shared.KEY_TAKEN,
    vault.MayBeTakenError: Problem(
        409, "may-be-taken", _("The exchange may have it and cannot be asked now."),
        "Try again once the exchange answers: what it has taken cannot be given up.",
        _("It can be given up once the exchange says that it has not."),
    ),
    vault.RecoveryWaitsError: Problem(
        409, "recovery-waits", _("A recovered root waits."), "Cancel the recovery, or wait until it is in force.",
        _("Cancel it, or wait until it is in force."), ("agency_id", "version"),
    ),
    vault.SecretMissingError: Problem(
        409, "no-key-yet", _("There is no key for this yet."), "Have the agency's key officer make its keys.",
        _ASK_KEY_OFFICER,
    ),
    vault.SigningKeysMissingError: Problem(
        409, "no-signing-key", _("Your agency has no valid signing key; nothing was signed."),
        "Have the agency's key officer make a signing key.",
        _ASK_KEY_OFFICER,
    ),
    vault.VaultClosedError: KEYS_AWAY,
    vault.VaultError: UNOPENABLE,
}
# fmt: on


def words_for(error: Exception) -> str:
    """Return what happened and what to do, in the active language; raises an error without a row again."""
    row = shared.row_of(error, PROBLEMS)
    if row is None:
        raise error
    return row.words_for(error)
