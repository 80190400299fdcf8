# SPDX-License-Identifier: Apache-2.0
"""A real Chromium; a page that writes an error to its console fails its test."""

import os
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect
from pytest_django.live_server_helper import LiveServer

from devtool.chromium import HOW_TO_GET_ONE, QUIET, find_chromium
from officers.models import Officer
from tests.browser import pictures
from tests.browser.keyboard import Tally
from tests.browser.looking import keeps_within_its_width
from tests.pages.desk_world import DeskWorld

# Playwright runs an event loop in this thread; the tests' own queries are short and intended.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# A busy machine is slow, not faulty.
expect.set_options(timeout=30_000)

Tell = Callable[[str, Tally], None]
REPORT_VIOLATIONS: Final = (
    "addEventListener('securitypolicyviolation',"
    " (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="keep pictures of the pages in .dev/screenshots")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("pictures", default=False):
        pictures.asked_for.append(True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests as such; without a Chromium skip them with directions to get one, and let them fail in CI."""
    here = Path(__file__).parent
    missing = find_chromium() is None and "CI" not in os.environ
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason=HOW_TO_GET_ONE))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    executable = find_chromium()
    if executable is None:
        pytest.fail(HOW_TO_GET_ONE)
    # Chromium's own sandbox refuses to run as root.
    arguments = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {**browser_type_launch_args, "executable_path": executable, "args": arguments}


@pytest.fixture
def console_errors() -> list[str]:
    """Errors on the page's console; a test that expects some removes them."""
    return []


def note_errors(page: Page, console_errors: list[str]) -> None:
    """Record every error that the page reports from now on, violations of its policy included."""

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    def note_error(error: Error) -> None:
        console_errors.append(f"uncaught: {error.message}")

    page.add_init_script(REPORT_VIOLATIONS)
    page.on("console", note_message)
    page.on("pageerror", note_error)


@pytest.fixture
def page(page: Page, console_errors: list[str]) -> Generator[Page]:
    """A page that fails its test if its console holds an error at the end, CSP violations included."""
    note_errors(page, console_errors)
    yield page
    assert not console_errors, "The page's console holds errors:\n" + "\n".join(console_errors)


@pytest.fixture
def phone(browser: Browser, console_errors: list[str]) -> Generator[Page]:
    """Another person's phone at night: narrow, touched, dark. `page` checks its console too."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, color_scheme="dark", is_mobile=True, has_touch=True
    )
    page = context.new_page()
    note_errors(page, console_errors)
    yield page
    context.close()


@pytest.fixture
def tell(record_property: Any, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Report a job's tally on the terminal and in the run's report; assert that no mouse was used."""

    def say(job: str, tally: Tally) -> None:
        record_property(job, tally.line(job))
        with capsys.disabled():
            sys.stdout.write(f"\n{tally.line(job)}\n")
        assert tally.clicks == 0, "by keyboard alone"

    return say


@pytest.fixture
def desk(live_server: LiveServer, tmp_path: Path) -> DeskWorld:
    """The small hub of the pages' tests with a live server."""
    return DeskWorld.kept(tmp_path / "ledger")


@pytest.fixture
def sign_in(context: BrowserContext, live_server: LiveServer) -> Callable[[Officer], None]:
    """Put the browser into an officer's session; another test signs in by the form."""

    def put(officer: Officer) -> None:
        client = Client()
        client.force_login(officer, "officers.login.backends.EmailBackend")
        name = django_settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return put


@pytest.fixture
def shoot(page: Page, live_server: LiveServer, console_errors: list[str]) -> Callable[..., None]:
    """Open an address; assert that nothing sticks out, wide or on a phone; take pictures where the run keeps them.

    Chromium reports an answer of 403 or 404 as a console error: the expected one is removed.
    """

    def take(name: str, address: str, *, status: int = 200) -> None:
        response = page.goto(live_server.url + address)
        assert response is not None and response.status == status, f"{name} answered otherwise"
        keeps_within_its_width(page, name)
        if status != 200:
            console_errors[:] = [error for error in console_errors if f"status of {status}" not in error]

    return take
