# SPDX-License-Identifier: Apache-2.0
"""A role starts only with all that it needs and nothing that it must not hold."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from devtool.environments import secret_files
from hub.roles import ROLES, SECRETS

ROOT = Path(__file__).resolve().parents[2]

PRODUCTION = {
    "HUB_ENV": "production",
    "HUB_URL": "https://hub.example",
    "ALLOWED_HOSTS": "hub.example",
    "DATABASE_URL": "postgres://{login}:x@db/accord",
    "REDIS_URL": "redis://{login}:x@redis/0",
    "LEDGER_VKEY": os.environ["LEDGER_VKEY"],
    "EXCHANGE_LEDGER_VKEY": os.environ["EXCHANGE_LEDGER_VKEY"],
    "SECRET_KEY": "k" * 50,
    "API_PEPPER": "A" * 43,
    "TRUSTED_PROXIES": "none",
    "SPOOL_DIR": "/var/spool/accord",
}
KEK = "k1:" + "A" * 43
SOUND = {
    "ACCORD_KEK": KEK,
    "EMAIL_URL": "smtp://mail:25",
    "LEDGER_KEY": "never read",
    "DATABASE_OWNER_URL": "postgres://accord_owner:x@db/accord",
}
"""Other settings of roles; each start is given those of its role."""

Start = Callable[..., "subprocess.CompletedProcess[str]"]

REFUSALS = {
    "a blind role finds the vault's key ring": ("exchange", {"ACCORD_KEK": KEK}, "ACCORD_KEK"),
    "the mailer finds the vault's key ring": ("mailer", {"ACCORD_KEK": KEK}, "ACCORD_KEK"),
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
    "an exchange that is called in the open": (
        "desk-worker",
        {"ACCORD_KEK": KEK, "EXCHANGE_URL": "http://exchange.example"},
        "EXCHANGE_URL",
    ),
    "a proxy whose address names a user": (
        "desk",
        {"ACCORD_KEK": KEK, "EXCHANGE_PROXY": "http://me:pw@proxy.example:3128"},
        "EXCHANGE_PROXY: The proxy's address names a user.",
    ),
    "a proxy's login that is none": (
        "desk-worker",
        {
            "ACCORD_KEK": KEK,
            "EXCHANGE_PROXY": "http://proxy.example:3128",
            "EXCHANGE_PROXY_LOGIN": "no colon",
        },
        "EXCHANGE_PROXY: The proxy's login",
    ),
    "a login and no proxy": ("desk", {"ACCORD_KEK": KEK, "EXCHANGE_PROXY_LOGIN": "a:b"}, "EXCHANGE_PROXY"),
    "no address of the exchange": ("operator", {"EXCHANGE_URL": ""}, "EXCHANGE_URL"),
    "no address of the exchange at a hosted desk": (
        "desk",
        {"ACCORD_KEK": KEK, "EXCHANGE_URL": ""},
        "EXCHANGE_URL",
    ),
    "no verifier key of the ledger": ("exchange", {"LEDGER_VKEY": ""}, "LEDGER_VKEY"),
    "no verifier key of the exchange's ledger at a desk": (
        "desk",
        {"ACCORD_KEK": KEK, "EXCHANGE_LEDGER_VKEY": ""},
        "EXCHANGE_LEDGER_VKEY",
    ),
    "no verifier key of a desk's own ledger": (
        "desk-sequencer",
        {"LEDGER_KEY": "never read", "LEDGER_VKEY": ""},
        "LEDGER_VKEY",
    ),
    "a locked ring and one that lies open": (
        "desk",
        {
            "ACCORD_KEK": KEK,
            "ACCORD_KEK_LOCKED_FILE": "/etc/ring.locked",
            "ACCORD_KEK_OPENED_FILE": "/dev/shm/ring",  # noqa: S108 - never written
        },
        "both set",
    ),
    "a locked ring that would be opened on a disk": (
        "desk-worker",
        {"ACCORD_KEK_LOCKED_FILE": "/etc/ring.locked", "ACCORD_KEK_OPENED_FILE": "/etc/ring"},
        "ACCORD_KEK_OPENED_FILE",
    ),
    "a locked ring and no place for the opened one": (
        "desk",
        {"ACCORD_KEK_LOCKED_FILE": "/etc/ring.locked"},
        "ACCORD_KEK_OPENED_FILE",
    ),
    "time moved": ("desk", {"ACCORD_KEK": KEK, "CLOCK_OFFSET_SECONDS": "86400"}, "CLOCK_OFFSET_SECONDS"),
    "second factors left aside": ("desk", {"ACCORD_KEK": KEK, "MFA_DEMANDED": "no"}, "MFA_DEMANDED"),
    "invented countries": (
        "desk",
        {"ACCORD_KEK": KEK, "INVENTED_COUNTRIES": "countries.json"},
        "INVENTED_COUNTRIES",
    ),
    "no word about proxies": ("exchange", {"TRUSTED_PROXIES": ""}, "TRUSTED_PROXIES"),
    "proxies and none of them": (
        "desk",
        {"TRUSTED_PROXIES": "none,10.0.0.0/8", "ACCORD_KEK": KEK},
        "TRUSTED_PROXIES",
    ),
    "a proxy that is no network": ("exchange", {"TRUSTED_PROXIES": "the proxy"}, "TRUSTED_PROXIES"),
    "no place for uploads": ("exchange", {"SPOOL_DIR": ""}, "SPOOL_DIR"),
    "no room for an upload": ("exchange", {"SPOOL_MIB": "100"}, "SPOOL_MIB"),
    "a place for metrics without a port": ("exchange", {"METRICS_LISTEN": "9100"}, "METRICS_LISTEN"),
    "a feed that is asked for without a pause": ("desk-beat", {"FOLLOW_SECONDS": "0.5"}, "FOLLOW_SECONDS"),
    "a feed that is hardly asked for": (
        "desk",
        {"ACCORD_KEK": KEK, "FOLLOW_SECONDS": "61"},
        "FOLLOW_SECONDS",
    ),
    "a sweep that is no number": ("exchange-beat", {"SWEEP_SECONDS": "nan"}, "SWEEP_SECONDS"),
    "no broker": ("exchange", {"REDIS_URL": ""}, "REDIS_URL"),
    "another role's database login": (
        "exchange",
        {"DATABASE_URL": "postgres://accord_desk:x@db/accord"},
        "works under accord_exchange and no other",
    ),
    "the owner's login": (
        "desk",
        {"ACCORD_KEK": KEK, "DATABASE_URL": "postgres://accord_owner:x@db/accord"},
        "works under accord_desk and no other",
    ),
    "a database login of no name": ("mailer", {"DATABASE_URL": "postgres://db/accord"}, "DATABASE_URL"),
    "another role's broker login": (
        "mailer",
        {"REDIS_URL": "redis://accord_desk:x@redis/0"},
        "works under accord_mailer and no other",
    ),
}


FORKING = """
import json, os, sys, traceback
import celery.app, celery.schedules, django, django.core.checks, environ, psycopg, structlog

def play(order):
    for number, name in enumerate(("stdout", "stderr"), start=1):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ.clear()
    os.environ.update(order["environment"])
    try:
        exec(order["script"], {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
    return 0

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os._exit(play(json.loads(line)))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""An interpreter that has imported the libraries, but nothing of the hub, and forks for each start: imports take most of it."""


@pytest.fixture(scope="module")
def interpreter() -> Generator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", FORKING],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def start(tmp_path: Path, interpreter: "subprocess.Popen[str]") -> Start:
    def begin(
        role: str, changes: dict[str, str], script: str = "import django; django.setup()", **bare: str
    ) -> subprocess.CompletedProcess[str]:
        """Start a role with its secrets as files, and those in `bare` as variables."""
        login = (ROLES[role].broker_login or ROLES[role].login) if role in ROLES else ""
        given = {name: value.replace("{login}", login) for name, value in {**PRODUCTION, **changes}.items()}
        wanted = {*changes, *(ROLES[role].secrets if role in ROLES else ())}
        secrets = {name: given.pop(name) for name in sorted(SECRETS & given.keys())}
        secrets = {name: value for name, value in secrets.items() if name in wanted}
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "hub.settings",
            "HUB_ROLE": role,
            **secret_files(tmp_path / "secrets", secrets),
            **given,
        }
        for name in bare:
            environment.pop(f"{name}_FILE", None)
        said = {name: tmp_path / name for name in ("stdout", "stderr")}
        order = {"script": script, "environment": environment | bare, **{n: str(p) for n, p in said.items()}}
        assert interpreter.stdin and interpreter.stdout
        print(json.dumps(order), file=interpreter.stdin, flush=True)
        code = int(interpreter.stdout.readline())
        return subprocess.CompletedProcess(script, code, *(path.read_text() for path in said.values()))

    return begin


def test_the_exchange_starts_with_what_it_needs(start: Start) -> None:
    outcome = start("exchange", {})
    assert outcome.returncode == 0, outcome.stderr


HOLDERS = {name: role.name for role in ROLES.values() for name in role.secrets}
"""A role by each secret that it holds."""


@pytest.mark.parametrize(("name", "role"), sorted(HOLDERS.items()))
def test_a_secret_that_comes_as_a_variable_is_refused_by_its_name(start: Start, role: str, name: str) -> None:
    held = {other: value for other, value in SOUND.items() if other in ROLES[role].secrets}
    outcome = start(role, held, **{name: "of whatever value"})
    assert outcome.returncode != 0
    assert f"{name} came as a variable" in outcome.stderr
    assert "of whatever value" not in outcome.stderr


def test_a_secret_may_come_by_a_descriptor(start: Start, tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.write_text("k" * 50)
    script = (
        "import os; fd = os.open(os.environ.pop('HELD'), os.O_RDONLY);"
        " os.environ['SECRET_KEY_FILE'] = f'/dev/fd/{fd}';"
        " from django.conf import settings as s; print(s.SECRET_KEY == 'k' * 50)"
    )
    outcome = start("exchange", {"HELD": str(held)}, script)
    assert outcome.stdout.strip() == "True", outcome.stderr


def test_a_secret_file_that_cannot_be_read_is_named(start: Start) -> None:
    outcome = start("exchange", {"SECRET_KEY_FILE": "/nonexistent/secret_key", "SECRET_KEY": ""})
    assert outcome.returncode != 0
    assert "SECRET_KEY_FILE" in outcome.stderr.strip().splitlines()[-1]


def test_a_secret_file_may_end_with_a_line_end(start: Start) -> None:
    script = (
        "from django.conf import settings as s; "
        "print([s.API_PEPPER, s.DATABASES['default']['NAME'], s.REDIS_URL, s.SECRET_KEY])"
    )
    outcome = start("exchange", {}, script)
    broker = "redis://accord_exchange:x@redis/0"
    assert outcome.stdout.strip() == repr([bytes(32), "accord", broker, "k" * 50]), outcome.stderr


@pytest.mark.parametrize("case", sorted(REFUSALS))
def test_refuses_to_start_with(start: Start, case: str) -> None:
    role, changes, named = REFUSALS[case]
    outcome = start(role, changes)
    assert outcome.returncode != 0
    assert "ImproperlyConfigured" in outcome.stderr
    assert named in outcome.stderr.strip().splitlines()[-1]
