# SPDX-License-Identifier: Apache-2.0
"""Rows of the table of errors that only the exchange raises (`callers.problems`)."""

from typing import Final

from django.utils.translation import gettext_noop as _

from agencies import errors as agencies
from callers import problems as shared
from callers.problems import Problem, Table
from sharing import errors

# fmt: off
AGENCY_EXISTS: Final = Problem(
    409, "agency-exists", _("An agency of this id or name was admitted before."),
    "Take another id and name, or go on with the agency that was admitted.",
    _("Take another id and name, or go on with that agency."), ("agency_id",),
)
PROBLEMS: Final[Table] = {
    agencies.AgencyExistsError: AGENCY_EXISTS,
    agencies.CustodyRefusedError: shared.CUSTODY_REFUSED,
    agencies.HeldElsewhereError: shared.HELD_ELSEWHERE,
    agencies.KeyTakenError: shared.KEY_TAKEN,
    agencies.KeysetUnreadableError: shared.KEYS_UNREAD,
    agencies.TooManyKeysetsError: Problem(
        429, "too-many-keysets", "Your agency has published very many keysets within a day.",
        "Wait until `again_at`; a recovery and the answer to one are not held up.",
        members=("again_at",),
    ),
    errors.AccessEndedError: shared.ACCESS_ENDED,
    errors.AgreementError: shared.AGREEMENT_REFUSED,
    errors.AlreadyRetractedError: shared.ALREADY_RETRACTED,
    errors.CheckFailedError: shared.ENVELOPE_REFUSED,
    errors.ContentDeletedError: shared.CONTENT_DELETED,
    errors.ExpiredError: shared.EXPIRED,
    errors.FeedRestartedError: Problem(
        410, "feed-restarted", "This place is not in your feed: it has begun anew.",
        "Read it from the beginning with `after=0`, deliveries without `changed_since`, pass over every `digest` you have, and go on with `next`.",
    ),
    errors.FlowSuspendedError: shared.FLOW_SUSPENDED,
    errors.IdTakenError: Problem(
        409, "id-taken", "Your agency has used this id for other content.",
        "Compare the bytes: send the ones of before again, or take a new id for other content.",
    ),
    errors.IssuerSuspendedError: shared.AGENCY_SUSPENDED,
    errors.KeepTooShortError: shared.KEEP_TOO_SHORT,
    errors.KeysetStaleError: shared.KEYSET_STALE,
    errors.LaggingError: Problem(
        503, "sequencer-lagging", "The hub is catching up; send it again.",
        "Send it again after Retry-After, byte for byte.",
    ),
    errors.NotFetchedError: Problem(
        409, "not-fetched", "Fetch it before you acknowledge it.", "Fetch the envelope before acknowledging it.",
    ),
    errors.PolicyDeniedError: Problem(
        403, "policy-denied", "Some recipients may not receive this; nothing was sent.",
        "Leave out the recipients that `denials` names, each with its reason; nothing was sent to anybody.",
        members=("denials",),
    ),
    errors.RangeOutsideError: Problem(
        416, "range-outside", "The range lies outside of this file.",
        "Ask for a range within its `size_bytes`, or without `Range` for all of it.",
        members=("size_bytes",),
    ),
    errors.RecalledError: shared.RECALLED,
    errors.StatementKindError: Problem(
        422, "statement-kind-refused", "This address does not take statements of this kind.",
        "Send this kind of statement to the address that the guide names for it.",
        members=("k",),
    ),
    errors.SupersededError: shared.SUPERSEDED,
}
# fmt: on
