# SPDX-License-Identifier: Apache-2.0
"""Step from a draft's fields to what is signed: the alert document `accord-alert/1` and the terms of its manifest.

The document holds neither TLP, lane, speed nor recipients: these are members of the manifest and of the signed
content around the document, and two copies could differ. Reasons per recipient are not sent.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Final

from accord.document.rules import CLOSED, asks, read_day, years_after
from accord.envelope.manifest import LEAST_KEEP_SECS, Terms
from accord.envelope.vocabulary import ACKNOWLEDGE_WITHIN_SECS, RED
from alerts.document.choices import ANSWER_WITHIN, NOT_GRADED
from alerts.document.defaults import EXPIRES_AFTER, KEPT_DAYS_AT_MOST, REVIEW_YEARS
from alerts.document.fields import DOCUMENT_FIELDS, EMPTY, FIELDS, GRADES, Field, Kind, is_asked
from alerts.document.validators import is_acceptable, read_moment

SCHEMA: Final = "accord-alert/1"
GRADING_SCHEME: Final = "europol4x4"
RESENT: Final = "resent"
"""Member of a document that is sent again to whom a suspended lane kept it from (docs/decisions/0066); no field of a form."""

_UNJUDGED: Final = {"identity_state": "unknown", **dict.fromkeys(GRADES, NOT_GRADED)}
"""Values that are sent for what an author was asked and did not judge."""
_OF_A_QUESTION: Final = frozenset(
    {"request_priority", "due_reason", "question_change", "for_attention", "reply_to"}
)
_EMPTY_LISTS: Final = frozenset(
    {Kind.CHOICES, Kind.ROUTE, Kind.LINES, Kind.EVIDENCE, Kind.AGENCIES, Kind.OFFICERS}
)


def build_document(data: Mapping[str, Any], *, left_out: Collection[str] = ()) -> dict[str, Any]:
    """Return every member of the document; an empty or left-out field is null, or an empty list.

    A judgement that the author left open is sent as open; without a question nothing is sent of its time.
    """
    document: dict[str, Any] = {"schema": SCHEMA, "grading_scheme": GRADING_SCHEME}
    for field in DOCUMENT_FIELDS:
        value = None if field.name in left_out else _sent(field, data)
        document[field.name] = [] if value is None and field.kind in _EMPTY_LISTS else value
    return document | ({RESENT: data[RESENT]} if data.get(RESENT) else {})


def _sent(field: Field, data: Mapping[str, Any]) -> Any:
    value = data.get(field.name)
    if field.name in _OF_A_QUESTION and not asks(data):
        return None
    if field.for_red and data.get("tlp") != RED:
        return None
    if value in EMPTY:
        return _UNJUDGED.get(field.name) if is_asked(field, data) else None
    return value


def as_sent(data: Mapping[str, Any], *, left_out: Collection[str]) -> dict[str, Any]:
    """Return a draft's fields as a recipient will read them; a life-safety alert is sent without its bad values."""
    return {**data, **build_document(data, left_out=left_out)}


def build_terms(data: Mapping[str, Any], *, jti: str, now: dt.datetime) -> Terms:
    """Return the terms of the manifest; a bad value of a life-safety alert is replaced by the field's default."""
    chosen = {name: _manifest_value(data, name) for name in ("status", "lane", "purpose", "pri", "tlp")}
    exp, keep = _days_of_life(data, now)
    return Terms(
        kind="alert",
        jti=jti,
        iat=int(now.timestamp()),
        exp=exp,
        keep=keep,
        status=chosen["status"],
        lane=chosen["lane"],
        purpose=chosen["purpose"],
        pri=chosen["pri"],
        tlp=chosen["tlp"],
        rel=_who_may_release(chosen["tlp"], data.get("handling") or ()),
        ack_by=None if closes_question(data) else _acknowledge_by(chosen, now),
        reply_by=_reply_by(data, now, keep),
    )


_FALLBACK: Final = {"lane": "public_health", "purpose": "public_health"}


def _manifest_value(data: Mapping[str, Any], name: str) -> str:
    field, value = FIELDS[name], data.get(name)
    return str(value if is_acceptable(field, value) else field.default or _FALLBACK[name])


def _days_of_life(data: Mapping[str, Any], now: dt.datetime) -> tuple[int, int]:
    """Return `exp` and `keep`: the ends, in UTC, of the day of expiry and of the day of review."""
    today = now.astimezone(dt.UTC).date()
    last = today + dt.timedelta(days=KEPT_DAYS_AT_MOST)
    expiry, review = read_day(data.get("expiry")), read_day(data.get("review_date"))
    if expiry is None or expiry < today:
        expiry = today + EXPIRES_AFTER
    least = today + dt.timedelta(seconds=LEAST_KEEP_SECS) if data.get("status") != "exercise" else expiry
    if review is None or review < max(expiry, least):
        review = max(expiry, years_after(today, REVIEW_YEARS))
    return _end_of(min(expiry, last)), _end_of(min(review, last))


def _end_of(day: dt.date) -> int:
    return int(dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC).timestamp())


def _who_may_release(tlp: str, handling: Collection[str]) -> str:
    """Return who may release it onward, the stricter of marking and handling: RED none, AMBER or H2 originator, else recipients."""
    if tlp == RED:
        return "none"
    return "originator" if "H2" in handling or tlp.startswith("AMBER") else "recipients"


def _acknowledge_by(chosen: Mapping[str, str], now: dt.datetime) -> int | None:
    """Return when an acknowledgement is due, in Unix seconds; None for an exercise."""
    if chosen["status"] != "actual":
        return None
    return int(now.timestamp()) + ACKNOWLEDGE_WITHIN_SECS[chosen["pri"]]


def owes_no_answer(data: Mapping[str, Any], agency_id: str) -> bool:
    """Tell whether a question is for this recipient's attention only."""
    marked = data.get("for_attention")
    return isinstance(marked, list | tuple) and agency_id in marked


def closes_question(data: Mapping[str, Any]) -> bool:
    """Tell whether this version of a question asks no more."""
    return asks(data) and data.get("question_change") == CLOSED


def answer_moment(data: Mapping[str, Any], *, now: dt.datetime) -> dt.datetime | None:
    """Return when a question sent at `now` wants its answer; None where nothing is asked, or no valid time is set."""
    if not asks(data) or closes_question(data):
        return None
    priority = data.get("request_priority")
    if priority != "custom":
        within = ANSWER_WITHIN.get(str(priority))
        return None if within is None else now + within
    due = read_moment(data.get("due_at"))
    return due if due is not None and due > now else None


def _reply_by(data: Mapping[str, Any], now: dt.datetime, keep: int) -> int | None:
    """Return when the answer is due, in Unix seconds, never past the end of the alert.

    An exercise has one too: those who take part see it. Nobody is reminded by it (`alerts.replies.reminding`).
    """
    due = answer_moment(data, now=now)
    return None if due is None else min(int(due.timestamp()), keep)
