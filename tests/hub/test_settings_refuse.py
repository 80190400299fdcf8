# SPDX-License-Identifier: Apache-2.0
"""A role starts with what it needs and with nothing it must not hold, or it does not start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PRODUCTION = {
    "HUB_ENV": "production",
    "HUB_URL": "https://hub.example",
    "ALLOWED_HOSTS": "hub.example",
    "DATABASE_URL": "postgres://app:x@db/accord",
    "REDIS_URL": "redis://redis/0",
    "LEDGER_VKEY": os.environ["LEDGER_VKEY"],
    "SECRET_KEY": "k" * 50,
    "API_PEPPER": "A" * 43,
    "TRUSTED_PROXIES": "none",
}
KEK = "k1:" + "A" * 43

REFUSALS = {
    "a blind role finds the vault's key ring": ("exchange", {"ACCORD_KEK": KEK}, "ACCORD_KEK"),
    "the worker finds the vault's key ring": ("worker", {"ACCORD_KEK": KEK}, "ACCORD_KEK"),
    "the desk finds the ledger's key": ("desk", {"ACCORD_KEK": KEK, "LEDGER_KEY": "x"}, "LEDGER_KEY"),
    "the exchange finds the owner's login": (
        "exchange",
        {"DATABASE_OWNER_URL": "postgres://o@db/x"},
        "OWNER",
    ),
    "an unknown role": ("everything", {}, "HUB_ROLE"),
    "an unknown environment": ("exchange", {"HUB_ENV": "staging"}, "HUB_ENV"),
    "a short secret key": ("exchange", {"SECRET_KEY": "short"}, "SECRET_KEY"),
    "no pepper": ("exchange", {"API_PEPPER": ""}, "API_PEPPER"),
    "a pepper of another length": ("exchange", {"API_PEPPER": "QUJD"}, "API_PEPPER"),
    "no hosts": ("exchange", {"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
    "no public address": ("exchange", {"HUB_URL": ""}, "HUB_URL"),
    "no verifier key of the ledger": ("exchange", {"LEDGER_VKEY": ""}, "LEDGER_VKEY"),
    "second factors left aside": ("desk", {"ACCORD_KEK": KEK, "MFA_DEMANDED": "no"}, "MFA_DEMANDED"),
    "no word about proxies": ("exchange", {"TRUSTED_PROXIES": ""}, "TRUSTED_PROXIES"),
    "proxies and none of them": (
        "desk",
        {"TRUSTED_PROXIES": "none,10.0.0.0/8", "ACCORD_KEK": KEK},
        "TRUSTED_PROXIES",
    ),
    "a proxy that is no network": ("exchange", {"TRUSTED_PROXIES": "the proxy"}, "TRUSTED_PROXIES"),
    "no broker": ("exchange", {"REDIS_URL": ""}, "REDIS_URL"),
}


def _start(
    role: str, changes: dict[str, str], script: str = "import django; django.setup()"
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **PRODUCTION, "HUB_ROLE": role, **changes}
    environment["DJANGO_SETTINGS_MODULE"] = "hub.settings"
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_exchange_starts_with_what_it_needs() -> None:
    outcome = _start("exchange", {})
    assert outcome.returncode == 0, outcome.stderr


def test_a_secret_file_may_end_with_a_line_end(tmp_path: Path) -> None:
    given = {}
    for name in ("API_PEPPER", "DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        (tmp_path / name).write_text(f"{PRODUCTION[name]}\n")
        given[f"{name}_FILE"] = str(tmp_path / name)
    script = (
        "from django.conf import settings as s; "
        "print([s.API_PEPPER, s.DATABASES['default']['NAME'], s.REDIS_URL, s.SECRET_KEY])"
    )
    outcome = _start("exchange", given, script)
    assert outcome.stdout.strip() == repr([bytes(32), "accord", "redis://redis/0", "k" * 50]), outcome.stderr


@pytest.mark.parametrize("case", sorted(REFUSALS))
def test_refuses_to_start_with(case: str) -> None:
    role, changes, named = REFUSALS[case]
    outcome = _start(role, changes)
    assert outcome.returncode != 0
    assert "ImproperlyConfigured" in outcome.stderr
    assert named in outcome.stderr.strip().splitlines()[-1]
