# SPDX-License-Identifier: Apache-2.0
"""The hostile-string crawl: hostile texts in every writable field, then every page, file and answer is parsed.

The crawl follows links and forms, as each role, so that a new page is read and filled in too.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import Resolver404, resolve

from tests.security.answer_parsing import Attributes, Form, Page, body_of, wrong_in
from tests.security.hostile_content import LIVED, Planting
from tests.security.hostile_texts import MARK, STRINGS
from tests.security.world import Caller, SecurityWorld, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900)]
CRAWLERS: Final = (
    "author of xa-lab", "agency_admin of xa-lab", "auditor of xa-lab", "every role of xb-health", "keeper",
)  # fmt: skip
SAME_PAGE_AT_MOST: Final = 4
DRAFTS_AT_MOST: Final = len(STRINGS) + 2
"""The most addresses of one route that are read: enough for all drafts, one for each hostile text."""
ROUNDS: Final = 3
"""The number of times that each form is sent; in each round every field gets another text."""
LEFT_ALONE: Final = {"logout", "login", "appearance"}
TEXT_INPUTS: Final = {"", "text", "search", "email", "url", "tel", "password"}


@dataclass
class Crawl:
    """The pages that one caller has read so far, and their faults."""

    caller: Caller
    wrong: list[str] = field(default_factory=list)
    forms: dict[tuple[str, ...], tuple[str, Form]] = field(default_factory=dict)
    pages: int = 0
    elements: int = 0
    marks: int = 0

    def read_all(self) -> None:
        """Read every page that links lead to from the start page."""
        known, waiting, counted = {"/"}, deque(["/"]), Counter[str]()
        while waiting:
            address = waiting.popleft()
            for link in self.read(address, self.caller.client().get(address)):
                most = DRAFTS_AT_MOST if _name(link) == "draft" else SAME_PAGE_AT_MOST
                if link not in known and counted[_name(link)] < most:
                    known.add(link)
                    counted[_name(link)] += 1
                    waiting.append(link)

    def read(self, address: str, answer: Any) -> Iterator[str]:
        """Check one answer; yield the addresses of this site that it leads to."""
        self.pages += 1
        self.wrong += [f"{address}: {text}" for text in wrong_in(answer)]
        self.marks += body_of(answer).count(MARK.encode())
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            page = Page(body_of(answer).decode())
            self.elements += page.elements
            self.wrong += [f"{address}: {text}" for text in page.wrong]
            self._note_forms(address, page)
            yield from (_within(address, link) for link in page.links if _name(_within(address, link)))
        if "Location" in answer.headers:
            yield _within(address, answer.headers["Location"])

    def _note_forms(self, address: str, page: Page) -> None:
        for form in page.forms:
            name = _name(_within(address, form.action or address))
            if name and name not in LEFT_ALONE:
                names = sorted({attributes["name"] for _, attributes in form.fields})
                self.forms.setdefault((name, form.method, *names), (address, form))

    def fill_in(self, address: str, form: Form, turn: int) -> None:
        """Send a form with hostile texts in every text field; read the answer and the page after it. It is undone."""
        target, values = _within(address, form.action or address), dict(_filled(form, turn))
        client = self.caller.client()
        with undone():
            if form.method == "get":
                answer = client.get(target, values)
            else:
                body = encode_multipart(BOUNDARY, values)
                answer = client.generic("POST", target, body, MULTIPART_CONTENT)
            for link in list(self.read(f"{target} filled in", answer))[-1:]:
                if "Location" in answer.headers:
                    list(self.read(link, client.get(link)))


def _filled(form: Form, turn: int) -> Iterator[tuple[str, Any]]:
    texts = list(STRINGS.values())
    for number, (tag, attributes) in enumerate(form.fields):
        if tag == "textarea" or (tag == "input" and attributes.get("type", "") in TEXT_INPUTS):
            yield attributes["name"], texts[(number + turn * len(texts) // ROUNDS) % len(texts)]
        elif tag == "select" or _is_sent(tag, attributes):
            yield attributes["name"], attributes.get("value", "on")


def _is_sent(tag: str, attributes: Attributes) -> bool:
    kind = attributes.get("type", "")
    if kind in {"radio", "checkbox"}:
        return "checked" in attributes
    return tag == "button" or kind not in {"file", "submit", "reset", "image"}


@cache
def _within(here: str, link: str) -> str:
    parts = urlsplit(urljoin(f"http://testserver{here}", link))
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path}{query}" if parts.netloc == "testserver" else ""


def _name(address: str) -> str:
    """Return the name of an address of this site; "" if it is not a page."""
    return _name_of_path(address.partition("?")[0])


@cache
def _name_of_path(path: str) -> str:
    try:
        return str(resolve(path).url_name)
    except Resolver404:
        return ""


@pytest.fixture(scope="module")
def planted(world: SecurityWorld) -> Planting:
    planting = Planting(world)
    planting.all()
    return planting


@pytest.fixture(scope="module")
def crawls(world: SecurityWorld, planted: Planting) -> list[Crawl]:
    made = [Crawl(world.by_name(name)) for name in CRAWLERS]
    for crawl in made:
        crawl.read_all()
    return made


def test_crawl_finds_each_hostile_text_taken_or_refused(planted: Planting, tell: Any) -> None:
    """Control characters, reordering marks and texts that are too long are refused by names; all others are text like any."""
    refused = " ".join(planted.refused)
    for name in ("header lines", "a NUL", "very long", "reordered letters"):
        assert f"officer, {name}" in refused and f"agreement, {name}" in refused, name
    for name in ("markup", "a template", "a formula", "a query"):
        assert f"officer, {name}" in planted.taken and f"agreement, {name}" in planted.taken, name
        assert f"every field, {name}" in planted.taken, name
    assert {f"a whole life, {name}" for name in LIVED} <= set(planted.taken), planted.refused
    tell("crawl, planted", taken=len(planted.taken), refused=len(planted.refused))


def test_crawl_of_every_page_by_every_role(crawls: list[Crawl], tell: Any) -> None:
    wrong = [f"{crawl.caller.name}: {text}" for crawl in crawls for text in crawl.wrong]
    assert wrong == [], f"{len(wrong)}\n" + "\n".join(dict.fromkeys(wrong))
    assert all(crawl.marks for crawl in crawls[:-1]), "the hostile texts were on the pages"
    tell(
        "crawl", pages=sum(c.pages for c in crawls), elements=sum(c.elements for c in crawls),
        texts=len(STRINGS), marks=sum(c.marks for c in crawls), roles=len(crawls),
    )  # fmt: skip


def test_crawl_of_every_form_filled_in(crawls: list[Crawl], silent: None, tell: Any) -> None:
    sent, known = 0, set()
    for crawl in crawls:
        for key, (address, form) in list(crawl.forms.items()):
            if key in known:
                continue
            known.add(key)
            for turn in range(ROUNDS):
                sent += 1
                crawl.fill_in(address, form, turn)
    wrong = [f"{crawl.caller.name}: {text}" for crawl in crawls for text in crawl.wrong]
    assert wrong == [], f"{len(wrong)}\n" + "\n".join(dict.fromkeys(wrong))
    tell("crawl of forms", forms=len(known), sent=sent)
