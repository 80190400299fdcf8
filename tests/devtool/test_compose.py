# SPDX-License-Identifier: Apache-2.0
"""The production stack as the compose client understands it: hardened, and each role with its own secrets only."""

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest

from devtool.environments import ROOT
from hub.broker import users
from hub.middleware import LARGEST_REQUEST_BYTES
from hub.roles import BROKER_LOGINS, GUARDED_SECRETS, LOGINS, ROLES

REQUIRED = {
    "HUB_URL": "https://hub.example",
    "EXCHANGE_URL": "https://exchange.example",
    "OPERATOR_URL": "https://operator.example:8443",
    "OPERATOR_HOST": "operator.example",
    "ALLOWED_HOSTS": "hub.example",
    "LEDGER_VKEY": "hub.example/log+00000000+AQ",
    "MAIL_FROM": "accord@hub.example",
}
BASE_FILES = ("docker-compose.yml",)
WITH_PROXY = (*BASE_FILES, "deploy/compose.proxy.yml")
WITH_DRILL = (*WITH_PROXY, "deploy/drill/compose.yml")
PROXY_NAMES = {"HUB_HOST": "hub.example", "EXCHANGE_HOST": "exchange.example"}
ROLE_SERVICES = (
    *("desk", "desk-worker", "mailer", "desk-beat"),
    *("exchange", "operator", "exchange-worker", "sequencer", "exchange-beat", "migrate"),
)
BEATS = ("desk-beat", "exchange-beat")
HOLDERS = {
    "accord_kek": {"desk", "desk-worker"},
    "ledger_key": {"sequencer"},
    "database_owner_url": {"migrate"},
    "api_pepper": {"desk", "exchange", "operator"},
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
    *arguments: str, given: dict[str, str], files: tuple[str, ...] = BASE_FILES
) -> subprocess.CompletedProcess[str]:
    client = _client()
    if client is None:
        message = "No compose client was found: `apt-get install docker-compose` brings one."
        if "CI" in os.environ:
            pytest.fail(message)
        pytest.skip(message)
    named = [part for name in files for part in ("--file", str(ROOT / name))]
    command = [*client, *named, "--profile", "demo", "config", *arguments]
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **given}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    outcome = _config("--format", "json", given=REQUIRED)
    assert outcome.returncode == 0, outcome.stderr
    return dict(json.loads(outcome.stdout)["services"])


@pytest.fixture(scope="module")
def behind_proxy() -> dict[str, Any]:
    outcome = _config("--format", "json", given={**REQUIRED, **PROXY_NAMES}, files=WITH_PROXY)
    assert outcome.returncode == 0, outcome.stderr
    return dict(json.loads(outcome.stdout))


def _secrets_of(service: dict[str, Any]) -> set[str]:
    return {entry["source"] for entry in service.get("secrets", [])}


def test_the_file_is_sound() -> None:
    assert _config("--quiet", given=REQUIRED).returncode == 0


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_missing_setting_stops_it(name: str) -> None:
    outcome = _config("--quiet", given={key: value for key, value in REQUIRED.items() if key != name})
    assert outcome.returncode != 0
    assert name in outcome.stderr


def test_every_role_is_a_service(services: dict[str, Any]) -> None:
    assert set(ROLE_SERVICES) == set(ROLES)
    assert set(ROLE_SERVICES) <= set(services)
    assert all(services[name]["environment"]["HUB_ROLE"] == name for name in ROLE_SERVICES)
    assert all(services[name]["environment"]["HUB_ENV"] == "production" for name in ROLE_SERVICES)


def test_every_service_is_hardened(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"] not in ("", "0", "0:0", "root"), name
        assert not service.get("privileged"), name


def test_the_hubs_own_services_run_as_one_user_with_a_small_scratch_folder(services: dict[str, Any]) -> None:
    for name in ROLE_SERVICES:
        assert services[name]["user"] == "10001:10001", name
        assert "noexec" in services[name]["tmpfs"][0], name
        assert services[name]["init"] is True, name


def test_every_lasting_service_has_a_health_check(services: dict[str, Any]) -> None:
    for name, service in services.items():
        disabled = service.get("healthcheck", {"disable": True}).get("disable", False)
        assert disabled == (name == "migrate"), name


@pytest.mark.parametrize("secret", sorted(HOLDERS))
def test_a_secret_reaches_its_holders_only(secret: str, services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if secret in _secrets_of(service)} == HOLDERS[secret]


def test_secrets_come_as_files_and_never_as_values(services: dict[str, Any]) -> None:
    guarded = {*GUARDED_SECRETS, "SECRET_KEY", "API_PEPPER", "DATABASE_URL", "EMAIL_URL", "REDIS_URL"}
    for name in ROLE_SERVICES:
        assert not guarded & set(services[name]["environment"]), name


def test_no_beat_can_reach_the_database_and_the_database_cannot_reach_out(services: dict[str, Any]) -> None:
    for beat in BEATS:
        assert set(services[beat]["networks"]).isdisjoint(services["db"]["networks"])
    assert set(services["db"]["networks"]) == {"data"}
    assert set(services["redis"]["networks"]) == {"bell"}


def test_only_loopback_ports_are_published(services: dict[str, Any]) -> None:
    published = [(name, port) for name, service in services.items() for port in service.get("ports", [])]
    assert {name for name, _ in published} == {"desk", "exchange", "operator", "mailpit"}
    assert all(port["host_ip"] == "127.0.0.1" for _, port in published)


def test_one_beat_a_half_and_two_sequencers_on_one_state_volume(services: dict[str, Any]) -> None:
    assert [services[beat]["deploy"]["replicas"] for beat in BEATS] == [1, 1]
    assert services["sequencer"]["deploy"]["replicas"] == 2
    assert [volume["source"] for volume in services["sequencer"]["volumes"]] == ["ledger"]


def test_workers_consume_only_their_queue(services: dict[str, Any]) -> None:
    workers = [role for role in ROLES.values() if role.queue]
    assert len(workers) == 3
    for role in workers:
        assert f"--queues={role.queue}" in services[role.name]["command"]


def test_the_image_is_made_of_the_production_lock_only() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "requirements.txt" in dockerfile
    assert "requirements-embedded" not in dockerfile
    assert "requirements-dev" not in dockerfile
    assert "--require-hashes --only-binary=:all:" in dockerfile
    assert "USER 10001:10001" in dockerfile


def test_the_image_holds_neither_demonstration_nor_tests() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert not let_in & {"demo", "tests", "devtool", "benchmarks", ".dev", ".git"}
    assert {
        "hub",
        "accord",
        "agencies",
        "alerts",
        "callers",
        "ledger",
        "notices",
        "officers",
        "operators",
        "peers",
        "sharing",
        "vault",
        "manage.py",
        "requirements.txt",
    } <= let_in


def test_the_proxy_is_hardened_and_holds_the_certificate_only(behind_proxy: dict[str, Any]) -> None:
    proxy = behind_proxy["services"]["proxy"]
    assert proxy["read_only"] is True
    assert proxy["cap_drop"] == ["ALL"]
    assert proxy["security_opt"] == ["no-new-privileges:true"]
    assert proxy["user"].split(":")[0] != "0"
    assert _secrets_of(proxy) == {"tls_certificate", "tls_key"}
    assert set(proxy["networks"]) == {"front"}


def test_what_the_drill_adds_is_sound() -> None:
    outcome = _config(
        "--quiet", given={**REQUIRED, **PROXY_NAMES, "DRILL_DIR": "/nonexistent"}, files=WITH_DRILL
    )
    assert outcome.returncode == 0, outcome.stderr


def test_only_the_proxy_is_believed_about_who_calls(behind_proxy: dict[str, Any]) -> None:
    services = behind_proxy["services"]
    address = services["proxy"]["networks"]["front"]["ipv4_address"]
    trusting = {
        name: service["environment"]["TRUSTED_PROXIES"]
        for name, service in services.items()
        if "TRUSTED_PROXIES" in service.get("environment", {})
    }
    assert trusting == dict.fromkeys(("desk", "exchange", "operator"), f"{address}/32")


def test_no_setting_is_text_that_a_closed_container_would_have_to_take(behind_proxy: dict[str, Any]) -> None:
    assert all("content" not in given and "file" in given for given in behind_proxy["configs"].values())


def test_the_proxy_takes_a_little_more_than_the_hub() -> None:
    written = (ROOT / "deploy" / "proxy" / "nginx.conf.in").read_text()
    limit = re.search(r"client_max_body_size (\d+)m;", written)
    assert limit is not None
    assert LARGEST_REQUEST_BYTES < int(limit[1]) * 1024 * 1024 <= LARGEST_REQUEST_BYTES + 1024 * 1024


def test_the_brokers_users_may_do_what_the_hub_declares() -> None:
    written = (ROOT / "deploy" / "broker" / "users.acl").read_text().splitlines()
    assert dict(line.split(" ", 1) for line in written) == users()
