# SPDX-License-Identifier: Apache-2.0
"""The form shows a line for the reason of each ticked recipient, and removes it when unticked."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import read_draft
from devtool.processes import wait_until
from officers.models import Officer
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow
REASON = "It made the tablets."


def test_a_line_stands_as_soon_as_somebody_is_ticked_and_what_stands_in_it_is_kept(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None]
) -> None:
    sign_in(desk.ilka)
    draft = desk.draft(recipients=[])
    page.goto(f"{live_server.url}/drafts/{draft.pk}/5/")
    first, box = page.get_by_text("Choose recipients first."), page.locator("[value=xd-reg][name=recipients]")
    line = page.locator("[name=recipient_reasons-xd-reg]")
    expect(first).to_be_visible()
    box.check()
    expect(first).to_be_hidden()
    page.get_by_label("Precursor Office, Dellin", exact=True).fill(REASON)
    box.uncheck()
    expect(line).to_be_hidden()
    expect(first).to_be_visible()
    box.check()
    expect(line).to_have_value(REASON)

    def is_kept() -> bool:
        draft.refresh_from_db()
        return bool(read_draft(desk.ilka, draft).data["recipient_reasons"] == {"xd-reg": REASON})

    wait_until(is_kept, "the autosave", timeout_seconds=90)
