# SPDX-License-Identifier: Apache-2.0
"""Table that maps typed errors to RFC 9457 problem+json.

The most specific class in an error's MRO counts. An error that is not in the table answers 500 without detail.
"""

import json
import logging
import sys
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accord.envelope import errors as envelope
from callers import errors as callers
from hub import errors as hub
from hub import faults, own_clock

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:accord:problem:"


@dataclass(frozen=True)
class Problem:
    """Row of the table. `members` names attributes of the error that the caller may read.

    `retry_secs`: when to try again, where the error itself does not say.
    """

    status: int
    slug: str
    title: str
    members: tuple[str, ...] = ()
    retry_secs: int = 0


DATABASE_BUSY = Problem(503, "database-busy", "The database does not answer in time.", retry_secs=2)
"""A statement or a lock took too long, or the database is away, full or starting."""


CUSTODY_REFUSED = Problem(
    409,
    "custody-refused",
    "The custody of the agency's keys does not allow this.",
    ("agency_id", "custody"),
)
HELD_ELSEWHERE = Problem(
    409,
    "held-elsewhere",
    "Another desk or command holds your agency's identity.",
    ("holder", "software", "free_at", "text"),
)
KEY_TAKEN = Problem(409, "key-taken", "A key is registered for another agency or use.", ("kid",))
KEYS_UNREAD = Problem(
    409,
    "keys-unread",
    "Keys of an agency cannot be read; nothing is sealed to it or taken from it for now.",
)


PROBLEMS: dict[type[BaseException], Problem] = {
    OperationalError: DATABASE_BUSY,
    InterfaceError: DATABASE_BUSY,
    Http404: Problem(404, "absent", "There is nothing here for you."),
    drf.NotFound: Problem(404, "absent", "There is nothing here for you."),
    callers.AbsentError: Problem(404, "absent", "There is nothing here for you."),
    callers.CursorExpiredError: Problem(410, "cursor-expired", "This cursor is older than a day."),
    callers.CursorRefusedError: Problem(422, "cursor-refused", "No page of this list gave this cursor."),
    callers.IdempotencyKeyReusedError: Problem(
        422, "idempotency-key-reused", "This Idempotency-Key came before with another request."
    ),
    callers.RequestInProgressError: Problem(
        409, "request-in-progress", "This request is being worked on. Ask again in a moment."
    ),
    callers.RotationRefusedError: Problem(
        409, "rotation-refused", "This key does not replace itself now.", ("cause", "from_at")
    ),
    callers.InputError: Problem(422, "input-refused", "A field was not accepted.", ("field", "problem")),
    callers.NotBoundError: Problem(
        409, "record-altered", "A record was changed outside the program and counts for nothing."
    ),
    callers.NotPermittedError: Problem(
        403, "not-permitted", "Your role cannot do this.", ("capability", "ask")
    ),
    callers.CredentialError: Problem(401, "not-authenticated", "Sign in or send a valid API key."),
    drf.NotAuthenticated: Problem(401, "not-authenticated", "Sign in or send a valid API key."),
    drf.AuthenticationFailed: Problem(401, "not-authenticated", "Sign in or send a valid API key."),
    drf.PermissionDenied: Problem(403, "not-permitted", "Your role cannot do this."),
    PermissionDenied: Problem(403, "not-permitted", "Your role cannot do this."),
    drf.MethodNotAllowed: Problem(405, "method-not-allowed", "This address does not take that method."),
    drf.NotAcceptable: Problem(406, "not-acceptable", "Ask for application/json."),
    hub.OwnClockError: Problem(
        503, "clock", "The hub's own clock is in doubt; nothing was judged by it.", retry_secs=60
    ),
    hub.SpoolFullError: Problem(
        503, "busy", "The hub has more requests than it can take now; send it again."
    ),
    hub.CompressedOnlyError: Problem(406, "compressed-only", "This is sent compressed only."),
    drf.UnsupportedMediaType: Problem(
        415, "unsupported-media-type", "Send the content type of the API guide."
    ),
    drf.ParseError: Problem(400, "malformed-request", "The request could not be read."),
    drf.ValidationError: Problem(422, "input-refused", "A field was not accepted."),
    drf.Throttled: Problem(429, "too-many-requests", "Slow down."),
    callers.MoveError: Problem(409, "move-refused", "Its state does not allow this.", ("state",)),
    callers.ReminderTooSoonError: Problem(
        409, "reminder-too-soon", "They were reminded a moment ago.", ("not_before",)
    ),
    envelope.MalformedError: Problem(400, "malformed", "The object is not of the agreed form.", ("where",)),
    envelope.TooLargeError: Problem(413, "too-large", "The object is over a limit of the protocol."),
    envelope.EnvelopeError: Problem(422, "envelope-refused", "The object failed a check.", ("code",)),
}


if apps.is_installed("sharing"):
    # Each half adds its own rows, and imports nothing of the other.
    from agencies import errors as agencies
    from sharing import errors as sharing

    PROBLEMS |= {
        agencies.AgencyExistsError: Problem(
            409, "agency-exists", "An agency of this id or name was admitted before.", ("agency_id",)
        ),
        agencies.CustodyRefusedError: CUSTODY_REFUSED,
        agencies.KeyTakenError: KEY_TAKEN,
        agencies.HeldElsewhereError: HELD_ELSEWHERE,
        agencies.TooManyKeysetsError: Problem(
            429,
            "too-many-keysets",
            "Your agency has published very many keysets within a day.",
            ("again_at",),
        ),
        sharing.IssuerSuspendedError: Problem(
            403, "agency-suspended", "You can read what you received; nothing can be sent."
        ),
        sharing.AgreementError: Problem(
            422, "agreement-refused", "The agreement does not allow this.", ("field", "problem")
        ),
        sharing.AlreadyRetractedError: Problem(409, "already-retracted", "This was withdrawn before."),
        sharing.CheckFailedError: Problem(422, "envelope-refused", "The object failed a check."),
        sharing.ContentDeletedError: Problem(410, "content-deleted", "Its content was deleted."),
        sharing.ExpiredError: Problem(410, "expired", "It expired before your agency fetched it."),
        sharing.FlowSuspendedError: Problem(
            409, "flow-suspended", "Sharing with the sender is suspended; this waits until it is resumed."
        ),
        sharing.FeedRestartedError: Problem(
            410, "feed-restarted", "This place is not in your feed: it has begun anew."
        ),
        sharing.RangeOutsideError: Problem(
            416, "range-outside", "The range lies outside of this file.", ("size_bytes",)
        ),
        sharing.IdTakenError: Problem(409, "id-taken", "Your agency has used this id for other content."),
        sharing.KeepTooShortError: Problem(
            422, "keep-too-short", "A real alert is kept 30 days at least; nothing was sent.", ("least",)
        ),
        sharing.KeysetStaleError: Problem(
            409, "keyset-stale", "Sealed to keys that are not the newest; seal again.", ("agencies",)
        ),
        agencies.KeysetUnreadableError: KEYS_UNREAD,
        sharing.NotFetchedError: Problem(409, "not-fetched", "Fetch it before you acknowledge it."),
        sharing.PolicyDeniedError: Problem(
            403, "policy-denied", "Some recipients may not receive this; nothing was sent.", ("denials",)
        ),
        sharing.RecalledError: Problem(409, "recalled", "The sender has withdrawn this."),
        sharing.LaggingError: Problem(503, "sequencer-lagging", "The hub is catching up; send it again."),
        sharing.StatementKindError: Problem(
            422, "statement-kind-refused", "This address does not take statements of this kind.", ("k",)
        ),
        sharing.SupersededError: Problem(409, "superseded", "There is a newer version; update that one."),
    }

if apps.is_installed("alerts"):
    from alerts import errors as alerts
    from officers import errors as officers
    from officers.login import errors as login
    from vault import errors as vault

    PROBLEMS |= {
        alerts.AlertIncompleteError: Problem(
            422, "alert-incomplete", "Some fields stop the alert.", ("errors", "questions")
        ),
        alerts.AmendmentRefusedError: Problem(
            409, "amendment-refused", "This is no longer the version to act on.", ("cause", "text")
        ),
        alerts.AttachmentRefusedError: Problem(
            422, "attachment-refused", "The file was not accepted.", ("problem",)
        ),
        alerts.ChangedSinceValidationError: Problem(
            409,
            "changed-since-validation",
            "What would be sent is not what was checked. Return it and check it again.",
            ("what",),
        ),
        alerts.ContentDeletedError: Problem(410, "content-deleted", "Its content was deleted."),
        alerts.CopyRefusedError: Problem(422, "copy-refused", "This may not become a new draft.", ("text",)),
        alerts.DraftTakenOverError: Problem(
            409, "draft-taken-over", "An officer has changed this draft and goes on with it."
        ),
        alerts.ExpiredError: Problem(410, "expired", "It expired before your agency fetched it."),
        alerts.FlowSuspendedError: Problem(
            409, "flow-suspended", "Sharing with the sender is suspended; this waits until it is resumed."
        ),
        alerts.HeldElsewhereError: HELD_ELSEWHERE,
        alerts.KeysetUnreadableError: KEYS_UNREAD,
        alerts.KeysMovedOnError: Problem(
            409, "keys-moved-on", "The keys are not as they were when you read them.", ("text",)
        ),
        alerts.MoveRefusedError: Problem(
            409, "alert-move-refused", "The alert's state does not allow this.", ("move", "state")
        ),
        alerts.NotTakenError: Problem(
            409,
            "not-taken",
            "The exchange did not take it; nothing was sent.",
            ("cause", "text", "denials"),
        ),
        alerts.CancelRefusedError: Problem(
            409, "cancel-refused", "This cannot be cancelled now.", ("cause", "text")
        ),
        alerts.NotOpenedError: Problem(409, "not-opened", "Open it before you acknowledge it."),
        alerts.ReceiptPendingError: Problem(
            409, "receipt-pending", "Not verified yet: the log receipt usually takes a second."
        ),
        alerts.RecalledError: Problem(409, "recalled", "The sender has withdrawn this."),
        alerts.RevisionConflictError: Problem(
            412,
            "revision-conflict",
            "Somebody else saved in between. Both texts are here; nothing is lost.",
            ("number", "theirs", "mine", "differing"),
        ),
        alerts.RevisionRequiredError: Problem(
            428, "revision-required", "Say in If-Match what this is made from."
        ),
        alerts.ReplyRefusedError: Problem(
            409, "reply-refused", "This takes no such reply.", ("cause", "text")
        ),
        alerts.StaleTagError: Problem(
            412, "stale-tag", "It has changed since you read it; load it again.", ("number", "state")
        ),
        alerts.RulesDamagedError: Problem(
            409, "rules-damaged", "What your agency stores of adopted rules did not open.", ("text",)
        ),
        alerts.LaneRefusedError: Problem(
            422, "agreement-refused", "The agreement does not allow this.", ("field", "problem")
        ),
        alerts.ExchangeAwayError: Problem(
            503, "exchange-away", "The exchange could not be asked; nothing was done."
        ),
        alerts.ExchangeRefusedError: Problem(
            409, "exchange-refused", "The exchange refuses it; nothing was done.", ("text",)
        ),
        alerts.ScienceAwayError: Problem(
            503, "science-away", "It could not be read in the time and memory that one question has."
        ),
        alerts.ScienceInputError: Problem(
            422,
            "substance-unreadable",
            "It could not be read as what it was sent for.",
            ("field", "code", "problem"),
        ),
        alerts.SecondPersonNeededError: Problem(
            403,
            "second-person-needed",
            "You wrote this alert or had a part in it: somebody else has to do this.",
            ("move",),
        ),
        alerts.OtherVersionsError: Problem(
            409,
            "other-versions",
            "The desk and the exchange speak no version in common; one of them is to be updated.",
            ("what", "theirs", "ours", "text"),
        ),
        alerts.SendingStoppedError: Problem(409, "sending-stopped", "Nothing was sent.", ("text",)),
        alerts.UnopenableError: Problem(
            409, "unopenable", "Do not rely on this alert.", ("text", "reference")
        ),
        officers.FormTokenError: Problem(
            403, "form-token-refused", "The form's token is missing or old. Reload the page."
        ),
        officers.TakenInError: Problem(
            409, "taken-in", "This desk has taken the agency in already.", ("agency_id",)
        ),
        officers.LastAdminError: Problem(409, "last-admin", "An agency keeps one agency admin at least."),
        officers.NobodyToReleaseError: Problem(
            409,
            "nobody-to-release",
            "Nobody else could check and send this. Let somebody else do it, or enrol a releaser.",
        ),
        login.StepUpNeededError: Problem(
            403,
            "step-up-needed",
            "Prove again that it is you, on the page named; then send this again.",
            ("confirm", "minutes"),
        ),
        login.FactorNeededError: Problem(
            403, "factor-needed", "Your agency demands a second factor: set one up first.", ("set_up",)
        ),
        vault.ChangeRefusedError: Problem(
            409, "change-refused", "The exchange has refused this change of keys.", ("code",)
        ),
        vault.ChangeWaitsError: Problem(
            409,
            "change-waits",
            "A new keyset of your agency waits for the exchange; send it again or give it up.",
        ),
        vault.CustodyRefusedError: CUSTODY_REFUSED,
        vault.KeyTakenError: KEY_TAKEN,
        vault.MayBeTakenError: Problem(
            409, "may-be-taken", "The exchange may have it and cannot be asked now; give it up later."
        ),
        vault.RecoveryWaitsError: Problem(
            409,
            "recovery-waits",
            "A recovered root waits; cancel it or wait until it is in force.",
            ("agency_id", "version"),
        ),
        vault.NotNamedError: Problem(
            403, "not-named", "It is marked RED, and its sender named other officers than you."
        ),
        vault.SecretMissingError: Problem(409, "no-key-yet", "No key yet: create one."),
        vault.SigningKeysMissingError: Problem(
            409, "no-signing-key", "Your agency has no valid signing key; ask your key officer."
        ),
        vault.DeskLockedError: Problem(
            503, "desk-locked", "The desk is locked until somebody opens it.", retry_secs=60
        ),
        vault.KekUnknownError: Problem(503, "keys-away", "The hub cannot reach your agency's keys now."),
        vault.VaultClosedError: Problem(503, "keys-away", "The hub cannot reach your agency's keys now."),
        vault.VaultError: Problem(409, "unopenable", "Do not rely on this alert."),
    }


def problem_for(error: BaseException) -> Problem | None:
    """Return the row for an error's most specific class, or None."""
    for kind in type(error).__mro__:
        if kind in PROBLEMS:
            return PROBLEMS[kind]
    return None


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error as DRF's exception handler; None lets an unknown error become a 500 without detail."""
    if own_clock.is_own_fault(error):
        error = hub.OwnClockError()
    problem = problem_for(error)
    if problem is None:
        return None
    set_rollback()
    faults.STORAGE.note(error)
    body = {"type": TYPE_PREFIX + problem.slug, "title": problem.title, "status": problem.status}
    body |= {
        name: value for name in problem.members if (value := getattr(error, name, None)) not in (None, "")
    }
    if isinstance(error, drf.ValidationError):
        body["errors"] = error.get_full_details()
    body |= _instance(context.get("request"))
    response = Response(body, status=problem.status, content_type=CONTENT_TYPE)
    for header in ("WWW-Authenticate", "Retry-After"):
        if value := _header_value(error, header):
            response[header] = value
    return response


def _instance(request: object) -> dict[str, str]:
    """Return the request's id, where the caller has named it.

    Our own id is only in the header: refusals that must tell nothing are the same octets.
    """
    named = getattr(request, "named_by_caller", None)
    return {"instance": f"urn:accord:request:{named}"} if named else {}


def _header_value(error: BaseException, header: str) -> str | None:
    if header == "WWW-Authenticate":
        return getattr(error, "auth_header", None)
    wait = getattr(error, "retry_after", None) or getattr(error, "wait", None)
    problem = problem_for(error)
    wait = wait or (problem.retry_secs if problem else 0)
    return str(int(wait)) if wait else None


def _plain(request: HttpRequest, status: int, slug: str, title: str) -> HttpResponse:
    body = {"type": TYPE_PREFIX + slug, "title": title, "status": status}
    body |= _instance(request)
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)


def answer_plainly(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer an error of the table where no REST view does; raise it again if it is not there."""
    problem = problem_for(error)
    if problem is None:
        raise error
    answer = _plain(request, problem.status, problem.slug, problem.title)
    if wait := _header_value(error, "Retry-After"):
        answer["Retry-After"] = wait
    return answer


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _plain(request, 404, "absent", _("There is nothing here for you."))


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400 to a request that could not be read, 413 to one that is too large."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _plain(request, 413, "too-large", _("The request is larger than this address takes."))
    return _plain(request, 400, "malformed-request", _("The request could not be read."))


def is_database_busy(error: BaseException | None) -> bool:
    return error is not None and problem_for(error) is DATABASE_BUSY


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 without any detail; 503 with `Retry-After` where the database did not answer."""
    error = sys.exception()
    if isinstance(error, Exception) and is_database_busy(error):
        faults.STORAGE.note(error)
        return answer_plainly(request, error)
    return _plain(request, 500, "broken", _("Something broke on our side. Nothing was changed."))
