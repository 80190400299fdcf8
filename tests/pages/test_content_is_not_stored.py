# SPDX-License-Identifier: Apache-2.0
"""Content is shown and never kept: not in sessions, messages, cookies, titles, caches or the admin's log."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory

from desk.site import AccordAdminSite
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld

PAGES = [Path(apps.get_app_config(app).path) for app in ("desk", "callers", "operators")]
TEMPLATES = sorted(path for app in PAGES for path in app.glob("templates/**/*.html"))
STATIC = {path.name: path for app in PAGES for path in app.glob("static/accord/*")}


def whole_run(desk: DeskWorld, author: Client, second: Client, reader: Client) -> list[str]:
    """Write, submit, check, send, open, acknowledge and withdraw; return the text of every answer with its headers."""
    draft = desk.draft()
    steps = [
        author.get(f"/drafts/{draft.pk}/4/"),
        author.post(f"/drafts/{draft.pk}/submit/", {"revision": 1}, follow=True),
        second.get("/queue/"),
    ]
    seen = second.get(f"/queue/{draft.pk}/")
    form = {"revision": 1, "preview": seen.context["preview_digest"]}
    steps += [
        seen,
        second.post(f"/queue/{draft.pk}/validate/", form, follow=True),
        second.post(f"/queue/{draft.pk}/release/", form, follow=True),
    ]
    desk.catch_up()
    received = desk.received(desk.aroha)
    steps += [
        reader.get("/inbox/"),
        reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"}, follow=True),
        reader.post(f"/inbox/{received.pk}/acknowledge/", follow=True),
        second.post(f"/outbox/{draft.pk}/withdraw/", {"code": "error"}, follow=True),
    ]
    return [str(step.headers) + step.content.decode() for step in steps]


class Watched(Client):
    """A client that records all that an answer, also a redirect, gives a browser to keep: cookies, and messages as they read."""

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        self.kept: list[str] = [*getattr(self, "kept", []), *texts_kept(self)]
        return answer


def texts_kept(client: Client) -> list[str]:
    """Return cookies and messages as texts: a cookie of messages is signed and may be compressed."""
    request = RequestFactory().get("/")
    request.COOKIES = {name: cookie.value for name, cookie in client.cookies.items()}
    return [client.cookies.output(), *(str(message) for message in CookieStorage(request))]


@pytest.fixture
def clients(desk: DeskWorld) -> tuple[Watched, Watched, Watched]:
    made = tuple(Watched() for _ in range(3))
    for client, officer in zip(made, (desk.ilka, desk.benno, desk.aroha), strict=True):
        client.force_login(officer, "officers.login.backends.EmailBackend")
    one, two, three = made
    return one, two, three


def test_a_whole_run_leaves_content_nowhere(
    desk: DeskWorld, clients: tuple[Watched, Watched, Watched]
) -> None:
    answers = whole_run(desk, *clients)
    assert sum(CONTENT in answer for answer in answers) >= 7, "the run did show content"
    assert Session.objects.count() == 3
    for session in Session.objects.all():
        assert CONTENT not in str(session.get_decoded())
    kept = [text for client in clients for text in client.kept]
    assert len(set(kept)) > 6, "answers did leave messages"
    assert not [text for text in kept if CONTENT in text]
    assert not LogEntry.objects.exists()
    for client, address in {
        clients[1]: f"/outbox/{desk.lab.alerts.get().pk}/",
        clients[2]: f"/inbox/{desk.received(desk.aroha).pk}/",
    }.items():
        answer = client.get(address)
        page = answer.content.decode()
        title = re.search(r"<title>(.*?)</title>", page)
        assert CONTENT in page and title is not None and CONTENT not in title[1]
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_every_page_forbids_what_it_does_not_bring(desk: DeskWorld, as_officer: SignIn) -> None:
    policy = as_officer(desk.ilka).get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "data:" not in policy and "*" not in policy
    for directive in (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
    ):
        assert directive in policy


def test_no_template_has_a_style_or_a_script_of_its_own() -> None:
    assert len(TEMPLATES) > 100
    for template in TEMPLATES:
        source = template.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", source), template.name
        assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", source)), template.name
        assert "|safe" not in source and "autoescape off" not in source, template.name


def test_the_sheet_and_the_scripts_stay_small_and_ask_nobody() -> None:
    assert STATIC["accord.css"].stat().st_size < 40_000
    for template in TEMPLATES:
        named = re.findall(r"accord/([a-z]+\.js)", template.read_text(encoding="utf-8"))
        loaded = {"accord.js", "kept_input.js", *named}
        assert sum(STATIC[name].stat().st_size for name in loaded) < 24_000, template.name
    for path in STATIC.values():
        source = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" not in source.replace('"https:"', ""), path.name
        assert "localStorage" not in source and "sessionStorage" not in source and "eval(" not in source


def test_no_sealed_model_is_in_the_admins_own_machinery() -> None:
    sealed = {"alerts", "vault", "sharing"}
    assert not {model for model in admin.site._registry if model._meta.app_label in sealed}
    assert isinstance(admin.site, AccordAdminSite)
