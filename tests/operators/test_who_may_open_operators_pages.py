# SPDX-License-Identifier: Apache-2.0
"""Access to each page of the operator: an active operator in session, nobody else; every address by every method."""

from collections.abc import Iterator

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


@pytest.mark.parametrize("page", CLOSED, ids=lambda page: page.name)
def test_nobody_else_opens_it(page: Page) -> None:
    for who, browser in strangers():
        for method in sorted(page.methods):
            answer = browser.generic(method, path_of(page))
            assert (answer.status_code, answer["Location"]) == (302, "/sign-in/"), (who, method)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_answers_to_its_own_methods_alone(operator: Client, page: Page) -> None:
    for method in METHODS:
        status = operator.generic(method, path_of(page)).status_code
        assert (status == 405) == (method not in page.methods), method
        assert status < 500


@pytest.mark.parametrize(
    "page", [page for page in CLOSED if "GET" in page.methods], ids=lambda page: page.name
)
def test_an_operator_opens_it(operator: Client, page: Page) -> None:
    answer = operator.get(path_of(page))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "<script" not in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/agencies",
        "/login/",
        "/inbox/",
        "/api/schema/",
        "/operators/no-such/end/",
        "/agencies/xz-none/",
    ],
)
def test_what_is_not_here_is_absent(operator: Client, path: str) -> None:
    assert operator.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_the_process_says_that_it_lives(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


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
