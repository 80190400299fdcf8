# SPDX-License-Identifier: Apache-2.0
"""Types of problem that each operation of the API can answer, in one table.

What holds for every operation, or for every one of a kind, is derived; the rest is listed by operation.
"""

from collections.abc import Mapping
from typing import Final

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

ALWAYS: Final = (
    "absent",
    "database-busy",
    "desk-locked",
    "input-refused",
    "malformed-request",
    "not-acceptable",
    "not-authenticated",
    "not-permitted",
    "record-altered",
    "factor-needed",
    "too-many-requests",
)
WRITES: Final = (
    "form-token-refused", "idempotency-key-reused", "request-in-progress", "too-large",
    "unsupported-media-type",
)  # fmt: skip
TAGGED: Final = ("revision-conflict", "revision-required", "stale-tag")
SEEN: Final = ("revision-required", "stale-tag")
PAGED: Final = ("cursor-expired", "cursor-refused")
SEALED: Final = ("keys-away", "no-key-yet", "unopenable")
"""Problems of reading or writing sealed content."""
CLOSED: Final = ("content-deleted", "expired", "flow-suspended", "recalled")
"""Reasons why the exchange does not serve an envelope."""
SIGNS: Final = ("held-elsewhere", "no-signing-key", "not-taken", "other-versions", "sending-stopped", *SEALED)
SIGNS_FOR_KEYS: Final = ("exchange-away", "exchange-refused", "no-signing-key", *SEALED)
MOVES: Final = ("alert-move-refused", *SEALED)
OPENS: Final = ("exchange-away", "exchange-refused", "receipt-pending", *SEALED, *CLOSED)
ANSWERS: Final = ("reply-refused", *OPENS)
"""Problems of replying to an alert."""
ONWARD: Final = ("exchange-away", "exchange-refused", "sending-stopped", *SEALED)
"""Problems of preparing a release onward."""
SCIENCE: Final = ("rules-damaged", "science-away", "substance-unreadable")
"""Problems of a question to the science core."""
LAW: Final = ("rules-damaged", "science-away", *SEALED)
"""Problems of reading the law that an agency follows."""
AMENDS: Final = ("amendment-refused", "receipt-pending")
CHECKED: Final = frozenset({"envelope-refused", "unopenable"})
"""Problems of operations that check or sign."""
INTAKE: Final = (
    "agency-suspended",
    "busy",
    "clock",
    "envelope-refused",
    "id-taken",
    "malformed",
    "sequencer-lagging",
)
"""Problems of handing in what the exchange's ledger takes."""
KEYSETS: Final = (
    "change-refused",
    "change-waits",
    "custody-refused",
    "envelope-refused",
    "key-taken",
    "malformed",
    "recovery-waits",
    "step-up-needed",
)

OWN: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("POST", "api-keys"): ("nobody-to-release",),
    ("POST", "api-keys/{prefix}/rotate"): ("nobody-to-release",),
    ("POST", "api-keys/self/rotate"): ("rotation-refused",),
    ("GET", "exchange-keys"): ("exchange-away", "exchange-refused"),
    ("GET", "agreements"): ("exchange-away", "exchange-refused"),
    ("GET", "agreements/may-send"): ("exchange-away", "exchange-refused"),
    ("GET", "circles"): ("exchange-away", "exchange-refused"),
    ("POST", "exchange-keys"): SIGNS_FOR_KEYS,
    ("DELETE", "exchange-keys/{prefix}"): SIGNS_FOR_KEYS,
    ("POST", "exchange-keys/own/replace"): SIGNS_FOR_KEYS,
    ("POST", "caller/rotate"): ("rotation-refused",),
    ("POST", "instances"): ("held-elsewhere",),
    ("POST", "credentials"): ("envelope-refused", "malformed"),
    ("POST", "credentials/{prefix}/end"): ("envelope-refused", "malformed"),
    ("PUT", "agencies/{agency_id}/entry"): ("envelope-refused", "malformed"),
    ("POST", "agencies/{agency_id}/challenges"): KEYSETS,
    ("POST", "agencies/{agency_id}/keysets"): (*KEYSETS, "too-many-keysets"),
    ("GET", "envelopes/{md}"): ("access-ended", *CLOSED),
    ("GET", "envelopes/{md}/manifest"): ("content-deleted",),
    ("GET", "envelopes/{md}/blobs/{n}"): (*CLOSED, "range-outside"),
    ("POST", "envelopes"): (
        *INTAKE, "content-deleted", "keep-too-short", "keyset-stale", "policy-denied", "superseded",
    ),
    ("POST", "envelopes/{md}/reminders"): ("agency-suspended", "reminder-too-soon"),
    ("POST", "statements"): (
        *INTAKE, "agreement-refused", "already-retracted", "custody-refused", "move-refused", "not-fetched",
        "statement-kind-refused",
    ),
    ("POST", "releases"): (*INTAKE, "content-deleted", "policy-denied"),
    ("GET", "inbox"): ("feed-restarted",),
    ("GET", "deliveries"): ("cursor-refused", "feed-restarted"),
    ("GET", "submissions"): PAGED,
    ("GET", "alerts"): SEALED,
    ("POST", "alerts"): SEALED,
    ("POST", "alerts/bulk"): SEALED,
    ("GET", "alerts/written/{alert_id}"): SEALED,
    ("POST", "alerts/written/{alert_id}/attachments"): ("attachment-refused", "draft-taken-over", *MOVES),
    ("GET", "alerts/written/{alert_id}/attachments/{n}"): SEALED,
    ("POST", "alerts/check"): ("exchange-away", "exchange-refused"),
    ("POST", "alerts/check-recipients"): ("exchange-away", "exchange-refused"),
    ("POST", "alerts/search"): (*PAGED, *SEALED),
    ("POST", "alerts/export"): (*PAGED, *SEALED),
    ("GET", "alerts/{alert_id}"): SEALED,
    ("PATCH", "alerts/{alert_id}"): MOVES,
    ("DELETE", "alerts/{alert_id}"): MOVES,
    ("POST", "alerts/{alert_id}/submit"): (
        "alert-incomplete", "exchange-away", "exchange-refused", "nobody-to-release", "sending-stopped", *MOVES, *AMENDS,
    ),
    ("POST", "alerts/{alert_id}/validate"): (
        "alert-incomplete", "changed-since-validation", "exchange-away", "exchange-refused",
        "second-person-needed", "sending-stopped", *MOVES, *AMENDS,
    ),
    ("POST", "alerts/{alert_id}/return"): (*MOVES, *TAGGED),
    ("POST", "alerts/{alert_id}/release"): (
        "alert-incomplete", "changed-since-validation", "exchange-away", "exchange-refused",
        "second-person-needed", "step-up-needed", *MOVES, *SIGNS, *AMENDS,
    ),
    ("POST", "alerts/{alert_id}/cancel"): ("cancel-refused", "step-up-needed", *TAGGED, *MOVES),
    ("POST", "alerts/{alert_id}/amend"): (*MOVES, *AMENDS, *CLOSED),
    ("POST", "alerts/{alert_id}/withdraw"): ("step-up-needed", *TAGGED, *MOVES, *SIGNS, *AMENDS),
    ("POST", "alerts/{alert_id}/reaffirm"): ("step-up-needed", *TAGGED, *MOVES, *SIGNS),
    ("POST", "alerts/{alert_id}/second-look"): ("second-person-needed", *TAGGED, *MOVES),
    ("POST", "alerts/{alert_id}/remind"): (
        "alert-move-refused", "held-elsewhere", "other-versions", "reminder-too-soon", "step-up-needed", *TAGGED,
    ),
    ("GET", "alerts/{alert_id}/thread"): SEALED,
    ("GET", "alerts/received/{received_id}/thread"): SEALED,
    ("POST", "alerts/{alert_id}/attachments"): ("attachment-refused", *MOVES),
    ("GET", "alerts/{alert_id}/attachments/{n}"): OPENS,
    ("DELETE", "alerts/{alert_id}/attachments/{n}"): MOVES,
    ("POST", "alerts/{alert_id}/releases"): ONWARD,
    ("POST", "alerts/received/{received_id}/releases"): ONWARD,
    ("POST", "alerts/prepared-releases/{release_id}/release"): ("second-person-needed", *ONWARD, *SIGNS),
    ("POST", "alerts/{alert_id}/releases/{od}/end"): SIGNS,
    ("POST", "alerts/received/{received_id}/releases/{od}/end"): SIGNS,
    ("POST", "alerts/emergencies/{release_id}"): ("second-person-needed", *SEALED),
    ("POST", "withheld/{peer}/{lane}/choose"): ("sending-stopped",),
    ("POST", "withheld/{peer}/{lane}/send"): ("exchange-away", "exchange-refused", "second-person-needed", *SIGNS),
    ("GET", "alerts/templates"): SEALED,
    ("POST", "alerts/templates/{template_id}/start"): SEALED,
    ("POST", "alerts/{alert_id}/template"): SEALED,
    ("POST", "alerts/{alert_id}/copy"): ("copy-refused", *SEALED),
    ("POST", "alerts/received/{received_id}/copy"): ("copy-refused", *OPENS),
    ("POST", "alerts/received/{received_id}/open"): OPENS,
    ("POST", "alerts/received/{received_id}/attachments/{n}"): OPENS,
    ("POST", "alerts/received/{received_id}/acknowledge"): (
        "exchange-away", "exchange-refused", "not-opened", "receipt-pending", *CLOSED, *SIGNS,
    ),
    ("POST", "alerts/received/acknowledge"): ("agency-suspended", *SEALED),
    ("POST", "alerts/received/{received_id}/confirm-withdrawal"): SIGNS,
    ("POST", "alerts/received/{received_id}/reply"): ANSWERS,
    ("POST", "alerts/received/{received_id}/profile"): ANSWERS,
    ("POST", "alerts/received/{received_id}/profile/answer"): ANSWERS,
    ("POST", "alerts/received/{received_id}/profile/details"): ANSWERS,
    ("POST", "alerts/{alert_id}/profile/ask"): ("reply-refused", "substance-unreadable", *SEALED),
    ("GET", "alerts/{alert_id}/profile"): ("reply-refused", *SEALED),
    ("GET", "alerts/{alert_id}/reviews"): SEALED,
    ("GET", "alerts/received/{received_id}/reviews"): SEALED,
    ("GET", "science/board"): SEALED,
    ("GET", "substances/rules"): LAW,
    ("GET", "substances/rules/{rule_id}"): LAW,
    ("GET", "substances/caught"): LAW,
    ("POST", "substances/rules/adopted/{adopted_id}/set-aside"): LAW,
    ("POST", "substances/timeline"): SCIENCE,
    ("POST", "alerts/received/{received_id}/rule"): (*LAW, *OPENS),
    ("POST", "alerts/received/{received_id}/rule/adopt"): (*LAW, *OPENS),
    ("POST", "alerts/{alert_id}/rule"): LAW,
    ("POST", "alerts/{alert_id}/rule/adopt"): LAW,
    ("POST", "substances/screen"): SCIENCE,
    ("POST", "substances/similar"): (*SCIENCE, *SEALED),
    ("POST", "spectra/match"): (*SCIENCE, *SEALED),
    ("POST", "profiles/compare"): SCIENCE,
    ("GET", "spectra/library"): SEALED,
    ("POST", "spectra/library"): (*SCIENCE, *SEALED),
    ("GET", "spectra/imports/{import_id}"): SEALED,
    ("POST", "spectra/imports/{import_id}/confirm"): SEALED,
    ("GET", "cases"): SEALED,
    ("POST", "cases"): SEALED,
    ("POST", "cases/search"): SEALED,
    **dict.fromkeys((("GET", "cases/{case_id}"), ("PUT", "cases/{case_id}")), SEALED),
    **{("POST", f"cases/{{case_id}}/{act}"): SEALED for act in ("close", "reopen", "review", "items", "notes")},
    ("DELETE", "cases/{case_id}/items/{item_id}"): SEALED,
    **dict.fromkeys((("GET", "about/{subject_id}/notes"), ("POST", "about/{subject_id}/notes")), SEALED),
    **dict.fromkeys((("GET", "tasks"), ("POST", "tasks"), ("GET", "tasks/{task_id}")), SEALED),
    ("POST", "tasks/{task_id}/assign"): ("stale-tag", *SEALED),
    ("POST", "tasks/{task_id}/end"): SEALED,
    ("POST", "alerts/received/{received_id}/assign"): ("stale-tag", *SEALED),
    ("PATCH", "officers/{public_id}"): ("last-admin",),
    ("GET", "peers"): SEALED,
    ("POST", "peers/{agency_id}/compare"): SEALED,
    ("POST", "peers/{agency_id}/confirm"): SEALED,
    ("POST", "peers/{agency_id}/telephone"): SEALED,
    ("POST", "peers/{agency_id}/undo"): SEALED,
    ("POST", "notifications/{notice_id}/resend"): ("move-refused",),
    ("GET", "audit/events"): ("cursor-refused",),
    ("POST", "agreements/{ref}/suspend"): ("agreement-refused", "exchange-away", "exchange-refused", *SIGNS),
    ("POST", "agreements/{ref}/resume"): ("agreement-refused", "exchange-away", "exchange-refused", *SIGNS),
    ("POST", "agreements/{ref}/leave"): SIGNS,
    ("POST", "agreements/versions"): ("agreement-refused", *SIGNS),
    ("POST", "agreements/versions/{od}/accept"): ("agreement-refused", *SIGNS),
    ("POST", "agreements/versions/{od}/refuse"): ("agreement-refused", *SIGNS),
    ("GET", "doubts"): SEALED,
    ("POST", "doubts/statements/{od}/reaffirm"): SIGNS,
    ("POST", "doubts/envelopes/{md}/withdraw"): ("already-retracted", *SIGNS),
    ("POST", "desk/agencies/admitted"): ("exchange-away", "exchange-refused", "taken-in"),
    ("POST", "desk/agencies"): ("exchange-away", "exchange-refused", "keys-away", "taken-in"),
    ("POST", "desk/agencies/{agency_id}/admin"): ("move-refused",),
    ("POST", "desk/agencies/{agency_id}/entry-key"): ("exchange-away", "exchange-refused", "keys-away", "move-refused"),
    ("POST", "desk/agencies/{agency_id}/keys"): (
        "change-refused", "change-waits", "custody-refused", "key-taken", "keys-away", "move-refused",
    ),
    ("POST", "keys/changes"): (
        "change-refused", "change-waits", "custody-refused", "envelope-refused", "key-taken",
        "keys-moved-on", "no-signing-key", "recovery-waits", *SEALED,
    ),
    ("GET", "entry"): ("exchange-away", "exchange-refused"),
    ("PUT", "entry"): ("exchange-away", "exchange-refused", *SIGNS),
    ("POST", "keys/holder"): ("exchange-away", "exchange-refused", *SEALED),
    ("POST", "keys/to-send/{od}"): (
        "change-refused", "custody-refused", "key-taken", "no-signing-key", *SEALED,
    ),
    ("DELETE", "keys/to-send/{od}"): (
        "change-refused", "custody-refused", "key-taken", "may-be-taken", *SEALED,
    ),
    ("POST", "keys/proposals/{od}"): (*KEYSETS, "too-large", *SEALED),
    ("DELETE", "keys/proposals/{od}"): ("custody-refused",),
}  # fmt: skip


def problems_of(
    method: str, address: str, *, tagged: bool, paged: bool = False, sensitive: bool = False
) -> frozenset[str]:
    """Return the slugs of the problems that an operation may answer.

    `tagged`: it takes `If-Match`; `paged`: it takes a cursor; `sensitive`: its write asks an officer for a fresh proof.
    A list whose cursors last names `cursor-refused` itself.
    """
    slugs = {*ALWAYS, *OWN.get((method, address), ())}
    if method not in SAFE:
        slugs.update(WRITES)
    if tagged:
        slugs.update(TAGGED if address.startswith("alerts/") else SEEN)
    if paged and "cursor-refused" not in slugs:
        slugs.update(PAGED)
    if sensitive and method not in SAFE:
        slugs.add("step-up-needed")
    if slugs & CHECKED:
        slugs.add("checks-away")
    return frozenset(slugs)
