# SPDX-License-Identifier: Apache-2.0
"""Each process of an own desk has production's settings, its role's secrets, and no setting of an exchange."""

from dataclasses import replace
from pathlib import Path

import pytest

from accord.calls.proxies import Proxy
from devtool.owndesk.desksecrets import DESK_BROKER_LOGINS, DESK_LOGINS, load_or_draw
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.places import OwnDeskPlaces
from hub.roles import DESK, ROLES, SECRETS

ITS_ROLES = [role.name for role in ROLES.values() if role.half == DESK]


@pytest.fixture
def places(tmp_path: Path) -> OwnDeskPlaces:
    folder = OwnDeskFolder(tmp_path / "desk")
    folder.make()
    return OwnDeskPlaces(
        folder=folder,
        secrets=load_or_draw(folder.secrets_file, "desk.agency.example"),
        host="desk.agency.example",
        hub_url="https://desk.agency.example:8443",
        database_urls={role: f"postgres://{login}:x@/none" for role, login in DESK_LOGINS.items()},
        owner_url="postgres://owner:x@/none",
        redis_urls={role: f"redis://{login}:x@127.0.0.1:1/0" for role, login in DESK_BROKER_LOGINS.items()},
        email_url="smtp://mail.agency.example:25",
        exchange_proxy=Proxy("http://proxy.agency.example:3128", "desk:pw"),
        first_start_file=folder.path / "first-start",
        opened_ring=tmp_path / "ram" / "ring",
    )


@pytest.mark.parametrize("role", ITS_ROLES)
def test_secrets_of_the_role_come_as_closed_files_and_the_ring_of_keys_not_at_all(
    role: str, places: OwnDeskPlaces
) -> None:
    environment = places.environment_of(role)
    assert (environment["HUB_ENV"], environment["OWN_DESK"]) == ("production", "yes")
    assert not SECRETS & set(environment)
    named = {name.removesuffix("_FILE") for name in environment if name.removesuffix("_FILE") in SECRETS}
    assert named == ROLES[role].secrets - {"ACCORD_KEK"}
    for name in named:
        assert Path(environment[f"{name}_FILE"]).stat().st_mode & 0o777 == 0o600
    holds_ring = "ACCORD_KEK" in ROLES[role].secrets
    assert ("ACCORD_KEK_LOCKED_FILE" in environment) == holds_ring
    assert ("ACCORD_KEK_OPENED_FILE" in environment) == holds_ring


@pytest.mark.parametrize("role", ITS_ROLES)
def test_which_exchange_is_its_own_is_left_to_the_first_start(role: str, places: OwnDeskPlaces) -> None:
    environment = replace(places, exchange_proxy=None).environment_of(role)
    assert not {name for name in environment if "EXCHANGE" in name}


def test_the_proxy_reaches_those_that_call_the_exchange(places: OwnDeskPlaces) -> None:
    told = {role: places.environment_of(role).get("EXCHANGE_PROXY") for role in ITS_ROLES}
    assert {role for role in told if told[role]} == {"desk", "desk-worker"}
    assert told["desk"] == "http://proxy.agency.example:3128"


def test_how_often_the_exchange_is_asked_is_known_to_every_role(places: OwnDeskPlaces) -> None:
    for role in ITS_ROLES:
        assert replace(places, ask_every="20").environment_of(role)["FOLLOW_SECONDS"] == "20"
        assert "FOLLOW_SECONDS" not in places.environment_of(role)


def test_authorities_of_the_exchange_reach_those_that_call_it(places: OwnDeskPlaces, tmp_path: Path) -> None:
    with_authorities = replace(places, exchange_ca=tmp_path / "ca.pem")
    told = {
        role
        for role in ITS_ROLES
        if with_authorities.environment_of(role).get("SSL_CERT_FILE") == str(tmp_path / "ca.pem")
    }
    assert told == {"desk", "desk-worker"}


def test_without_a_mail_server_nobody_is_told_of_one(places: OwnDeskPlaces) -> None:
    without = replace(places, email_url="")
    assert not [role for role in ITS_ROLES if "EMAIL_URL_FILE" in without.environment_of(role)]


def test_what_shortens_a_tests_waiting_does_not_reach_it(
    places: OwnDeskPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEP_SECONDS", "0.1")
    assert "SWEEP_SECONDS" not in places.environment_of("desk-beat")
