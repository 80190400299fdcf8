# SPDX-License-Identifier: Apache-2.0
"""The pages about the API describe it as it is: problems, changes, the page of the operations."""

import gzip
import json
import re
from datetime import UTC, timedelta
from html.parser import HTMLParser

import pytest
from django.core.management import call_command
from django.test import Client

from devtool.environments import ROOT
from hub.deprecations import DEPRECATIONS
from hub.problems import ROWS
from tests.alerts.conftest import Desks
from tests.api.sessions import Session


def test_the_page_of_problems_is_the_printed_one(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("print_problems")
    assert (ROOT / "docs" / "problems.md").read_text(encoding="utf-8") == capsys.readouterr().out


def test_the_page_of_changes_lists_what_will_end() -> None:
    text = (ROOT / "docs" / "api-changes.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `/api/v1/([^`]+)` \| (\S+) \| (\S+) \| `([^`]+)` \|$", text, re.MULTILINE)
    declared = [
        (address, row.since.date().isoformat(), row.sunset.date().isoformat(), row.successor)
        for address, row in DEPRECATIONS.items()
    ]
    assert listed == declared


def test_whatever_ends_stays_for_half_a_year_after_it_was_declared() -> None:
    assert DEPRECATIONS
    for address, row in DEPRECATIONS.items():
        assert row.since.tzinfo is UTC, address
        assert row.sunset - row.since >= timedelta(days=182), address


def test_every_answer_of_an_address_that_will_end_says_so_and_no_other(desks: Desks) -> None:
    author = Session(desks.lab.author)
    for answer in (author("GET", "alerts/schema"), Client().get("/api/v1/alerts/schema")):
        assert answer["Deprecation"] == "@1796083200"
        assert answer["Sunset"] == "Thu, 01 Jul 2027 00:00:00 GMT"
        assert answer["Link"] == '</api/schema/alert.json>; rel="successor-version"'
    assert "Deprecation" not in author("GET", "alerts")


class Page(HTMLParser):
    """Scripts, styles and ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "script":
            self.scripts.append(given)
        if tag == "style":
            self.inline.append(tag)


@pytest.mark.django_db
def test_the_page_of_the_operations_stands_under_the_strict_policy() -> None:
    answer = Client().get("/api/docs/", headers={"accept-encoding": "gzip"})
    text = gzip.decompress(answer.content).decode()
    page = Page(text)
    assert answer.status_code == 200
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    assert page.inline == [] and all(script["src"] for script in page.scripts)
    assert len(page.ids) == len(set(page.ids))
    written = Client().get("/api/schema/?format=json", headers={"accept-encoding": "gzip"})
    described = json.loads(gzip.decompress(written.content))
    operations = [row["operationId"] for methods in described["paths"].values() for row in methods.values()]
    assert set(operations) <= set(page.ids)
    assert all(f"urn:accord:problem:{slug}" in text for slug in ROWS)
