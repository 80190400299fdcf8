# SPDX-License-Identifier: Apache-2.0
"""Files of an alert stay inert: handed out as plain bytes, whole, to readers of the alert, and to nobody else."""

from alerts.drafting.drafts import attach_file
from alerts.models import Alert, ReceivedAlert
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

FILES = {
    "report.html": b"<script>alert(1)</script>",
    "../drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    'a"b;c.txt': b"quoted",
    "\u0646\u0648\u0631\u064a\u0646 \u95fb.pdf": b"%PDF-1.7 one",
}


def test_each_file_is_handed_over_as_bytes_that_no_browser_runs(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    draft = desk.draft()
    for n, (name, data) in enumerate(FILES.items()):
        attach_file(desk.ilka, draft, base=n + 1, filename=name, data=data, now=desk.tick())
    draft.refresh_from_db()
    alert = desk.send(draft)
    other, received = ReceivedAlert.objects.filter(agency="xb-health").order_by("number")
    sender, reader = as_officer(desk.benno), as_officer(desk.aroha)
    place = f"/inbox/{received.pk}/files/0/"
    assert reader.get(place).headers["Location"] == f"/inbox/{received.pk}/", "it asks why first"
    page = reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"}, follow=True).content.decode()
    assert "report.html" in page and "report.html" in sender.get(f"/outbox/{alert.pk}/").content.decode()
    assert reader.get(f"/inbox/{received.pk}/files/9/").status_code == 404
    assert reader.get(f"/inbox/{other.pk}/files/0/").status_code == 302, "a reason stands for one alert"
    for n, data in enumerate(FILES.values()):
        for client, box in ((sender, f"/outbox/{alert.pk}"), (reader, f"/inbox/{received.pk}")):
            answer = client.get(f"{box}/files/{n}/", headers={"range": "bytes=0-2", "accept": "text/html"})
            assert (answer.status_code, answer.content) == (200, data), "a range is not served"
            heads = answer.headers
            assert heads["Content-Type"] == "application/octet-stream"
            assert heads["Content-Disposition"].startswith("attachment")
            assert "\n" not in heads["Content-Disposition"] and "/" not in heads["Content-Disposition"]
            assert heads["X-Content-Type-Options"] == "nosniff"
            assert heads["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert heads["Cross-Origin-Resource-Policy"] == "same-origin"
            assert heads["Accept-Ranges"] == "none" and "no-store" in heads["Cache-Control"]
    assert reader.get(f"/outbox/{alert.pk}/files/0/").status_code == sender.get(place).status_code == 404
