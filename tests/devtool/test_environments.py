# SPDX-License-Identifier: Apache-2.0
"""Each process finds its role's secrets and no others; secrets are drawn once and closed to others."""

import itertools
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from devtool.checking import imagined_world
from devtool.environments import half_of, role_environment
from devtool.secretstore import complete_secrets, load_or_draw_secrets
from hub.roles import HALVES, ROLES

SECRET_NAMES = (
    *(
        "SECRET_KEY",
        "API_PEPPER",
        "ACCORD_KEK",
        "LEDGER_KEY",
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "EMAIL_URL",
    ),
)
HALF_SECRETS = ("SECRET_KEY", "API_PEPPER", "LEDGER_KEY", "DATABASE_URL", "REDIS_URL")
HOLDERS = {
    "ACCORD_KEK": {"desk", "desk-worker"},
    "LEDGER_KEY": {"sequencer", "desk-sequencer"},
    "DATABASE_OWNER_URL": {"desk-migrate", "exchange-migrate", "build"},
    "SECRET_KEY": {"desk", "exchange", "operator"},
    "API_PEPPER": {"desk", "exchange", "operator"},
}


@pytest.mark.parametrize("secret", sorted(HOLDERS))
def test_a_secret_reaches_its_holders_only(secret: str) -> None:
    world = imagined_world()
    assert {role for role in ROLES if secret in role_environment(role, world)} == HOLDERS[secret]


def test_the_halves_share_no_secret() -> None:
    world = imagined_world()
    found = {half: set[str]() for half in HALVES}
    for role in ROLES:
        environment = role_environment(role, world)
        found[half_of(role)] |= {environment[name] for name in HALF_SECRETS if name in environment}
    assert found["desk"] and found["exchange"] and found["desk"].isdisjoint(found["exchange"])


@pytest.mark.parametrize("role", ["desk-beat", "exchange-beat"])
def test_beat_finds_no_database(role: str) -> None:
    assert not {name for name in SECRET_NAMES if name in role_environment(role, imagined_world())}


def test_no_two_web_processes_sign_with_one_key() -> None:
    world = imagined_world()
    keys = {role_environment(role, world)["SECRET_KEY"] for role in HOLDERS["SECRET_KEY"]}
    assert len(keys) == len(HOLDERS["SECRET_KEY"])


@pytest.mark.parametrize("role", ROLES)
def test_time_is_moved_for_every_role_or_for_none(role: str) -> None:
    moved = replace(imagined_world(), clock_offset_seconds=86400.0)
    assert role_environment(role, moved)["CLOCK_OFFSET_SECONDS"] == "86400.0"
    assert "CLOCK_OFFSET_SECONDS" not in role_environment(role, imagined_world())


def test_the_callers_own_secrets_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCORD_KEK", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine too")
    environment = role_environment("exchange", imagined_world())
    assert "mine" not in environment.values()
    assert "mine too" not in environment.values()


def test_addresses_for_programs_beside_the_hub_hold_no_key() -> None:
    world = replace(imagined_world(), hub_url="http://127.0.0.1:9")
    told = world.addresses()
    urls = {"HUB_URL", "EXCHANGE_URL", "OPERATOR_URL", "DATABASE_URL", "REDIS_URL"}
    assert set(told) == urls | {"MAIL_DIR", "LEDGER_VKEY"}
    assert not set(told.values()) & set(world.secrets.ledger_keys.values())


def test_secrets_are_drawn_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    drawn = load_or_draw_secrets(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_draw_secrets(path) == drawn
    kept = json.loads(path.read_text())
    several = [kept.pop(name).values() for name, kind in list(kept.items()) if isinstance(kind, dict)]
    words = [*kept.values(), *itertools.chain(*several)]
    assert len(set(words)) == len(words)


def test_an_older_installation_keeps_its_secrets_and_gets_those_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    drawn = asdict(load_or_draw_secrets(path))
    del drawn["broker_passwords"]
    newer = drawn["login_passwords"].pop("accord_desk_sequencer")
    path.write_text(json.dumps({**drawn, "application_password": "of an older version"}))
    complete_secrets(path)
    completed = asdict(load_or_draw_secrets(path))
    assert completed.pop("broker_passwords")
    assert completed["login_passwords"].pop("accord_desk_sequencer") not in {"", newer}
    assert completed == drawn
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_do_not_show_in_a_representation() -> None:
    world = imagined_world()
    assert not [key for key in world.secrets.ledger_keys.values() if key in repr(world)]
    assert world.secrets.desk_secret_key not in repr(world)
