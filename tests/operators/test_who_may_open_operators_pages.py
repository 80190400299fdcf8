# SPDX-License-Identifier: Apache-2.0
"""Access to each page of the operator: an active operator in session, nobody else; every address by every method."""

from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from operators.enrolling import INSTALLER, end_operator
from operators.models import Operator
from operators.pages.frame import Page
from operators.pages.urls import PAGES
from tests.agencies.world import admit, enrol, hosted_agency
from tests.operators.authenticator import Device
from tests.operators.conftest import make_operator, sign_in
from tests.role_logins import OPERATOR_ADDRESSES
from tests.security.world import undone

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BESIDE = {"livez", "readyz"}
"""Addresses that tell anybody whether the process lives."""
CLOSED = [page for page in PAGES if not page.is_open]


def path_of(page: Page) -> str:
    values = {"<str:agency_id>": "xd-reg", "<str:token>": "token"}
    if "<str:public_id>" in page.route:
        values["<str:public_id>"] = Operator.objects.get(name="Benno Lind").public_id
    path = f"/{page.route}"
    for parameter, value in values.items():
        path = path.replace(parameter, value)
    return path


@pytest.fixture(autouse=True)
def _things(db: None) -> None:
    admit("xd-reg", fingerprint="ab" * 32, now=timezone.now())
    make_operator("Benno Lind")


def test_every_address_stands_in_the_table() -> None:
    known = {str(pattern.pattern) for pattern in get_resolver(OPERATOR_ADDRESSES).url_patterns}
    assert known == {page.route for page in PAGES} | BESIDE


def strangers() -> Iterator[tuple[str, Client]]:
    yield "nobody", Client()
    forged = Client()
    forged.cookies[settings.OPERATOR_COOKIE_NAME] = "A" * 43
    yield "a guess", forged
    ended, browser = make_operator("Ended"), Client()
    sign_in(ended[1], browser)
    end_operator(INSTALLER, ended[0].public_id, now=timezone.now())
    yield "an operator who has ended", browser
    officer = Client()
    officer.force_login(
        enrol(hosted_agency("xa-lab"), "agency_admin"), "officers.login.backends.EmailBackend"
    )
    yield "an officer of a desk", officer


def test_nobody_else_opens_a_page() -> None:
    others = list(strangers())
    for page in CLOSED:
        for who, browser in others:
            for method in sorted(page.methods):
                answer = browser.generic(method, path_of(page))
                assert (answer.status_code, answer["Location"]) == (302, "/sign-in/"), (page, who, method)


def asked_by(operator: Client, method: str, path: str) -> Any:
    """Return the answer to this operator; its effects are undone, the end of the session included."""
    browser = Client()
    browser.cookies = copy(operator.cookies)
    with undone():
        return browser.generic(method, path)


def test_a_page_answers_to_its_own_methods_alone_and_an_operator_opens_it(operator: Client) -> None:
    for page in PAGES:
        path = path_of(page)
        for method in METHODS:
            answer = asked_by(operator, method, path)
            assert (answer.status_code == 405) == (method not in page.methods), (page, method)
            assert answer.status_code < 500, (page, method)
            if method == "GET" and page in CLOSED and "GET" in page.methods:
                assert answer.status_code == 200, page
                assert "no-store" in answer["Cache-Control"]
                assert "<script" not in answer.content.decode()


def test_what_is_not_here_is_absent_and_the_process_says_that_it_lives(operator: Client) -> None:
    for path in (
        "/api/v1/agencies",
        "/login/",
        "/inbox/",
        "/api/schema/",
        "/operators/no-such/end/",
        "/agencies/xz-none/",
    ):
        assert operator.get(path).status_code == 404, path
    for path in ("/livez", "/readyz"):
        assert Client().get(path).status_code == 200


def test_a_session_of_an_operator_opens_no_desk(operator: Client, settings: object) -> None:
    settings.ROOT_URLCONF = "hub.urls.desk"  # type: ignore[attr-defined]
    from hub.middleware_order import middleware_of

    settings.MIDDLEWARE = middleware_of("desk")  # type: ignore[attr-defined]
    browser = Client()
    browser.cookies = operator.cookies
    for path in ("/", "/inbox/", "/desk/agencies/take-in/"):
        assert browser.get(path)["Location"].startswith("/login/")
    assert browser.get("/api/v1/alerts").status_code == 401


def test_a_device_alone_opens_nothing() -> None:
    assert sign_in(Device()).status_code == 403
