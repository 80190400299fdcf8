# SPDX-License-Identifier: Apache-2.0
"""Files of an alert stay inert: handed out as plain bytes, whole, to readers of the alert, and to nobody else."""

import pytest

from alerts.drafting.drafts import attach_file
from alerts.models import Alert
from callers.capabilities import Role
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

FILES = {
    "report.html": b"<script>alert(1)</script>",
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    'a"b;c.txt': b"quoted",
    "\u0646\u0648\u0631\u064a\u0646 \u95fb.pdf": b"%PDF-1.7 one",
}


@pytest.fixture
def alert(desk: DeskWorld) -> Alert:
    draft = desk.draft()
    for n, (name, data) in enumerate(FILES.items()):
        attach_file(desk.ilka, draft, base=n + 1, filename=name, data=data, now=desk.tick())
    draft.refresh_from_db()
    return desk.send(draft)


def test_each_file_is_handed_over_as_bytes_that_no_browser_runs(
    desk: DeskWorld, as_officer: SignIn, alert: Alert
) -> None:
    sender, reader = as_officer(desk.benno), as_officer(desk.aroha)
    received = desk.received(desk.aroha)
    reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"})
    for n, data in enumerate(FILES.values()):
        for client, place in ((sender, f"/outbox/{alert.pk}"), (reader, f"/inbox/{received.pk}")):
            answer = client.get(f"{place}/files/{n}/", headers={"range": "bytes=0-2", "accept": "text/html"})
            assert (answer.status_code, answer.content) == (200, data), "a range is not served"
            heads = answer.headers
            assert heads["Content-Type"] == "application/octet-stream"
            assert heads["Content-Disposition"].startswith("attachment")
            assert "\n" not in heads["Content-Disposition"]
            assert heads["X-Content-Type-Options"] == "nosniff"
            assert heads["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert heads["Cross-Origin-Resource-Policy"] == "same-origin"
            assert heads["Accept-Ranges"] == "none" and "no-store" in heads["Cache-Control"]


def test_an_address_of_a_file_opens_nothing_by_itself(
    desk: DeskWorld, as_officer: SignIn, alert: Alert
) -> None:
    received = desk.received(desk.aroha)
    reader = as_officer(desk.aroha)
    place = f"/inbox/{received.pk}/files/0/"
    assert reader.get(place).headers["Location"] == f"/inbox/{received.pk}/", "it asks why first"
    reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"})
    assert reader.get(f"/inbox/{received.pk}/files/9/").status_code == 404
    other = desk.send(desk.draft(title="Another alert"))
    newer = desk.received(desk.aroha)
    assert reader.get(f"/inbox/{newer.pk}/files/0/").status_code == 302, "a reason stands for one alert"
    stranger = as_officer(desk.stranger(Role.AUTHOR))
    for foreign in (place, f"/outbox/{alert.pk}/files/0/", f"/outbox/{other.pk}/files/0/"):
        assert stranger.get(foreign).status_code == 404
