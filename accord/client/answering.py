# SPDX-License-Identifier: Apache-2.0
"""An answer to a question: the refusals that come first, then the order that `accord.client.sending` sends as any other.

An answer is a reply of alert type `answer`, marked as its question and addressed to the asker alone; to a RED question it names the
officers whom that names for its answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from accord.client.errors import NotToAnswerError
from accord.client.fitting import require_fit
from accord.client.outgoing import AlertToSend, FileToAttach, read_name
from accord.client.questions import ANSWER, REPLY, Questions
from accord.client.reading import Place, open_envelope
from accord.client.results import Opened
from accord.client.session import Act
from accord.document.rules import DEFERRING
from accord.envelope.content import Attachment, NamedOfficer
from accord.envelope.manifest import Reference
from accord.moments import moment_of

TITLE_CHARS: Final = 120
_SCHEMA: Final = "accord-alert/1"
HANDLING: Final = ("H0", "H1", "H2", "H3")


@dataclass(frozen=True)
class Answer:
    """An answer in the words of its form: `expected` is a day like 2027-01-31, `reason` one of the listed for refusing."""

    code: str
    reason: str | None = None
    expected: str | None = None
    text: str | None = field(default=None, repr=False)
    attachments: tuple[Attachment | FileToAttach, ...] = ()
    suite: str = "PQ1"
    confirm_ec1: bool = False


def order_of_answer(act: Act, place: Place, answer: Answer, *, officer: str | None) -> AlertToSend:
    """Open a question and return the answer to it, which fits its form.

    Raises NotToAnswerError, DocumentError, RequestError, and the errors of opening.
    """
    require_answerable(act, place.md)
    opened = open_envelope(act, place, officer=officer)
    # What the opening has taught: its manifest, a later withdrawal, a revoked key.
    require_answerable(act, place.md)
    terms = opened.manifest.terms
    order = AlertToSend(
        alert=_document(opened, answer),
        to=(opened.manifest.iss,),
        names=_readers(opened),
        lane=terms.lane,
        purpose=terms.purpose,
        tlp=terms.tlp,
        kind=REPLY,
        status=terms.status,
        suite=answer.suite,
        confirm_ec1=answer.confirm_ec1,
        re=Reference(terms.jti, opened.md),
        attachments=answer.attachments,
    )
    require_fit(order, now=act.now)
    return order


def require_answerable(act: Act, md: str) -> None:
    """Raise NotToAnswerError where this agency can send no answer to an alert, as far as it is known here."""
    if md in act.state.submissions:
        raise NotToAnswerError(
            "own", f"It is your own agency's. What others have answered to it: accord submissions {md}"
        )
    questions = Questions(act)
    record = questions.record(md)
    if record is None:
        return
    if questions.is_withdrawn(md):
        raise NotToAnswerError(
            "withdrawn", f"Its sender has withdrawn it: it takes no answer. Confirm that: accord confirm {md}"
        )
    if questions.is_closed(md):
        raise NotToAnswerError("closed", "Its sender has closed the question: it takes no answer.")
    newest = questions.newest(md)
    if newest != md:
        raise NotToAnswerError(
            "replaced", f"A newer version has replaced it. Read that and answer it: accord open {newest}"
        )
    if record.reply_by is None:
        raise NotToAnswerError(
            "no-question",
            f"It asks for no answer. Reply in words: accord submit FILE --kind reply --re {record.jti}:{md}",
        )
    if not questions.counts(record):
        raise NotToAnswerError("in-doubt", f"Its signature is in doubt. Call {record.iss} before you answer.")
    _require_no_answer(questions, md)


def _require_no_answer(questions: Questions, md: str) -> None:
    waiting, sent = questions.waiting_answer(md), questions.own_answer(md)
    if waiting is not None:
        raise NotToAnswerError(
            "waits",
            f"An answer of your agency ({waiting.code}) waits in the spool. Send that one: accord submit --resend",
        )
    if sent is not None and sent.code not in DEFERRING:
        when = f"{moment_of(sent.logged_at or sent.iat):%Y-%m-%d %H:%M}Z"
        raise NotToAnswerError(
            "answered",
            f"Your agency has answered it already: {sent.code}, {when}. To change that answer, send its next version: "
            f"accord submit FILE --kind update --re {sent.id}:{sent.d}",
        )


def _readers(opened: Opened) -> tuple[NamedOfficer, ...]:
    """Return whom the answer to a RED question names; none for another marking. Raises NotToAnswerError."""
    if not opened.manifest.is_red:
        return ()
    agency, named = opened.manifest.iss, opened.alert.get("reply_to")
    if not named or not isinstance(named, list):
        raise NotToAnswerError(
            "red",
            f"This RED question names nobody who may open an answer. Call {agency}, or send a new alert that names its readers: "
            "accord submit FILE --tlp RED --name AGENCY:OFFICER",
        )
    return tuple(read_name(f"{agency}:{one}") for one in named)


def _document(opened: Opened, answer: Answer) -> dict[str, Any]:
    """Return the document of an answer, without the members that say nothing."""
    said = {
        "answer_code": answer.code,
        "refusal_reason": answer.reason,
        "expected_at": answer.expected,
        "narrative": answer.text,
    }
    document = {"schema": _SCHEMA, "alert_type": ANSWER, "title": _title(opened)}
    return document | _handling(opened.alert) | {name: value for name, value in said.items() if value}


def _title(opened: Opened) -> str:
    asked = opened.alert.get("title")
    text = f"Re: {asked if isinstance(asked, str) else opened.reference or opened.md}"
    return text if len(text) <= TITLE_CHARS else f"{text[: TITLE_CHARS - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _handling(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the handling of the question; an unknown code binds like H2, beside the known ones."""
    given = asked.get("handling")
    codes = [code for code in given if isinstance(code, str)] if isinstance(given, list) else []
    known = {code if code in HANDLING else "H2" for code in codes} - {"H0"}
    handling: dict[str, Any] = {"handling": sorted(known) or ["H0"]}
    return handling | ({"handling_condition": asked.get("handling_condition")} if "H3" in known else {})
