# SPDX-License-Identifier: Apache-2.0
"""Pages of releases onward keep within their width and have no fault: prepared, released, on both alert pages, reviewed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from alerts.sending.onward import prepare_release, release_onward
from callers.capabilities import Role
from officers.models import Officer
from tests.browser.test_question_pages import look_at_each, open_page
from tests.pages.desk_world import DeskWorld
from tests.pages.test_onward_pages import send_flash

pytestmark = pytest.mark.slow


def test_from_the_preparation_to_the_review(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None]
) -> None:
    send_flash(desk)
    second = desk.hub.make_officer(desk.health, Role.RELEASER, name="Orla Fenwick")
    auditor = desk.hub.make_officer(desk.health, Role.AUDITOR, name="Ada Quill")
    row = desk.received(desk.haitham)
    desk.wait_for_the_clock()
    sign_in(desk.haitham)
    open_page(page, live_server, f"/inbox/{row.pk}/")
    page.get_by_role("button", name="On duty").click()
    look_at_each(page, live_server, {"onward-prepare": f"/inbox/{row.pk}/release-onward/"})
    page.goto(f"{live_server.url}/inbox/{row.pk}/release-onward/")
    page.get_by_label("Precursor Office, Dellin").check()
    page.get_by_label("Emergency: life is in danger now").check()
    page.get_by_role("button", name="Ask a second officer").click()
    expect(page.get_by_text("Prepared. A second officer releases it")).to_be_visible()
    look_at_each(page, live_server, {"onward-received": f"/inbox/{row.pk}/"})

    now = desk.tick()
    until = now + timedelta(days=9)
    urgent = prepare_release(
        desk.haitham, row, recipients=["xd-reg"], until=until, is_emergency=True, now=now
    )
    sign_in(second)
    look_at_each(page, live_server, {"onward-release": f"/onward/{urgent.pk}/release/", "onward-start": "/"})
    done = release_onward(second, urgent, now=desk.tick())
    desk.settle()
    look_at_each(page, live_server, {"onward-end": f"/inbox/{row.pk}/onward/{done.od}/end/"})
    sign_in(auditor)
    look_at_each(page, live_server, {"emergency": f"/emergencies/{done.pk}/", "emergency-start": "/"})
    sent = Alert.objects.get(agency=desk.lab, md=row.md)
    sign_in(desk.benno)
    look_at_each(page, live_server, {"onward-sent": f"/outbox/{sent.pk}/"})
