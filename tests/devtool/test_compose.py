# SPDX-License-Identifier: Apache-2.0
"""The production stack as the compose client reads it: hardened, and each role with its own secrets only."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Collection
from typing import Any

import pytest

from devtool.environments import ROOT
from devtool.lockcheck import pins_of
from hub.broker import users
from hub.draw_secrets import draw_own_desk
from hub.middleware import LARGEST_REQUEST_BYTES
from hub.roles import BROKER_LOGINS, DESK, EXCHANGE, GUARDED_SECRETS, HALVES, LOGINS, ROLES, SEQUENCES

REQUIRED = {
    "HUB_URL": "https://hub.example",
    "HUB_HOST": "hub.example",
    "MAIL_FROM": "accord@hub.example",
}
"""All settings that an own desk requires."""
OF_THE_EXCHANGE = {
    "EXCHANGE_URL": "https://exchange.example",
    "EXCHANGE_HOST": "exchange.example",
    "LEDGER_VKEY": "hub.example/log+00000000+AQ",
}
OF_ONE_HALF = {
    **OF_THE_EXCHANGE,
    "OPERATOR_URL": "https://operator.example:8443",
    "OPERATOR_HOST": "operator.example",
    "DESK_LEDGER_VKEY": "desk.example/log+00000000+AQ",
}
"""Settings of one half; a role that needs one and lacks it reports that itself."""
GIVEN = {**REQUIRED, **OF_ONE_HALF}
BASE_FILES = ("docker-compose.yml",)
WITH_PROXY = (*BASE_FILES, "deploy/compose.proxy.yml")
WITH_DRILL = (*WITH_PROXY, "deploy/drill/compose.yml")
ROLE_SERVICES = (
    *("desk", "desk-worker", "mailer", "desk-sequencer", "desk-beat", "desk-migrate"),
    *("exchange", "operator", "exchange-worker", "sequencer", "exchange-beat", "exchange-migrate"),
)
OWN_DESK, OWN_DESK_MAIL = "own-desk", "own-desk-mail"
OF_OWN_DESK = {
    "own-desk": "desk",
    "own-desk-worker": "desk-worker",
    **{role: role for role in ("desk-sequencer", "desk-beat", "desk-migrate")},
}
"""The role of each service of an own desk."""
MAKE_TABLES = ("desk-migrate", "exchange-migrate")
BEATS = ("desk-beat", "exchange-beat")
HOLDERS = {
    "accord_kek": {"desk", "desk-worker"},
    "desk_ledger_key": {"desk-sequencer"},
    "exchange_ledger_key": {"sequencer"},
    "desk_database_owner_url": {"desk-migrate"},
    "exchange_database_owner_url": {"exchange-migrate"},
    "desk_api_pepper": {"desk"},
    "exchange_api_pepper": {"exchange", "operator"},
    "desk_secret_key": {"desk"},
    "exchange_secret_key": {"exchange"},
    "operator_secret_key": {"operator"},
    "exchange_worker_email_url": {"exchange-worker"},
    "mailer_email_url": {"mailer"},
    "desk_email_url": {"desk"},
    **{f"{role.replace('-', '_')}_database_url": {role} for role in LOGINS},
    **{f"{role.replace('-', '_')}_redis_url": {role} for role in BROKER_LOGINS},
}


def _client() -> list[str] | None:
    if shutil.which("docker"):
        asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if asked.returncode == 0:
            return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def _config(
    *arguments: str,
    given: dict[str, str],
    files: tuple[str, ...] = BASE_FILES,
    profiles: Collection[str] = HALVES,
) -> subprocess.CompletedProcess[str]:
    client = _client()
    if client is None:
        message = "No compose client was found: `apt-get install docker-compose` brings one."
        if "CI" in os.environ:
            pytest.fail(message)
        pytest.skip(message)
    named = [part for name in files for part in ("--file", str(ROOT / name))]
    chosen = [part for name in (*profiles, "demo") for part in ("--profile", name)]
    command = [*client, *named, *chosen, "config", *arguments]
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **given}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return _services(HALVES)


def _services(profiles: Collection[str]) -> dict[str, Any]:
    return dict(_described(profiles)["services"])


def _described(
    profiles: Collection[str], *, given: dict[str, str] = GIVEN, files: tuple[str, ...] = BASE_FILES
) -> dict[str, Any]:
    outcome = _config("--format", "json", given=given, files=files, profiles=profiles)
    assert outcome.returncode == 0, outcome.stderr
    return dict(json.loads(outcome.stdout))


@pytest.fixture(scope="module")
def behind_proxy() -> dict[str, Any]:
    return _described(HALVES, files=WITH_PROXY)


@pytest.fixture(scope="module")
def own_desk() -> dict[str, Any]:
    """An own desk behind its proxy, given the required settings only."""
    return _described((OWN_DESK,), given=REQUIRED, files=WITH_PROXY)


def _secrets_of(service: dict[str, Any]) -> set[str]:
    return {entry["source"] for entry in service.get("secrets", [])}


def test_the_file_is_sound() -> None:
    assert _config("--quiet", given=REQUIRED).returncode == 0


def test_a_half_by_itself_is_its_own_services_and_nothing_of_the_other() -> None:
    found = {half: set(_services([half])) - {"mailpit"} for half in HALVES}
    for half, services in found.items():
        roles = {name for name in ROLE_SERVICES if ROLES[name].half == half}
        assert services == roles | {f"{half}-db", f"{half}-redis"}
    assert found[DESK].isdisjoint(found[EXCHANGE])


def test_the_halves_share_no_network_volume_or_secret(services: dict[str, Any]) -> None:
    """The network of the exchange's proxy alone may be shared."""
    for kind, may_share in (("networks", {"between"}), ("volumes", set()), ("secrets", set())):
        of = {half: _held(services, half, kind) for half in HALVES}
        assert of[DESK] and of[EXCHANGE]
        assert of[DESK] & of[EXCHANGE] <= may_share, kind


def _held(services: dict[str, Any], half: str, kind: str) -> set[str]:
    """The names that the services of a half use under `kind`."""
    found: set[str] = set()
    for service in services.values():
        if half in service.get("profiles", ()):
            named = service.get(kind) or []
            found |= set(named) if isinstance(named, dict) else {str(one["source"]) for one in named}
    return found


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_missing_setting_stops_it(name: str) -> None:
    outcome = _config("--quiet", given={key: value for key, value in REQUIRED.items() if key != name})
    assert outcome.returncode != 0
    assert name in outcome.stderr


def test_every_role_is_a_service(services: dict[str, Any]) -> None:
    assert set(ROLE_SERVICES) == set(ROLES) - {"build"}
    assert set(ROLE_SERVICES) <= set(services)
    assert all(services[name]["environment"]["HUB_ROLE"] == name for name in ROLE_SERVICES)
    assert all(services[name]["environment"]["HUB_ENV"] == "production" for name in ROLE_SERVICES)


def test_every_service_is_hardened(services: dict[str, Any], own_desk: dict[str, Any]) -> None:
    for name, service in (*services.items(), *own_desk["services"].items()):
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"] not in ("", "0", "0:0", "root"), name
        assert not service.get("privileged"), name


def test_the_hubs_own_services_run_as_one_user_with_a_small_scratch_folder(
    services: dict[str, Any], own_desk: dict[str, Any]
) -> None:
    of_hub = [services[name] for name in ROLE_SERVICES] + [own_desk["services"][name] for name in OF_OWN_DESK]
    for service in of_hub:
        assert service["user"] == "10001:10001", service
        assert "noexec" in service["tmpfs"][0], service
        assert service["init"] is True, service


def test_every_lasting_service_has_a_health_check(services: dict[str, Any], own_desk: dict[str, Any]) -> None:
    for name, service in (*services.items(), *own_desk["services"].items()):
        disabled = service.get("healthcheck", {"disable": True}).get("disable", False)
        assert disabled == (name in MAKE_TABLES), name


@pytest.mark.parametrize("secret", sorted(HOLDERS))
def test_a_secret_reaches_its_holders_only(secret: str, services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if secret in _secrets_of(service)} == HOLDERS[secret]


def test_secrets_come_as_files_and_never_as_values(
    services: dict[str, Any], own_desk: dict[str, Any]
) -> None:
    guarded = {*GUARDED_SECRETS, "SECRET_KEY", "API_PEPPER", "DATABASE_URL", "EMAIL_URL", "REDIS_URL"}
    for name, service in (*services.items(), *own_desk["services"].items()):
        assert not guarded & set(service.get("environment", ())), name


def test_no_beat_can_reach_the_database_and_the_database_cannot_reach_out(services: dict[str, Any]) -> None:
    for half in HALVES:
        assert set(services[f"{half}-beat"]["networks"]).isdisjoint(services[f"{half}-db"]["networks"])
        assert set(services[f"{half}-db"]["networks"]) == {f"{half}-data"}
        assert set(services[f"{half}-redis"]["networks"]) == {f"{half}-broker"}


def test_only_loopback_ports_are_published(services: dict[str, Any]) -> None:
    published = [(name, port) for name, service in services.items() for port in service.get("ports", [])]
    assert {name for name, _ in published} == {"desk", "exchange", "operator", "mailpit"}
    assert all(port["host_ip"] == "127.0.0.1" for _, port in published)


def test_one_beat_a_half_and_two_sequencers_on_one_state_volume(services: dict[str, Any]) -> None:
    assert [services[beat]["deploy"]["replicas"] for beat in BEATS] == [1, 1]
    for half, role in SEQUENCES.items():
        assert services[role]["deploy"]["replicas"] == 2
        assert [volume["source"] for volume in services[role]["volumes"]] == [f"{half}-ledger"]


def test_workers_consume_only_their_queue(services: dict[str, Any]) -> None:
    workers = [role for role in ROLES.values() if role.queue]
    assert len(workers) == 3
    for role in workers:
        assert f"--queues={role.queue}" in services[role.name]["command"]


def test_the_images_are_made_of_the_production_locks_only() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "requirements.txt" in dockerfile
    assert "requirements-exchange.txt" in dockerfile
    assert "requirements-embedded" not in dockerfile
    assert "requirements-dev" not in dockerfile
    assert "--require-hashes --only-binary=:all:" in dockerfile
    assert "USER 10001:10001" in dockerfile


def test_the_exchanges_image_has_no_science_toolkit_and_no_code_of_a_desk() -> None:
    names = {pin.name for pin in pins_of(ROOT / "requirements-exchange.txt")}
    assert names.isdisjoint({"rdkit", "numpy", "django-allauth"})
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    copied = {
        stage.split()[2]: set(re.findall(r"^COPY (\w+) \w+$", stage, re.MULTILINE)) for stage in stages[1:]
    }
    assert copied["hub"] == {"accord", "callers", "hub", "ledger"}
    assert copied["exchange"] == {"agencies", "sharing", "operators"}
    assert copied["desk"] == {
        "alerts",
        "casework",
        "desk",
        "notices",
        "officers",
        "peers",
        "reciprocity",
        "science",
        "substances",
        "vault",
    }


def test_the_image_holds_neither_demonstration_nor_tests() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert not let_in & {"demo", "tests", "devtool", "benchmarks", ".dev", ".git"}
    assert {
        "hub",
        "accord",
        "agencies",
        "alerts",
        "callers",
        "casework",
        "desk",
        "ledger",
        "notices",
        "officers",
        "operators",
        "peers",
        "reciprocity",
        "science",
        "sharing",
        "vault",
        "manage.py",
        "requirements.txt",
        "requirements-exchange.txt",
    } <= let_in


@pytest.mark.parametrize(("half", "more"), [(DESK, set()), (EXCHANGE, {"between"})])
def test_a_proxy_is_hardened_and_holds_the_certificate_of_its_half_only(
    half: str, more: set[str], behind_proxy: dict[str, Any]
) -> None:
    proxy = behind_proxy["services"][f"{half}-proxy"]
    assert proxy["read_only"] is True
    assert proxy["cap_drop"] == ["ALL"]
    assert proxy["security_opt"] == ["no-new-privileges:true"]
    assert proxy["user"].split(":")[0] != "0"
    assert _secrets_of(proxy) == {f"{half}_tls_certificate", f"{half}_tls_key"}
    assert set(proxy["networks"]) == {f"{half}-front", *more}


def test_what_the_drill_adds_is_sound() -> None:
    outcome = _config("--quiet", given={**GIVEN, "DRILL_DIR": "/nonexistent"}, files=WITH_DRILL)
    assert outcome.returncode == 0, outcome.stderr


def test_only_the_proxy_is_believed_about_who_calls(behind_proxy: dict[str, Any]) -> None:
    services = behind_proxy["services"]
    address = {
        half: services[f"{half}-proxy"]["networks"][f"{half}-front"]["ipv4_address"] for half in HALVES
    }
    trusting = {
        name: service["environment"]["TRUSTED_PROXIES"]
        for name, service in services.items()
        if "TRUSTED_PROXIES" in service.get("environment", {})
    }
    assert trusting == {name: f"{address[ROLES[name].half]}/32" for name in ("desk", "exchange", "operator")}


def test_no_setting_is_text_that_a_closed_container_would_have_to_take(behind_proxy: dict[str, Any]) -> None:
    assert all("content" not in given and "file" in given for given in behind_proxy["configs"].values())


def test_the_proxy_takes_a_little_more_than_the_hub() -> None:
    written = (ROOT / "deploy" / "proxy" / "nginx.conf.in").read_text()
    limit = re.search(r"client_max_body_size (\d+)m;", written)
    assert limit is not None
    assert LARGEST_REQUEST_BYTES < int(limit[1]) * 1024 * 1024 <= LARGEST_REQUEST_BYTES + 1024 * 1024


def test_the_brokers_users_may_do_what_the_hub_declares() -> None:
    for half in HALVES:
        written = (ROOT / "deploy" / "broker" / f"{half}.acl").read_text().splitlines()
        logins = {ROLES[role].broker_login for role in BROKER_LOGINS if ROLES[role].half == half}
        declared = {login: rules for login, rules in users().items() if login in logins}
        assert dict(line.split(" ", 1) for line in written) == declared


def test_an_own_desk_is_what_a_desk_is_without_a_mailer_until_it_has_a_mail_server(
    own_desk: dict[str, Any],
) -> None:
    found = set(own_desk["services"]) - {"mailpit"}
    assert found == {*OF_OWN_DESK, "desk-db", "desk-redis", "own-desk-proxy"}
    with_mail = set(_described((OWN_DESK, OWN_DESK_MAIL), given=REQUIRED, files=WITH_PROXY)["services"])
    assert with_mail - {"mailpit"} == {*found, "mailer"}
    for name, role in OF_OWN_DESK.items():
        assert own_desk["services"][name]["environment"]["HUB_ROLE"] == role


def test_each_role_of_an_own_desk_holds_its_own_secrets_and_no_ring_that_lies_open(
    own_desk: dict[str, Any],
) -> None:
    for name, role in OF_OWN_DESK.items():
        held = {secret for secret, holders in HOLDERS.items() if role in holders} - {"accord_kek"}
        assert _secrets_of(own_desk["services"][name]) == held, name
    assert _secrets_of(own_desk["services"]["own-desk-proxy"]) == {"desk_tls_certificate", "desk_tls_key"}


def test_what_is_drawn_for_an_own_desk_is_what_its_services_read() -> None:
    read: set[str] = set()
    for service in _described((OWN_DESK, OWN_DESK_MAIL), given=REQUIRED)["services"].values():
        read |= _secrets_of(service)
    assert set(draw_own_desk("desk.example")[0]) == read - {"mailer_email_url"}


def test_an_own_desk_names_nothing_of_an_exchange(own_desk: dict[str, Any], services: dict[str, Any]) -> None:
    for kind in ("networks", "volumes", "secrets"):
        assert _held(own_desk["services"], OWN_DESK, kind).isdisjoint(
            {*_held(services, EXCHANGE, kind), "between"}
        )
    for name in {*OF_OWN_DESK, "own-desk-proxy"}:
        environment = own_desk["services"][name]["environment"]
        assert not any(value for key, value in environment.items() if "EXCHANGE" in key), name


def test_an_own_desk_may_be_given_its_exchange_which_those_learn_that_call_it() -> None:
    given = {**REQUIRED, **OF_THE_EXCHANGE}
    services = _described((OWN_DESK, OWN_DESK_MAIL), given=given)["services"]
    told = {
        name: (service["environment"]["EXCHANGE_URL"], service["environment"]["EXCHANGE_LEDGER_VKEY"])
        for name, service in services.items()
        if "EXCHANGE_URL" in service.get("environment", ())
    }
    both = (OF_THE_EXCHANGE["EXCHANGE_URL"], OF_THE_EXCHANGE["LEDGER_VKEY"])
    assert told == {"own-desk": both, "own-desk-worker": both}


def test_the_opened_ring_is_in_memory_and_the_two_that_hold_keys_share_it(own_desk: dict[str, Any]) -> None:
    options = own_desk["volumes"]["own-desk-opened"]["driver_opts"]
    assert options["type"] == "tmpfs"
    assert {"mode=0700", "uid=10001", "noexec"} <= set(options["o"].split(","))
    holders = {"own-desk": False, "own-desk-worker": True}
    for volume, variable in (
        ("own-desk-opened", "ACCORD_KEK_OPENED_FILE"),
        ("own-desk", "ACCORD_KEK_LOCKED_FILE"),
    ):
        mounted = {
            name: mount
            for name, service in own_desk["services"].items()
            for mount in service.get("volumes", ())
            if mount["source"] == volume
        }
        assert {name: mount.get("read_only", False) for name, mount in mounted.items()} == holders
        for name, mount in mounted.items():
            file = own_desk["services"][name]["environment"][variable]
            assert file.rpartition("/")[0] == mount["target"], name


def test_an_own_desk_is_reached_from_its_own_machine_until_an_address_is_named(
    own_desk: dict[str, Any],
) -> None:
    assert _addresses(own_desk) == {"127.0.0.1"}
    named = {**REQUIRED, "OWN_DESK_PROXY_ADDRESS": "192.0.2.1"}
    assert _addresses(_described((OWN_DESK,), given=named, files=WITH_PROXY)) == {"127.0.0.1", "192.0.2.1"}


def _addresses(described: dict[str, Any]) -> set[str]:
    """The addresses of this machine on which ports are published."""
    return {
        port["host_ip"] for service in described["services"].values() for port in service.get("ports", ())
    }


def test_the_example_of_an_own_desk_names_its_files_its_profile_and_what_is_required() -> None:
    lines = (ROOT / "deploy" / "own-desk.env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given["COMPOSE_FILE"].split(":") == list(WITH_PROXY)
    assert given["COMPOSE_PROFILES"] == OWN_DESK
    assert REQUIRED.keys() <= given.keys()
    services = _described(given["COMPOSE_PROFILES"].split(","), given=given, files=WITH_PROXY)["services"]
    assert set(services) >= {*OF_OWN_DESK, "own-desk-proxy"}


def test_a_proxy_that_asks_for_a_login_is_named_to_those_that_call_the_exchange() -> None:
    files = (*WITH_PROXY, "deploy/compose.exchange-proxy.yml")
    given = {**REQUIRED, "EXCHANGE_PROXY": "http://proxy.example:3128"}
    services = _described((OWN_DESK,), given=given, files=files)["services"]
    led = {name for name, one in services.items() if "exchange_proxy_login" in _secrets_of(one)}
    assert led == {"own-desk", "own-desk-worker"}
    assert {services[name]["environment"]["EXCHANGE_PROXY"] for name in led} == {given["EXCHANGE_PROXY"]}


def test_an_exchange_with_an_authority_of_its_own_is_believed_by_those_that_call_it() -> None:
    files = (*WITH_PROXY, "deploy/compose.exchange-ca.yml")
    services = _described((OWN_DESK,), given={**REQUIRED, "EXCHANGE_CA": "/etc/ca.pem"}, files=files)[
        "services"
    ]
    trusting = {name for name, one in services.items() if "SSL_CERT_FILE" in one.get("environment", ())}
    assert trusting == {"own-desk", "own-desk-worker"}
