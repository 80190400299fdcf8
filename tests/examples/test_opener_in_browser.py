# SPDX-License-Identifier: Apache-2.0
"""docs/examples/opener.mjs in a real Chromium, with WebCrypto and the bundled library, opens exactly what the kit lets open."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.envelope.kit.cases import Case, cases_of
from tests.examples.asking import EXAMPLES, asked, expected_of, request_of

ADDRESS = "http://localhost/"
PAGE = "<!doctype html><meta charset=utf-8><title>opener</title>"
# Octets cannot cross the bridge: blobs and files go as base64url.
OPEN = """async ([suite, requests]) => {
  const { open, unb64u, Refused } = await import("./opener.mjs"), answers = [];
  const b64u = (o) => btoa(String.fromCharCode(...o)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  for (const request of requests) {
    try {
      const opened = await open({ ...request, blobs: request.blobs.map((blob) => unb64u(blob)) }, request);
      const files = Object.fromEntries(Object.entries(opened.files).map(([name, octets]) => [name, b64u(octets)]));
      answers.push({ md: opened.md, alert: opened.alert, files, late: opened.late, standing: opened.standing });
    } catch (error) {
      answers.push(error instanceof Refused ? { stage: error.stage, refused: error.message } : { error: String(error.stack) });
    }
  }
  return answers;
}"""
READ = """async (cases) => {
  const { parse, canonical, unb64u, Refused } = await import("./opener.mjs");
  const hex = (octets) => [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  const make = { parse: (given) => parse(unb64u(given.octets), given.limit ?? 1024),
    canonical: (given) => canonical(parse(new TextEncoder().encode(given.json), 1024)), base64url: (given) => hex(unb64u(given.text, given.size)) };
  return cases.map(([what, given]) => {
    try { return { ok: make[what](given) }; } catch (error) {
      return error instanceof Refused ? { refused: error.message } : { error: String(error.stack) };
    }
  });
}"""


@pytest.fixture(scope="module")
def opener_page(browser: Browser) -> Any:
    """A page of a secure context with the module alone."""
    page = browser.new_page()
    page.route("**/*", _serve)
    page.goto(ADDRESS)
    yield page
    page.close()


def _serve(route: Route) -> None:
    path = route.request.url.removeprefix(ADDRESS)
    if path == "":
        route.fulfill(body=PAGE, content_type="text/html")
    elif path in ("opener.mjs", "vendor/noble-pq.mjs"):
        route.fulfill(path=EXAMPLES / path, content_type="text/javascript")
    else:
        route.fulfill(status=204, body="")


@pytest.fixture(scope="module")
def answers(opener_page: Page) -> dict[str, Any]:
    """The opener's answer to every case, by the case's name."""
    cases = asked()
    found = opener_page.evaluate(OPEN, [None, [request_of(case) for case in cases]])
    return dict(zip(map(str, cases), found, strict=True))


@pytest.mark.parametrize("case", asked(), ids=str)
def test_browser_opens_or_refuses(case: Case, answers: dict[str, Any]) -> None:
    assert answers[str(case)] == expected_of(case)


# RFC 8785 takes every name; this page restricts only written names to ASCII, and an opener writes none.
READING = [
    case
    for topic in ("strict_json", "canonical", "base64url")
    for case in cases_of(topic)
    if case.name != "a member name outside ASCII"
]


def test_browser_reads_as_strictly_as_the_page_says(opener_page: Page) -> None:
    found = opener_page.evaluate(READ, [[case.do, case.given] for case in READING])
    expected = [
        case.expect if "ok" in case.expect else {"refused": case.expect["refused"]} for case in READING
    ]
    wrong = [(str(case), it) for case, it, must in zip(READING, found, expected, strict=True) if it != must]
    assert wrong == []
