# SPDX-License-Identifier: Apache-2.0
"""Program of a process of one role: use all that the role serves, then print the uses and the loaded modules.

Called as `python tests/boundaries/boot_role.py API_KEY` with the role's own environment.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import django

from hub.roles import ROLES

SAMPLES = {"n": "0", "index": "0", "first": "0", "second": "0", "m": "0"}


OTHERS = {
    "exchange": frozenset(
        {
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
    ),
    "desk": frozenset({"agencies", "operators", "sharing"}),
}
"""Rooms that a half starts and works without: none of their modules can be imported in its processes."""


class WithoutTheOtherHalf(MetaPathFinder):
    """An import hook that refuses every module of the other half."""

    def __init__(self, half: str) -> None:
        self._half = half

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in OTHERS[self._half]:
            raise ModuleNotFoundError(f"no {fullname} in the {self._half} half", name=fullname)
        return None


def main() -> None:
    sys.meta_path.insert(0, WithoutTheOtherHalf(ROLES[os.environ["HUB_ROLE"]].half))
    django.setup()
    from django.conf import settings

    used = {
        "exchange": _call_every_address,
        "operator": _open_every_page,
        "exchange-worker": _run_every_task,
        "desk": _call_as_an_officer,
        "desk-worker": _run_every_task,
        "mailer": _run_every_task,
        "sequencer": _sequence_once,
    }[settings.HUB_ROLE]()
    sys.stdout.write(json.dumps({"used": used, "modules": sorted(sys.modules)}))


def _call_every_address() -> list[str]:
    from django.test import Client

    client = Client(headers={"authorization": f"Api-Key {sys.argv[1]}"}, raise_request_exception=False)
    return _call(client, _addresses())


def _call(client: Any, paths: Iterable[str]) -> list[str]:
    used = []
    for path in paths:
        for method in ("get", "post"):
            response = getattr(client, method)(path)
            # The exchange of this desk is not running.
            is_away = response.status_code == 503 and os.environ["HUB_ROLE"] == "desk"
            if response.status_code >= 500 and path not in {"/readyz", "/healthz"} and not is_away:
                raise SystemExit(f"{method} {path} answered {response.status_code}")
            used.append(f"{method} {path} {response.status_code}")
    return used


def _call_as_an_officer() -> list[str]:
    """Call every address in the officer's session that the test has made."""
    from django.conf import settings
    from django.test import Client

    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = sys.argv[1]
    return _call(client, [path for path in _addresses() if "sign-out" not in path and "log" not in path])


def _open_every_page() -> list[str]:
    """Open every page in the session of an operator, both written straight into the database."""
    import secrets

    from django.conf import settings
    from django.test import Client

    from callers import clock
    from operators.models import Operator, OperatorSession
    from operators.sessions import digest_of_cookie

    now, token = clock.now(), secrets.token_urlsafe(32)
    operator = Operator.objects.create(name="Noor Ashdene", is_active=True, invited_at=now)
    OperatorSession.objects.create(
        digest=digest_of_cookie(token), operator=operator, challenge="c", signed_in_at=now, seen_at=now
    )
    client = Client(raise_request_exception=False)
    client.cookies[settings.OPERATOR_COOKIE_NAME] = token
    return _call(client, [path for path in _addresses() if path != "/sign-out/"])


def _addresses() -> Iterator[str]:
    from django.urls import URLPattern, URLResolver, get_resolver

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: SAMPLES.get(found[1], "xa-lab"), route)

    yield from walk(get_resolver().url_patterns, "")


def _run_every_task() -> list[str]:
    from hub.celery import app

    app.loader.import_default_modules()
    # A role may know a task of another queue by an app that it has, but is never handed it.
    queue = ROLES[os.environ["HUB_ROLE"]].queue
    names = sorted(name for name, task in app.tasks.items() if _queue_of(task) == queue)
    for name in names:
        app.tasks[name].apply(throw=True)
    return names


def _queue_of(task: Any) -> str | None:
    """The task's queue; a task of the desk-worker names none, since that is the default where it runs."""
    ours = task.name.partition(".")[0] in {
        "alerts",
        "casework",
        "officers",
        "reciprocity",
        "science",
        "vault",
    }
    return getattr(task, "queue", None) or ("desk" if ours else None)


def _sequence_once() -> list[str]:
    from django.conf import settings
    from django.utils import timezone

    from accord.envelope.private import LedgerKey
    from hub.management.commands import run_sequencer
    from hub.settings import take_secret
    from ledger.leadership import lead
    from ledger.sequencer import sequence_batch
    from sharing.numbering import number_covered

    state_dir = Path(settings.LEDGER_STATE_DIR)
    key = LedgerKey.from_text(take_secret("LEDGER_KEY"))
    with lead(state_dir) as leadership:
        outcome = sequence_batch(timezone.now(), key, state_dir, number_covered, leadership=leadership)
    return [f"checkpoint {outcome.size} of {run_sequencer.__name__}"]


if __name__ == "__main__":
    main()
