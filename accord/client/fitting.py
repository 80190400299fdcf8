# SPDX-License-Identifier: Apache-2.0
"""Checks before sending: the document against its schema, its file names against the attachments, the order's form.

`accord check`, every sending and offline sealing use the same rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, Final

from accord.client.errors import DocumentError, RequestError
from accord.client.outgoing import (
    WORDS,
    AlertToSend,
    read_agencies,
    read_file_member,
    read_name,
    read_reference,
    read_time,
)
from accord.client.questions import for_attention
from accord.document.checking import Finding, step
from accord.document.judging import check_alert, check_references
from accord.document.places import Places
from accord.document.rules import ASKS_ANEW, CLOSED
from accord.envelope.vocabulary import RED

_TIMES: Final = ("exp", "keep", "ack_by", "reply_by")
_LISTS: Final = ("names", "attachments")


def require_fit(order: AlertToSend, *, now: int) -> None:
    """Raise DocumentError where the document or a reference in it does not fit."""
    found = check_document(order.alert, [item.filename for item in order.attachments], now=now)
    found += _check_question(order)
    if found:
        raise DocumentError("The document", found)


def _check_question(order: AlertToSend) -> list[Finding]:
    """Return the faults between a question and the order around it: its recipients, time and marking."""
    marked = for_attention(order.alert)
    if marked and not set(marked) < set(order.to):
        return [Finding(step("", "for_attention"), "name some of the recipients, not all of them.")]
    if order.tlp == RED and order.reply_by is not None and not order.alert.get("reply_to"):
        return [Finding(step("", "reply_to"), "name officers of your agency who may open the answers.")]
    change = order.alert.get("question_change")
    at = step("", "question_change")
    if change and order.kind != "update":
        return [Finding(at, "only a next version (--kind update --re JTI:MD) changes its question.")]
    if change == CLOSED and order.reply_by is not None:
        return [Finding(at, "a closed question asks no more: leave out the time to answer by.")]
    if change == ASKS_ANEW and order.reply_by is None:
        return [Finding(at, "say by when you want the answer: --reply-by.")]
    return []


def check_document(document: object, files: Collection[str], *, now: int, at: str = "") -> list[Finding]:
    """Return the faults of a document that is sent with these files."""
    found = check_alert(document, now=now, at=at)
    return found + (check_references(document, files, at=at) if isinstance(document, Mapping) else [])


def check_order(
    whole: Mapping[str, Any], places: Places, *, at: str, now: int, folder: Path
) -> list[Finding]:
    """Return the faults in the JSON form of an order, in the order of the file's lines.

    `at` is where the document stands in the file; files are found relative to `folder`. Members missing around the document are
    not checked: options may still supply them.
    """
    files: list[str] = []

    def attach(value: object) -> None:
        files.append(read_file_member(value, folder).filename)

    found = _check_members(whole, now, attach)
    found += check_document(whole["alert"], files, now=now, at=at)
    return sorted(map(places.placed, found), key=lambda finding: finding.line or 0)


def _check_members(whole: Mapping[str, Any], now: int, attach: Callable[[object], None]) -> list[Finding]:
    known = {member.name for member in fields(AlertToSend)}
    found = [
        Finding(step("", name), "there is no such member; leave it out.")
        for name in whole
        if name not in known
    ]
    for name, value in whole.items():
        if name in WORDS and not (isinstance(value, str) and value in WORDS[name]):
            found.append(Finding(step("", name), f"choose one of {', '.join(sorted(WORDS[name]))}."))
    readers: dict[str, Callable[[Any], object]] = {
        "to": read_agencies,
        "re": read_reference,
        "names": read_name,
        "attachments": attach,
        **{name: partial(read_time, now=now, where=name) for name in _TIMES},
    }
    for name, read in readers.items():
        found += _tried(name, read, whole.get(name))
    return found


def _tried(name: str, read: Callable[[Any], object], value: Any) -> list[Finding]:
    """Return the refusals of the order's reader for a member, item by item where it is a list."""
    if value is None:
        return []
    if name not in _LISTS:
        return _refused(step("", name), name, read, value)
    if not isinstance(value, (list, tuple)):
        return [Finding(step("", name), "write a list.")]
    return [
        finding
        for n, item in enumerate(value)
        for finding in _refused(step(step("", name), n), name, read, item)
    ]


def _refused(pointer: str, name: str, read: Callable[[Any], object], value: Any) -> list[Finding]:
    try:
        read(value)
    except RequestError as refused:
        return [Finding(pointer, str(refused).removeprefix(f"{name}: "))]
    return []
