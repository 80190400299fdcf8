# SPDX-License-Identifier: Apache-2.0
"""Pages by which an agency leaves a desk and moves to another one, in Chromium: light, dark, 360 pixels wide."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import Settings

from callers.capabilities import Role
from callers.directory import Custody
from officers.departure import agree_to_leave, ask_to_leave
from officers.models import Officer
from peers.models import Agency
from tests.entries import make_keeper
from tests.pages.desk_world import DeskWorld
from vault.models import Arrival

Shoot = Callable[..., None]
SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


def keys_are_elsewhere(agency: Agency) -> None:
    """Give the desk's row another custody than the keyset in force, as before and after a move of the keys."""
    agency.refresh_from_db()
    agency.custody = Custody.AGENCY if agency.custody != Custody.AGENCY else Custody.HUB
    agency.save()


def test_pages_of_a_desk_that_an_agency_leaves(shoot: Shoot, sign_in: SignIn, desk: DeskWorld) -> None:
    now = timezone.now()
    second = desk.hub.make_officer(desk.lab, Role.KEY_OFFICER)
    sign_in(desk.benno)
    shoot("leaving-nobody-asked", "/keys/leaving/")
    for act in ("ask", "root"):
        shoot(f"leaving-{act}", f"/keys/leaving/{act}/")
    ask_to_leave(desk.benno, now=now)
    shoot("leaving-asked", "/keys/leaving/")
    sign_in(second)
    shoot("leaving-agree", "/keys/leaving/agree/")
    agree_to_leave(second, now=now)
    shoot("leaving-agreed", "/keys/leaving/")
    shoot("leaving-keys", "/keys/")
    for act in ("stay", "sign", "destroy"):
        shoot(f"leaving-{act}", f"/keys/leaving/{act}/")
    keys_are_elsewhere(desk.lab)
    shoot("leaving-elsewhere", "/keys/leaving/")
    shoot("leaving-keys-elsewhere", "/keys/")


def test_pages_of_a_desk_to_which_an_agency_comes(
    shoot: Shoot, sign_in: SignIn, desk: DeskWorld, settings: Settings
) -> None:
    sign_in(make_keeper())
    shoot("coming", "/desk/agencies/come/")
    settings.OWN_DESK = True
    shoot("coming-home", "/desk/agencies/come/")
    Arrival(agency_id=desk.lab.pk, begun_by="officer:x", begun_at=timezone.now()).save(force_insert=True)
    sign_in(desk.benno)
    shoot("coming-keys-here", "/keys/")
    shoot("history", "/keys/history/")
    keys_are_elsewhere(desk.lab)
    shoot("coming-keys-elsewhere", "/keys/")
    shoot("coming-move", "/keys/move/")
