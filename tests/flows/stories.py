# SPDX-License-Identifier: Apache-2.0
"""What every story over REST does: a draft goes its way, and never by its author alone."""

from typing import Any

from tests.api.sessions import Session
from tests.pages.desk_world import DeskWorld


def released(desk: DeskWorld, author: Session, second: Session, made: Any) -> dict[str, Any]:
    """Of the answer that made a draft or saved it: submitted, refused to its author, checked and sent by a second."""
    sent = sent_by_two(author, second, made)
    desk.catch_up()
    return sent


def sent_by_two(author: Session, second: Session, made: Any) -> dict[str, Any]:
    """The same where the hub's own processes carry it on."""
    assert made.status_code in (200, 201), made.content
    at, tag = f"alerts/{made.json()['id']}", made.headers["ETag"]
    submitted = author("POST", f"{at}/submit", etag=tag)
    assert submitted.status_code == 200, submitted.content
    tag = submitted.headers["ETag"]
    assert author("POST", f"{at}/validate", {}, etag=tag).status_code == 403
    shown = second("GET", at).json()["preview"]["digest"]
    checked = second("POST", f"{at}/validate", {"preview": shown}, etag=tag)
    assert checked.status_code == 200, checked.content
    sent = second("POST", f"{at}/release", etag=checked.headers["ETag"])
    assert sent.status_code == 200, sent.content
    return dict(sent.json())
