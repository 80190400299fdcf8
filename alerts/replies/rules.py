# SPDX-License-Identifier: Apache-2.0
"""Limits of a reply.

It may not be marked more loosely than the alert it answers, reach agencies that do not have that alert, answer a withdrawn
one, or disclose a case where only a profile is asked about.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.document.rules import ASKS_ANEW, CLOSED
from alerts.document.fields import EMPTY, FIELDS
from alerts.document.findings import Findings
from alerts.document.kinds import REPLIES
from alerts.drafting.revisions import DraftContent, read_revision
from alerts.errors import ReplyRefusedError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.retractions import judge_for_display
from alerts.red_readers import is_red
from alerts.replies.kinds import ANSWER, CLARIFICATION, PROFILE_ANSWER, PROFILE_DETAILS, PROFILE_QUERY, TITLES
from alerts.replies.source import Source, handling_left_out, is_looser, open_source
from alerts.replies.summary import CASE_FIELDS
from alerts.rows.replies import ProfileQuestion, Reply
from callers.capabilities import Capability, require
from officers.models import Officer
from peers.models import Agency

SPECIAL: Final = REPLIES | {PROFILE_QUERY}
ON_PROFILES: Final = frozenset({PROFILE_QUERY, PROFILE_ANSWER, PROFILE_DETAILS})
TITLE_CHARS: Final = 120
_OF_A_BARE_CODE: Final = frozenset(
    {
        "alert_type",
        "answer_code",
        "refusal_reason",
        "expected_at",
        "handling",
        "handling_condition",
        "review_date",
    }
    | {"source_grade", "info_grade", "assessment_kind", "severity", "certainty"}
)
"""Fields in which an answer without text may say something: choices, days, and what its question binds it to."""
FRAME: Final = frozenset(
    {"alert_type", "status", "title", "contact", "source_grade", "info_grade", "assessment_kind", "severity"}
    | {"certainty", "tlp", "handling", "handling_condition", "lane", "purpose", "pri", "recipients"}
    | {"recipient_reasons", "expiry", "review_date", "review_reason", "named_officers", "reply_to"}
)
"""Fields that a message about a profile has beside the profile itself."""
OWN_PART: Final[Mapping[str, frozenset[str]]] = {
    PROFILE_QUERY: frozenset({"profile"}),
    PROFILE_ANSWER: frozenset({"comparison"}),
    PROFILE_DETAILS: frozenset(),
}
DEFAULTS_SAY_NOTHING: Final = frozenset({"unknown", "day", "region", "none_yet", "not_done", "normal"})


def keep_to_source(alert: Alert, content: DraftContent, findings: Findings, *, now: datetime) -> Findings:
    """Add the findings that a reply, or a question about a profile, has besides those of any draft."""
    alert_type = str(content.data.get("alert_type") or "")
    reply = Reply.of(alert)
    if reply is None and alert_type not in SPECIAL:
        return findings
    problems: dict[str, list[str]] = {}
    if reply is not None and reply.source is None:
        problems["alert_type"] = [_("Its content was deleted: it takes no reply.")]
    elif reply is not None:
        _bind(problems, content.data, open_source(reply), alert_type)
    else:
        _check_begun_rightly(problems, alert, alert_type)
    if alert_type in ON_PROFILES:
        _tell_no_case(problems, content, alert_type, agreed=_have_agreed(reply, now))
        _stop_where_withdrawn(problems, alert, reply, now)
    return _with(findings, problems)


def keep_to_version(alert: Alert, data: Mapping[str, Any], findings: Findings) -> Findings:
    """Add a finding where a first version says what it changes in its question."""
    if alert.previous_id or not data.get("question_change"):
        return findings
    text = _("What changes in the question: leave it empty; only a next version changes it.")
    return _with(findings, {"question_change": [text]})


def check_still_answers(officer: Officer, alert: Alert, *, now: datetime) -> None:
    """Raise `ReplyRefusedError` where the alert that this answers was withdrawn since, or is in doubt."""
    reply = Reply.of(alert)
    if reply is None:
        return
    row = ReceivedAlert.objects.select_related("issuer", "agency").filter(
        agency_id=alert.agency_id, md=reply.re_md
    )
    answered = row.first()
    if answered is None:
        return
    check_open_to_replies(judge_for_display(answered, now=now), now=now)
    if read_revision(alert).data.get("alert_type") in (ANSWER, CLARIFICATION):
        _check_still_asked(answered)


def is_bare_code(alert: Alert, content: DraftContent) -> bool:
    """Tell whether a reply is an answer that says its code alone: no text, no file, the title and contact that it began with."""
    data, reply = content.data, Reply.of(alert)
    if reply is None or reply.source is None or data.get("alert_type") != ANSWER or content.attachments:
        return False
    begun = {"title": reply_title(open_source(reply).title), "contact": alert.agency.duty_phone}
    return not is_red(alert.tlp) and all(
        value in EMPTY or value == begun.get(name) or name in _OF_A_BARE_CODE or _says_nothing(name, value)
        for name, value in data.items()
        if name in FIELDS and FIELDS[name].in_document
    )


def reply_title(title: str) -> str:
    """Return the first title of a reply to an alert with this one."""
    text = _("Re: %(title)s") % {"title": title}
    return text if len(text) <= TITLE_CHARS else text[: TITLE_CHARS - 1].rstrip() + "…"


def check_open_to_replies(received: ReceivedAlert, *, now: datetime) -> None:
    """Raise `ReplyRefusedError` where the alert takes no reply; its row must be judged for now."""
    if received.withdrawn_at is not None:
        raise ReplyRefusedError("withdrawn", _("The sender withdrew this alert: it takes no reply."))
    if received.keep <= now:
        raise ReplyRefusedError("deleted", _("Its content was deleted: it takes no reply."))
    if received.standing is not None and not received.standing.counts:
        raise ReplyRefusedError("in-doubt", _("Its signature is in doubt: call the sender before you reply."))


def check_names_readers(source: Source) -> None:
    """Raise `ReplyRefusedError` where the alert is RED and names nobody who may open a reply."""
    if is_red(source.tlp) and not source.reply_to:
        text = _(
            "This RED alert names nobody who may open a reply: call the sender, or write a new alert, marked RED, that names its readers."
        )
        raise ReplyRefusedError("red", text)


def _check_still_asked(asked: ReceivedAlert) -> None:
    """Raise `ReplyRefusedError` where a newer version of the question that counts takes no answer to this one."""
    newest = asked.replaced_by
    if newest is None:
        return
    if newest.question_change == CLOSED:
        raise closed_question()
    newer = ReceivedAlert.objects.filter(
        agency_id=asked.agency_id, issuer_id=asked.issuer_id, first_md=asked.first_md
    ).filter(version__gt=asked.version, version__lte=newest.version)
    if newer.filter(question_change=ASKS_ANEW).exists():
        text = _("The sender asks anew in a newer version: read it and answer that. Your text is kept here.")
        raise ReplyRefusedError("asked-anew", text)


def closed_question() -> ReplyRefusedError:
    """Return the refusal of an answer to a question that its sender has closed."""
    text = _("The sender has closed the question: it takes no answer. What was written is kept.")
    return ReplyRefusedError("closed", text)


def require_consent(officer: Officer, content: DraftContent) -> None:
    """Require the capability for disclosing that a sample matches another. Raises NotPermittedError."""
    if content.data.get("alert_type") in (PROFILE_ANSWER, PROFILE_DETAILS):
        require(officer, Capability.SCIENCE_MANAGE)


def _check_begun_rightly(problems: dict[str, list[str]], alert: Alert, alert_type: str) -> None:
    if alert_type in REPLIES:
        problems["alert_type"] = [_("Kind: a reply begins on the page of the alert that it answers.")]
    elif not ProfileQuestion.objects.filter(alert__in=[alert, alert.previous_id]).exists():
        problems["alert_type"] = [_("Kind: a profile question begins on the page of your own sample.")]


def _bind(problems: dict[str, list[str]], data: Mapping[str, Any], source: Source, alert_type: str) -> None:
    if alert_type not in REPLIES:
        problems["alert_type"] = [_("Kind: this is a reply; it cannot become another kind.")]
    if is_looser(str(data.get("tlp") or ""), source.tlp):
        text = _("TLP: not looser than what you answer; choose TLP:%(tlp)s or stricter.")
        problems["tlp"] = [text % {"tlp": source.tlp}]
    _bind_handling(problems, data, source)
    if data.get("status") != source.status:
        problems["status"] = [_("Real or exercise: as the alert that you answer.")]
    _bind_recipients(problems, data, source, alert_type)
    if is_red(source.tlp) and set(data.get("named_officers") or ()) != set(source.reply_to):
        text = _("Named officers: as the alert names them that you answer: %(lines)s.")
        problems["named_officers"] = [text % {"lines": ", ".join(source.reply_to)}]


def _bind_handling(problems: dict[str, list[str]], data: Mapping[str, Any], source: Source) -> None:
    left_out = handling_left_out(data.get("handling") or (), source)
    if left_out:
        text = _("Handling: keep %(codes)s of what you answer.")
        problems["handling"] = [text % {"codes": ", ".join(left_out)}]
    elif "H3" in source.handling and (data.get("handling_condition") or "") != source.condition:
        problems["handling_condition"] = [_("H3 condition: keep the one of what you answer.")]


def _bind_recipients(
    problems: dict[str, list[str]], data: Mapping[str, Any], source: Source, alert_type: str
) -> None:
    chosen = set(data.get("recipients") or ())
    if (alert_type in ON_PROFILES or is_red(source.tlp)) and chosen - {source.iss}:
        problems["recipients"] = [_("To: this goes to %(name)s alone.") % {"name": source.name}]
    elif chosen - set(source.may_receive):
        text = _("To: %(name)s, and agencies that have the alert already; nobody else.")
        problems["recipients"] = [text % {"name": source.name}]
    elif chosen and source.iss not in chosen:
        problems["recipients"] = [_("To: a reply goes to %(name)s at least.") % {"name": source.name}]


def _have_agreed(reply: Reply | None, now: datetime) -> bool:
    from alerts.profiles.disclosure import has_agreed

    return reply is not None and has_agreed(reply.agency_id, reply.re_md, now=now)


def _tell_no_case(
    problems: dict[str, list[str]], content: DraftContent, alert_type: str, *, agreed: bool
) -> None:
    """Refuse fields beside a message's own part that could disclose a case, before both sides have agreed."""
    data = content.data
    if data.get("pri") == "flash":
        # One person alone may send a flash alert at some agencies, but must not disclose a match of samples.
        problems["pri"] = [_("Speed: a message on a profile is never flash; a second person sends it.")]
    if data.get("title") != TITLES[alert_type]:
        problems["title"] = [_("Title: a message on a profile has a fixed one: %s") % TITLES[alert_type]]
    if alert_type == PROFILE_DETAILS and agreed:
        return
    text = (
        _("%(label)s: the other side has not agreed yet; leave it empty until then.")
        if alert_type == PROFILE_DETAILS
        else _("%(label)s: this carries a profile and no case; empty it.")
    )
    for name, field in FIELDS.items():
        value = data.get(name)
        if name in FRAME or name in OWN_PART[alert_type] or value in EMPTY or _says_nothing(name, value):
            continue
        problems.setdefault(name, []).append(text % {"label": field.label})
    if content.attachments:
        problems.setdefault("title", []).append(text % {"label": _("Files")})
    if alert_type == PROFILE_ANSWER and data.get("comparison") in EMPTY:
        problems["alert_type"] = [_("Kind: an answer begins where the profiles were compared.")]


def _stop_where_withdrawn(
    problems: dict[str, list[str]], alert: Alert, reply: Reply | None, now: datetime
) -> None:
    """Refuse messages after the withdrawal of their question, or of the own alert about the sample."""
    from alerts.profiles.disclosure import is_question_withdrawn, is_sample_withdrawn

    if reply is not None and is_question_withdrawn(reply.agency_id, reply.re_md, now=now):
        text = _("Kind: the question was withdrawn; nothing more is answered to it.")
        problems.setdefault("alert_type", []).append(text)
    if is_sample_withdrawn(alert, reply):
        text = _("Kind: your own alert about this sample was withdrawn; nothing is asked or told of it.")
        problems.setdefault("alert_type", []).append(text)


def _says_nothing(name: str, value: object) -> bool:
    return name not in CASE_FIELDS and isinstance(value, str) and value in DEFAULTS_SAY_NOTHING


def _with(findings: Findings, problems: Mapping[str, list[str]]) -> Findings:
    if not problems:
        return findings
    errors = dict(findings.errors)
    for name, texts in problems.items():
        errors[name] = (*errors.get(name, ()), *texts)
    return replace(findings, errors={name: errors[name] for name in FIELDS if name in errors})


def other_holders(source: Source) -> list[tuple[str, str]]:
    """Return the agencies that a reply may name beside the sender, by name."""
    rows = Agency.objects.filter(pk__in=set(source.may_receive) - {source.iss}).order_by("name")
    return list(rows.values_list("pk", "name"))
