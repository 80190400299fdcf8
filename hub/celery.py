# SPDX-License-Identifier: Apache-2.0
"""Celery is the doorbell only: rows in PostgreSQL are the work, a lost message costs a sweep's delay."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_init
from django.core.exceptions import ImproperlyConfigured

from accord.hardening import forbid_core_dumps
from hub.liveness import acknowledge_promptly, show_heartbeats

forbid_core_dumps()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

app = Celery("hub", task_cls="hub.locked_worker:WaitsWhileLocked")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
show_heartbeats(app)
acknowledge_promptly(app)


GIVES_WAY_BY = 10
"""How far the desk-worker steps back where processes wait for the processor, as `nice` counts."""
_AUTOGROUP = Path("/proc/self/autogroup")


@worker_init.connect(weak=False)
def _give_way(**_: Any) -> None:
    """Cards are opened ahead of people: whoever waits for an answer, a receipt or a mail goes first."""
    if os.environ.get("HUB_ROLE") != "desk-worker":
        return
    os.nice(GIVES_WAY_BY)
    # Linux may weigh whole sessions against each other; then only what stands here counts. Ours alone is set.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            _AUTOGROUP.write_text(str(GIVES_WAY_BY))


@worker_init.connect(weak=False)
def _refuse_wrong_ring(**_: Any) -> None:
    """Celery logs what a signal's receiver raises and goes on; an exit is heard."""
    from hub.ring import refuse_wrong_ring

    try:
        refuse_wrong_ring()
    except ImproperlyConfigured as refused:
        raise SystemExit(str(refused)) from None
