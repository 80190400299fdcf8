# SPDX-License-Identifier: Apache-2.0
"""Parse an answer as its reader's program would, and list everything in it that should not be there."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any, Final

from substances.control.listings import shipped_listings
from tests.security.hostile_texts import ATTRIBUTE, EVALUATED, FORMULA_STARTS, HEADER, MARK, REORDERING, TAG

FORBIDDEN_TAGS: Final = {TAG, "iframe", "object", "embed", "base", "applet", "frame", "frameset", "portal"}
ADDRESSES: Final = {
    "href",
    "src",
    "action",
    "formaction",
    "poster",
    "data",
    "xlink:href",
    "cite",
    "background",
}
OWN_ADDRESS: Final = re.compile(r"(/(?![/\\])|#|\?|$)")
TO_DIAL: Final = re.compile(r"tel:\+?[0-9]{2,}(;ext=[0-9]+)?")
"""Number to dial (RFC 3966): digits, and nothing that anybody could write a text into."""
TELEPHONES_OWN: Final = "otpauth://totp/"
"""The scheme that hands the set-up of one-time codes to a program on the reader's own telephone."""
ISOLATING: Final = {"bdi", "pre"}
ISOLATED: Final = re.compile(
    "\N{FIRST STRONG ISOLATE}[^\N{POP DIRECTIONAL ISOLATE}]*\N{POP DIRECTIONAL ISOLATE}"
)
TYPED: Final = {"text", "search"}
VOID: Final = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
}  # fmt: skip

Attributes = dict[str, str]


@dataclass
class Form:
    """A form as a browser would send it: address, method, and its fields with their values."""

    action: str
    method: str
    fields: list[tuple[str, Attributes]] = field(default_factory=list)


class Page(HTMLParser):
    """An HTML page: its faults, its links and its forms."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.elements = 0
        self._open: list[tuple[str, Attributes]] = []
        self._select: Attributes | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements += 1
        self.wrong += _wrong_element(tag, attributes)
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        self._note_form(tag, attributes)
        if tag not in VOID:
            self._open.append((tag, attributes))

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        around = [name for name, _ in self._open]
        if "script" in around and data.strip():
            self.wrong.append(f"a script of its own: {data[:60]!r}")
        if "title" in around and MARK in data and "svg" not in around:
            self.wrong.append("content in the title, which the browser's history keeps")
        isolated = ISOLATING & set(around) or any("dir" in attributes for _, attributes in self._open[2:])
        data = ISOLATED.sub("", data)
        if (REORDERING in data or MARK in data) and not isolated and "svg" not in around:
            self.wrong.append(
                f"people wrote it, and no dir isolates it in {around[-3:]}: {data.strip()[:60]!r}"
            )

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"a comment: {data[:60]!r}")

    def _note_form(self, tag: str, attributes: Attributes) -> None:
        if tag == "form":
            self.forms.append(Form(attributes.get("action", ""), attributes.get("method", "get").lower()))
        inside = any(name == "form" for name, _ in self._open)
        if tag in {"input", "textarea", "select", "button"} and inside and attributes.get("name"):
            self._select = attributes if tag == "select" else self._select
            self.forms[-1].fields.append((tag, attributes))
        if tag == "option" and self._select is not None and attributes.get("value"):
            is_chosen = "selected" in attributes or "value" not in self._select
            self._select["value"] = attributes["value"] if is_chosen else self._select["value"]


@cache
def _law_texts() -> frozenset[str]:
    """Return the links to the texts of law behind the shipped lists: pages may link there without a referrer."""
    return frozenset(source.link for source in shipped_listings().sources if source.link)


def _wrong_element(tag: str, attributes: Attributes) -> Iterator[str]:
    if tag in FORBIDDEN_TAGS:
        yield f"an element {tag}"
    if tag == "script" and not OWN_ADDRESS.match(attributes.get("src", " ")):
        yield f"a script from {attributes.get('src', 'the page itself')[:60]}"
    if (
        tag == "meta"
        and attributes.get("http-equiv", "refresh") == "refresh"
        and MARK in attributes.get("content", "")
    ):
        yield "a refresh that leads away"
    if (
        tag == "input"
        and MARK in attributes.get("value", "")
        and attributes.get("type", "text") in TYPED
        and "dir" not in attributes
    ):
        yield f"an input {attributes.get('name')} of which the text cannot run from right to left"
    for name, value in attributes.items():
        if name.startswith("on") or name in {"style", ATTRIBUTE, "srcdoc"}:
            yield f"an attribute {name} of {tag}"
        handed_over = tag == "a" and value.startswith(TELEPHONES_OWN)
        is_law = tag == "a" and value in _law_texts() and "noreferrer" in attributes.get("rel", "").split()
        is_dialled = tag == "a" and TO_DIAL.fullmatch(value) is not None
        if name in ADDRESSES and not (OWN_ADDRESS.match(value) or handed_over or is_law or is_dialled):
            yield f"an address {value[:60]!r} in {tag} {name}"


def body_of(answer: Any) -> bytes:
    """Return the whole body, also of an answer that is streamed."""
    if not getattr(answer, "streaming", False):
        return bytes(answer.content)
    if not hasattr(answer, "read_once"):
        answer.read_once = b"".join(answer.streaming_content)
    return bytes(answer.read_once)


def wrong_in(answer: Any) -> list[str]:
    """Return the faults of one answer, headers and body; the caller parses pages."""
    kind = answer.headers.get("Content-Type", "")
    found = [f"header {name}" for name in answer.headers if name.lower() == HEADER.lower()]
    found += [
        f"a line break in {name}" for name, value in answer.headers.items() if "\n" in value or "\r" in value
    ]
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        found.append("no nosniff")
    body = body_of(answer)
    if answer.status_code >= 500:
        found.append(f"an error {answer.status_code}")
    if kind.startswith("text/csv"):
        found += wrong_cells(body.decode("utf-8-sig"))
    elif "jsonl" in kind:
        for line in body.splitlines():
            json.loads(line)
    elif "json" in kind:
        json.loads(body)
    elif not kind.startswith("text/html"):
        found += wrong_file(answer, kind)
    if kind.startswith(("text/html", "text/csv")):
        text = body.decode("utf-8")
        found += [f"the template was evaluated: {word}" for word in EVALUATED if word in text]
    return found


def wrong_cells(text: str) -> list[str]:
    """Return the cells that a spreadsheet would run."""
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    return [f"a cell {cell[:40]!r}" for cell in cells if cell.startswith(FORMULA_STARTS)]


def wrong_file(answer: Any, kind: str) -> list[str]:
    """Return the faults of a file, which must be inert: handed over, never shown."""
    if not body_of(answer) or kind.startswith(("text/plain", "application/problem")):
        return []
    handed = answer.headers.get("Content-Disposition", "")
    found = [] if handed.startswith("attachment") else [f"a file that is shown: {kind} {handed}"]
    if any(sign in handed for sign in ("..", "\\", "/etc", "\n", "\r")):
        found.append(f"a file name with a path: {handed}")
    return found
