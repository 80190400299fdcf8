# SPDX-License-Identifier: Apache-2.0
"""axe-core finds no fault on any page, light or dark, wide or 360 pixels; nothing sticks out; the console is clean.

The pages come from the table of pages, each opened by a caller who may, so that an added page is checked too.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from desk.web.urls import PAGES
from ledger.restores import record_restore
from officers.accounts import change_roles
from officers.models import Officer, PowerChange
from tests.browser.looking import LOOKS, faults_of, moved_by_what_people_write
from tests.security.address_parameters import things_of
from tests.security.routes import Route, routes_of
from tests.security.world import Caller, SecurityWorld

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

FILES: Final = {
    *("received_attachment", "sent_attachment", "proposal_file", "proposal_previous", "arrivals"),
    *("desk_settings_text", "desk_reopening_file", "arrivals_news", "reciprocity_list"),
}
"""Pages that answer a file or a token."""
REFUSALS: Final = {
    *("absent", "forbidden", "welcome", "reset-new"),
    *("acknowledge_many", "keys_create", "keys_move", "recovery_cancel", "desk_move_in", "peer_list_offer"),
}
"""Pages shown with a refusal's status: a link without its token, an act without a subject, pages of an own desk alone."""
OF_A_PAIR: Final = {"reciprocity_peer", "reciprocity_brief"}
"""Pages about another agency than the caller's."""
UNREACHED: Final = {
    "proposal",
    "desk_reopening",
    "withdraw_unsent",
    "reaffirm_answer",
    "received_changes",
    "identity_take_over",
    "onward_received_end",
    "onward_sent_end",
}
"""Pages about facts that this world lacks: a root offline, a stolen key's signatures, two versions, an identity held elsewhere, an
alert that went onward (`test_onward_pages.py` looks at its pages)."""


def test_axe_finds_nothing_on_any_page(
    live_server: LiveServer, context: BrowserContext, page: Page, console_errors: list[str], tmp_path: Path
) -> None:
    world = SecurityWorld.kept(tmp_path / "ledger")
    seen: list[str] = []
    faults: list[str] = []
    for name, caller, address in _addresses(world):
        _become(context, live_server, caller)
        answer = page.goto(live_server.url + address)
        assert answer is not None
        if answer.status >= 400 and name not in REFUSALS:
            faults.append(f"{name}: {caller.name} got {answer.status}")
        faults += faults_of(page, name) + moved_by_what_people_write(page, name)
        seen.append(name)
    console_errors[:] = [
        error for error in console_errors if "the server responded with a status" not in error
    ]
    print(f"\naxe: {len(seen)} pages, {len(LOOKS)} looks each")  # noqa: T201 - the size is what the run is asked for
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults)
    missed = {page.name for page in PAGES if "GET" in page.methods} - set(seen) - FILES - UNREACHED
    assert not missed, "add what these name to the world, or say why they are not reached"


def _become(context: BrowserContext, live_server: LiveServer, caller: Caller) -> None:
    context.clear_cookies()
    if caller.cookie:
        cookie = {"name": django_settings.SESSION_COOKIE_NAME, "value": caller.cookie, "url": live_server.url}
        context.add_cookies([cookie])  # type: ignore[list-item]


def _addresses(world: SecurityWorld) -> Iterator[tuple[str, Caller, str]]:
    nobody, author = world.by_name("nobody"), world.by_name("author of xa-lab")
    for open_page in ("login", "reset", "welcome", "reset/new"):
        yield open_page.replace("/", "-"), nobody, f"/{open_page}/"
    yield "absent", author, "/nothing/"
    yield "forbidden", author, "/audit/"
    for route in routes_of("hub.urls.desk"):
        if route.is_page and route.answers("GET") and route.name not in FILES:
            yield from _by_whoever_may(world, route)
    yield from _more(world, author)


def _by_whoever_may(world: SecurityWorld, route: Route) -> Iterator[tuple[str, Caller, str]]:
    """Yield the page as the first caller opens it who may."""
    try:
        things = things_of(world, route)
    except KeyError:
        return
    address = route.path({name: thing.value for name, thing in things.items()})
    wanted = next(page.capability for page in PAGES if page.name == route.name)
    for caller in world.cast:
        may = caller.has_session and (wanted is None or wanted in (caller.capabilities or ()))
        may = may and not (route.name in OF_A_PAIR and caller.agency == things["agency_id"].value)
        if may and all(caller.sees(thing) for thing in things.values()):
            yield route.name, caller, address
            return


def _more(world: SecurityWorld, author: Caller) -> Iterator[tuple[str, Caller, str]]:
    """Yield the further shapes of pages that share an address."""
    value: dict[str, Any] = {kind: thing.value for kind, thing in world.things.items()}
    reader, releaser = world.by_name("reader of xa-lab"), world.by_name("releaser of xa-lab")
    for step in range(1, 12):
        yield f"draft-{step}", author, f"/drafts/{value['draft']}/{step}/?check=1"
    yield "draft-unsaved", author, "/drafts/new/?alert_type=seizure"
    yield "received-opened", reader, f"/inbox/{value['opened']}/"
    yield "received-taken-back", reader, f"/inbox/{value['taken back']}/"
    yield "sent-flash", releaser, f"/outbox/{value['flash']}/"
    yield "sent-withdrawn", releaser, f"/outbox/{value['withdrawn']}/"
    for kind in ("sample received", "question received", "answer received", "rule received"):
        yield kind.replace(" ", "-"), reader, f"/inbox/{value[kind]}/"
    yield "leads-of-the-answer", reader, f"/inbox/{value['answer received']}/profile/"
    for kind in ("sample sent", "question sent", "rule sent"):
        yield kind.replace(" ", "-"), releaser, f"/outbox/{value[kind]}/"
    yield "review-validated", releaser, f"/queue/{value['validated']}/"
    for role in ("agency_admin", "auditor", "key_officer"):
        yield f"start-{role}", world.by_name(f"{role} of xa-lab"), "/"
    yield "start-keeper", world.by_name("keeper"), "/"
    change_roles(world.desk.sunniva, world.desk.ilka, ["author", "releaser"], now=timezone.now())
    waiting = PowerChange.objects.filter(officer=world.desk.ilka).latest("asked_at")
    yield "power_agree", world.by_name("agency_admin of xa-lab"), f"/powers/{waiting.pk}/agree/"
    yield "inbox-filtered", reader, "/inbox/?lane=trade&unread=yes"
    yield "inbox-empty", world.by_name("reader of xs-harbour"), "/inbox/"
    yield from _in_french(world, value)
    yield "after_restore-waits", _after_a_restore(world), "/restore/"


def _after_a_restore(world: SecurityWorld) -> Caller:
    """Record a restore, which ends every session; return an admin who has signed in since."""
    with transaction.atomic():
        record_restore((), backup_at=timezone.now(), now=timezone.now())
    admin = world.by_name("agency_admin of xa-lab")
    client = Client()
    client.force_login(world.desk.sunniva, "officers.login.backends.EmailBackend")
    return replace(admin, cookie=client.cookies[django_settings.SESSION_COOKIE_NAME].value)


def _in_french(world: SecurityWorld, value: dict[str, Any]) -> Iterator[tuple[str, Caller, str]]:
    """Yield pages in French, whose words are longer than the English ones."""
    Officer.objects.update(language="fr")
    author, releaser = world.by_name("author of xa-lab"), world.by_name("releaser of xa-lab")
    for name in ("inbox", "outbox", "search", "officers", "keys", "policy", "security"):
        yield f"fr-{name}", releaser, f"/{name}/"
    yield "fr-start", releaser, "/"
    yield "fr-sent", releaser, f"/outbox/{value['flash']}/"
    yield "fr-review", releaser, f"/queue/{value['validated']}/"
    yield "fr-draft", author, f"/drafts/{value['draft']}/3/?check=1"
    yield "fr-check", author, f"/drafts/{value['draft']}/4/"
