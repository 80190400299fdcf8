# SPDX-License-Identifier: Apache-2.0
"""Pages for errors of the desk, the vault or a check, where a page has no answer of its own.

The most specific class of an error decides. An error of these families that is not listed has the sentence of its
family, since none of them means that the hub is broken.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.errors import BackendError, EnvelopeError, Failure, SealingError, VerificationError
from alerts.errors import (
    AlertIncompleteError,
    AlertsError,
    AmendmentRefusedError,
    AttachmentRefusedError,
    CancelRefusedError,
    ChangedSinceValidationError,
    ContentDeletedError,
    CopyRefusedError,
    ExchangeAwayError,
    ExchangeRefusedError,
    ExpiredError,
    FlowSuspendedError,
    KeysMovedOnError,
    LaneRefusedError,
    NotOpenedError,
    NotTakenError,
    RecalledError,
    ReceiptPendingError,
    ReplyRefusedError,
    RevisionConflictError,
    RevisionRequiredError,
    RulesDamagedError,
    ScienceAwayError,
    ScienceInputError,
    SecondPersonNeededError,
    SendingStoppedError,
    UnknownSchemaError,
    UnopenableError,
)
from callers.capabilities import Capability
from desk.web.frame import render_page
from officers.models import Officer
from science.rows.structures import AdoptedRules
from vault.errors import (
    KekUnknownError,
    NotNamedError,
    SecretMissingError,
    SigningKeysMissingError,
    VaultClosedError,
    VaultError,
)

log = logging.getLogger(__name__)
HANDLED_ERRORS: Final = (AlertsError, VaultError, EnvelopeError)


@dataclass(frozen=True)
class ErrorPage:
    """Status with its sentence and remedy; `member` names the error's attribute that replaces the remedy."""

    status: int
    sentence: str | Promise
    remedy: str | Promise
    member: str = ""


_CALL_OPERATOR: Final = gettext_lazy("Call whoever runs this desk.")
_READ_AGAIN: Final = gettext_lazy("Go back, load the page again and read it before you go on.")
_FAILED: Final = gettext_lazy("Do not rely on this alert. A check failed; the content stays closed.")
_NOT_CHANGED: Final = gettext_lazy("Nothing was changed.")
_NOT_SENT: Final = gettext_lazy("Nothing was sent.")
_KEYS_AWAY: Final = ErrorPage(
    503, gettext_lazy("This desk cannot reach your agency's keys now."), _CALL_OPERATOR
)

NOT_NAMED: Final = gettext_lazy(
    "This alert is for the officers whom its sender named; you are not one of them."
)
NOT_NAMED_REMEDY: Final = gettext_lazy(
    "Your duty list hears that an item marked RED waits; call the sender, which knows whom it named."
)

CLOSED_TEXTS: Final[Mapping[type[Exception], str | Promise]] = {
    ContentDeletedError: gettext_lazy("Its content was deleted."),
    ExpiredError: gettext_lazy("This expired before your agency collected it. It stays closed."),
    RecalledError: gettext_lazy("The sender withdrew this before your agency opened it. It stays closed."),
    FlowSuspendedError: gettext_lazy(
        "The agreement's lane is suspended. This stays closed until both sides let it flow again."
    ),
}
"""Reasons why an alert of others stays closed."""

ANSWERS: Final[Mapping[type[Exception], ErrorPage]] = {
    **{kind: ErrorPage(409, _NOT_CHANGED, text) for kind, text in CLOSED_TEXTS.items()},
    AlertsError: ErrorPage(409, _NOT_CHANGED, _READ_AGAIN),
    AlertIncompleteError: ErrorPage(422, _NOT_CHANGED, gettext_lazy("Some fields of the alert stop it.")),
    AmendmentRefusedError: ErrorPage(409, _NOT_CHANGED, "", "text"),
    AttachmentRefusedError: ErrorPage(422, gettext_lazy("The file was not accepted."), "", "problem"),
    ChangedSinceValidationError: ErrorPage(
        409, gettext_lazy("What would be sent is not what was checked."), _READ_AGAIN
    ),
    CopyRefusedError: ErrorPage(422, gettext_lazy("Nothing was copied."), "", "text"),
    ExchangeAwayError: ErrorPage(
        503,
        gettext_lazy("The exchange could not be asked; nothing was done."),
        gettext_lazy("Try again in a moment. If it stays, call whoever runs this desk."),
    ),
    ExchangeRefusedError: ErrorPage(
        409, gettext_lazy("The exchange refuses it; nothing was done."), "", "text"
    ),
    LaneRefusedError: ErrorPage(422, _NOT_CHANGED, "", "problem"),
    KeysMovedOnError: ErrorPage(409, _NOT_CHANGED, "", "text"),
    CancelRefusedError: ErrorPage(409, _NOT_CHANGED, "", "text"),
    NotTakenError: ErrorPage(409, _NOT_CHANGED, "", "text"),
    NotOpenedError: ErrorPage(409, _NOT_CHANGED, gettext_lazy("Open it first, then acknowledge.")),
    ReceiptPendingError: ErrorPage(
        409,
        gettext_lazy("Not verified yet."),
        gettext_lazy("The log receipt usually takes a second. Try again in a moment."),
    ),
    ReplyRefusedError: ErrorPage(409, _NOT_CHANGED, "", "text"),
    RevisionConflictError: ErrorPage(409, gettext_lazy("Somebody else saved this draft."), _READ_AGAIN),
    RevisionRequiredError: ErrorPage(409, _NOT_CHANGED, _READ_AGAIN),
    RulesDamagedError: ErrorPage(
        409, gettext_lazy("What your agency stores of adopted rules did not open."), "", "text"
    ),
    ScienceAwayError: ErrorPage(
        503,
        gettext_lazy("It could not be read in the time and memory that one question has."),
        gettext_lazy("Try again in a moment; if it stays, give less at once, or a smaller file."),
    ),
    ScienceInputError: ErrorPage(422, gettext_lazy("It could not be read."), "", "problem"),
    SecondPersonNeededError: ErrorPage(
        403,
        _NOT_CHANGED,
        gettext_lazy(
            "You wrote or submitted this alert, or gave the key that wrote it: somebody else has to do this."
        ),
    ),
    SendingStoppedError: ErrorPage(409, _NOT_SENT, "", "text"),
    UnknownSchemaError: ErrorPage(
        409,
        gettext_lazy("This alert uses a form that this desk does not know yet; call the sender."),
        _CALL_OPERATOR,
    ),
    UnopenableError: ErrorPage(409, gettext_lazy("This stays closed."), "", "text"),
    EnvelopeError: ErrorPage(409, _FAILED, _CALL_OPERATOR),
    BackendError: ErrorPage(503, gettext_lazy("This desk can check and sign nothing now."), _CALL_OPERATOR),
    SealingError: ErrorPage(
        409, _NOT_SENT, gettext_lazy("It could not be signed or sealed with the keys as they stand now.")
    ),
    VaultError: ErrorPage(409, _FAILED, _CALL_OPERATOR),
    KekUnknownError: _KEYS_AWAY,
    VaultClosedError: _KEYS_AWAY,
    NotNamedError: ErrorPage(403, NOT_NAMED, NOT_NAMED_REMEDY),
    SecretMissingError: ErrorPage(
        409, gettext_lazy("The vault holds no key for this."), gettext_lazy("Ask your key officer.")
    ),
    SigningKeysMissingError: ErrorPage(
        409,
        gettext_lazy("Your agency has no valid signing key; nothing was signed."),
        gettext_lazy("Ask your key officer."),
    ),
}


def stopped(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the page for one of `HANDLED_ERRORS`; only its class is logged."""
    log.warning("a page was stopped by %s", type(error).__name__)
    stop = _answer(error)
    remedy = getattr(error, stop.member) if stop.member else stop.remedy
    return render_page(
        request,
        "forbidden",
        _("Stopped"),
        status=stop.status,
        sentence=stop.sentence,
        remedy=remedy,
        about_keys=isinstance(error, KeysMovedOnError),
        about_api_keys=_may_replace_key(request, error),
        to_set_aside=_in_use(request) if isinstance(error, RulesDamagedError) else (),
    )


def _may_replace_key(request: HttpRequest, error: Exception) -> bool:
    """Tell whether the desk's own key at the exchange is in the way, and the reader is one who can replace it."""
    officer = request.user
    may = isinstance(officer, Officer) and Capability.APIKEY_MANAGE in officer.capabilities
    return may and isinstance(error, ExchangeRefusedError) and error.about_api_key


def _in_use(request: HttpRequest) -> Iterable[AdoptedRules]:
    """Return the adopted rules that this officer may set aside from here; they are named in plain text."""
    officer = request.user
    if not isinstance(officer, Officer) or Capability.SCIENCE_MANAGE not in officer.capabilities:
        return ()
    return AdoptedRules.objects.visible_to(officer).in_use().select_related("issuer")


def _answer(error: Exception) -> ErrorPage:
    """Return the answer to an error; a missing receipt, which may still come, is no failed check."""
    if isinstance(error, VerificationError) and error.failure is Failure.RECEIPT_MISSING:
        return ANSWERS[ReceiptPendingError]
    return next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
