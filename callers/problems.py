# SPDX-License-Identifier: Apache-2.0
"""The table of errors: one row says what an error is answered, on a page and as problem+json (RFC 9457).

- Here are the type of a row, and the rows of errors that both halves, the framework or the database raise. Those of one half stand
  in `sharing.problems` and `alerts.problems`; `hub.problems` gathers what its role answers.
- The most specific class in an error's MRO counts. An error without a row is answered 500 without detail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from rest_framework import exceptions as drf

from accord.envelope import errors as envelope
from callers import errors

PROBLEM_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:accord:problem:"


@dataclass(frozen=True)
class Problem:
    """Row of the table.

    - `sentence` says what happened: on a page in the reader's language, as JSON's title in English.
    - `for_systems` says what a system, or its developer, does next.
    - `remedy` says what the person at a page does next; empty where no page shows the error.
    - `members` names attributes of the error that the caller may read. If the error has a `text` or `problem` among them, a page
      shows that in place of `remedy`.
    - `retry_secs`: when to try again, where the error itself does not say.
    """

    status: int
    slug: str
    sentence: str
    for_systems: str
    remedy: str = ""
    members: tuple[str, ...] = ()
    retry_secs: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the members that every problem has."""
        return {"type": TYPE_PREFIX + self.slug, "title": self.sentence, "status": self.status}

    def remedy_for(self, error: BaseException | None = None) -> str:
        """Return what the person at a page does next, in the active language."""
        own = (getattr(error, name, "") for name in ("text", "problem") if name in self.members)
        return next(filter(None, own), "") or gettext(self.remedy)

    def words_for(self, error: BaseException | None = None) -> str:
        """Return what happened and what to do, in the active language."""
        return f"{gettext(self.sentence)} {self.remedy_for(error)}"


Table = Mapping[type[BaseException], Problem]


def row_of(error: BaseException, table: Table) -> Problem | None:
    """Return the row of an error's most specific class, or None."""
    return next((table[kind] for kind in type(error).__mro__ if kind in table), None)


CALL_OPERATOR: Final = _("Call whoever runs this desk.")

# The rows are written without a line for each argument, so that one is seen as one.
# fmt: off
ABSENT: Final = Problem(
    404, "absent", _("There is nothing here for you."),
    "Compare the id and the caller's agency. What is not yours answers like what is not there.",
    _("It may have been removed, or the address is not right."),
)
BROKEN: Final = Problem(
    500, "broken", _("Something broke on our side. Nothing was changed."),
    "Send it again later with the same Idempotency-Key; give the operator the X-Request-Id.",
    _("Try again; if it stays so, call whoever runs this desk."),
)
BUSY: Final = Problem(
    503, "busy", "The hub has more requests than it can take now; send it again.",
    "Send it again after Retry-After, with fewer requests at once.",
)
DATABASE_BUSY: Final = Problem(
    503, "database-busy", _("The database does not answer in time."),
    "Send it again after Retry-After, byte for byte and with the same Idempotency-Key; give the operator the X-Request-Id if it stays.",
    _("Try again in a moment: go back, and send it again. If it stays so, call whoever runs this desk."),
    retry_secs=2,
)
"""A statement or a lock took too long, or the database is away, full or starting."""
FORM_TOKEN_REFUSED: Final = Problem(
    403, "form-token-refused", _("This form is no longer valid."),
    "Send the token of `GET /caller` in X-CSRFToken, with the cookies of that answer and of the session, and a Referer over TLS.",
    _("You may have been signed out meanwhile. Nothing was changed: go back, load the page again and send the form once more."),
)
INPUT_REFUSED: Final = Problem(
    422, "input-refused", _("A field was not accepted."), "Correct the member that `field`, or `errors`, names.",
    members=("field", "problem"),
)
MALFORMED_REQUEST: Final = Problem(
    400, "malformed-request", _("The request could not be read."),
    "Send JSON with each member once, plainly nested, decimals as text, and each parameter of the query once.",
    _("Nothing was stored. Go back and try again."),
)
NOT_AUTHENTICATED: Final = Problem(
    401, "not-authenticated", "Sign in or send a valid API key.",
    "Send a valid API key (it may have expired or been revoked), or sign in.",
)
NOT_PERMITTED: Final = Problem(
    403, "not-permitted", _("Your role cannot do this."),
    "Ask one of the people that `ask` names, or have the key's scopes widened.",
    _("Ask an admin of your agency."), ("capability", "ask"),
)
RECORD_ALTERED: Final = Problem(
    409, "record-altered", _("A record was changed outside the program and counts for nothing."),
    "Ask whoever runs this hub to look at the record.",
    CALL_OPERATOR,
)
TOO_LARGE: Final = Problem(
    413, "too-large", _("It is larger than this address takes."), "Send less: the guide lists the limits.",
    _("Nothing was stored. One file may have up to 64 MiB; split a larger one."),
)

# Raised by either half under a class of its own.
AGREEMENT_REFUSED: Final = Problem(
    422, "agreement-refused", _("The agreement does not allow this."), "Correct the member named in `field`.",
    members=("field", "problem"),
)
CONTENT_DELETED: Final = Problem(
    410, "content-deleted", _("Its content was deleted."),
    "Nothing is left to fetch: the sender's period of keeping has ended.",
    _("The time for which its sender keeps it has ended."),
)
CUSTODY_REFUSED: Final = Problem(
    409, "custody-refused", _("The custody of the agency's keys does not allow this."),
    "Ask the operator: the keys of this agency are kept in another way.",
    CALL_OPERATOR, ("agency_id", "custody"),
)
ENVELOPE_REFUSED: Final = Problem(
    422, "envelope-refused", _("A check of it failed."),
    "Compare the object with the specification; the caller's auditor finds the exact cause.",
    _("Do not rely on it. Call whoever runs this desk."), ("code",),
)
EXPIRED: Final = Problem(
    410, "expired", _("It expired before your agency fetched it."),
    "Ask the sender to send it again: its time ended before your agency fetched it.",
    _("It stays closed. Ask the sender to send it again."),
)
FLOW_SUSPENDED: Final = Problem(
    409, "flow-suspended", _("Sharing with the sender is suspended; this waits until it is resumed."),
    "Wait, or have the agreement's lane resumed: it is delivered then.",
    _("It stays closed until both sides let the agreement's lane flow again."),
)
HELD_ELSEWHERE: Final = Problem(
    409, "held-elsewhere", _("Another desk or command holds your agency's identity."),
    "Stop the one that `holder` and `software` name and have it give the identity back, or wait until `free_at`. At a desk a key officer takes it over (`POST /keys/holder`).",
    members=("holder", "software", "free_at", "text"),
)
KEY_TAKEN: Final = Problem(
    409, "key-taken", _("One of these keys is registered for another agency or use."),
    "Make new keys: one key serves one agency and one use for ever.",
    _("Make others."), ("kid",),
)
KEYS_UNREAD: Final = Problem(
    409, "keys-unread", _("Keys of an agency cannot be read; nothing is sealed to it or taken from it for now."),
    "Nothing is left to do for the caller: the hub's operator has to restore what cannot be read.",
    CALL_OPERATOR,
)
ACCESS_ENDED: Final = Problem(
    410, "access-ended", _("What was released to you has ended, or was withdrawn."),
    "Ask whoever released it to you, or its sender; what you have read stays read.",
    _("Ask whoever released it to you, or its sender."),
)
RECALLED: Final = Problem(
    409, "recalled", _("The sender withdrew this before your agency fetched it."),
    "Leave it: the sender withdrew it before your agency fetched it.",
    _("It stays closed."),
)

# Refusals by the exchange of what a desk handed in; the desk tells its officers by the slug.
AGENCY_SUSPENDED: Final = Problem(
    403, "agency-suspended", _("You can read what you received; nothing can be sent."),
    "Read what was received; send again when the hub's operator has lifted the suspension.",
    CALL_OPERATOR,
)
ALREADY_RETRACTED: Final = Problem(
    409, "already-retracted", _("This was withdrawn before."),
    "Nothing is left to do: the alert was withdrawn before.",
    _("Nothing is left to do."),
)
KEEP_TOO_SHORT: Final = Problem(
    422, "keep-too-short", _("A real alert is kept 30 days at least; nothing was sent."),
    "Sign it again with a `keep` of `least` or later, in seconds; an exercise may be deleted sooner.",
    _("Choose a later day for its deletion."), ("least",),
)
KEYSET_STALE: Final = Problem(
    409, "keyset-stale", _("A recipient's keys have just changed."),
    "Fetch the keysets of `agencies` and seal again.",
    _("Try again."), ("agencies",),
)
SUPERSEDED: Final = Problem(
    409, "superseded", _("Another version has replaced this one already."),
    "Fetch the newest version and update that one.",
    _("Look at what stands in your agency's name."),
)
REFUSED_AT_EXCHANGE: Final = {
    row.slug: row
    for row in (AGENCY_SUSPENDED, ALREADY_RETRACTED, CONTENT_DELETED, KEEP_TOO_SHORT, KEYSET_STALE, SUPERSEDED)
}

PROBLEMS: Final[Table] = {
    Http404: ABSENT,
    InterfaceError: DATABASE_BUSY,
    OperationalError: DATABASE_BUSY,
    PermissionDenied: NOT_PERMITTED,
    RequestDataTooBig: TOO_LARGE,
    TooManyFieldsSent: TOO_LARGE,
    TooManyFilesSent: TOO_LARGE,
    drf.AuthenticationFailed: NOT_AUTHENTICATED,
    drf.MethodNotAllowed: Problem(
        405, "method-not-allowed", "This address does not take that method.", "Compare the method with the description.",
    ),
    drf.NotAcceptable: Problem(
        406, "not-acceptable", "Ask for application/json.", "Ask for application/json, or leave Accept out.",
    ),
    drf.NotAuthenticated: NOT_AUTHENTICATED,
    drf.NotFound: ABSENT,
    drf.ParseError: MALFORMED_REQUEST,
    drf.PermissionDenied: NOT_PERMITTED,
    drf.Throttled: Problem(429, "too-many-requests", "Slow down.", "Wait for Retry-After."),
    drf.UnsupportedMediaType: Problem(
        415, "unsupported-media-type", "Send the content type of the API guide.",
        "Send the content type that the description names.",
    ),
    drf.ValidationError: INPUT_REFUSED,
    envelope.BackendError: Problem(
        503, "checks-away", _("Nothing can be checked or signed here now."),
        "Send it again after Retry-After, byte for byte; tell the operator if it stays.",
        CALL_OPERATOR, retry_secs=60,
    ),
    envelope.EnvelopeError: ENVELOPE_REFUSED,
    envelope.MalformedError: Problem(
        400, "malformed", _("The object is not of the agreed form."),
        "Compare the object with the specification, at the place that `where` names.",
        CALL_OPERATOR, ("where",),
    ),
    envelope.TooLargeError: TOO_LARGE,
    errors.AbsentError: ABSENT,
    errors.CredentialError: NOT_AUTHENTICATED,
    errors.CursorExpiredError: Problem(
        410, "cursor-expired", "This cursor is older than a day.", "Begin again at the first page, without a cursor.",
    ),
    errors.CursorRefusedError: Problem(
        422, "cursor-refused", "No page of this list gave this cursor.",
        "Take `next` of the last page as it was given, with the same filters and caller; else begin again.",
    ),
    errors.IdempotencyKeyReusedError: Problem(
        422, "idempotency-key-reused", "This Idempotency-Key came before with another request.",
        "Take a new key for every request that differs.",
    ),
    errors.InputError: INPUT_REFUSED,
    errors.MoveError: Problem(
        409, "move-refused", "Its state does not allow this.", "Read it again: `state` says where it stands.",
        members=("state",),
    ),
    errors.NotBoundError: RECORD_ALTERED,
    errors.NotPermittedError: NOT_PERMITTED,
    errors.ReminderTooSoonError: Problem(
        409, "reminder-too-soon", _("They were reminded less than an hour ago."), "Wait before reminding them again.",
        members=("not_before",),
    ),
    errors.RequestInProgressError: Problem(
        409, "request-in-progress", "This request is being worked on. Ask again in a moment.",
        "Send it again after Retry-After with the same key: the first one is still being worked on.",
        retry_secs=2,
    ),
    errors.RotationRefusedError: Problem(
        409, "rotation-refused", "This key does not replace itself now.",
        "Wait until `from_at`, or go on with the key that took its place; an agency admin can issue another.",
        members=("cause", "from_at"),
    ),
}
# fmt: on


def unreadable_row(error: BaseException | None) -> Problem:
    """Return the row for a request that was not read: too large, or else malformed."""
    return (error and row_of(error, PROBLEMS)) or MALFORMED_REQUEST
