# SPDX-License-Identifier: Apache-2.0
"""Celery application, which only calls workers: rows in PostgreSQL are the work, and a lost message costs a sweep's delay."""

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
"""Priority that the desk-worker gives up where processes compete for the processor, as `nice` counts."""
_AUTOGROUP = Path("/proc/self/autogroup")


@worker_init.connect(weak=False)
def _give_way(**_: Any) -> None:
    """Lower the desk-worker's priority: it opens cards in advance, and people who wait for an answer, a receipt or a mail
    go first.
    """
    if os.environ.get("HUB_ROLE") != "desk-worker":
        return
    os.nice(GIVES_WAY_BY)
    # Linux may schedule by sessions; then only this value counts. It is set only for the process's own session.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            _AUTOGROUP.write_text(str(GIVES_WAY_BY))


@worker_init.connect(weak=False)
def _refuse_wrong_ring(**_: Any) -> None:
    """Exit for a wrong key ring: Celery logs an error of a signal's receiver and goes on, but obeys an exit."""
    from hub.ring import refuse_wrong_ring

    try:
        refuse_wrong_ring()
    except ImproperlyConfigured as refused:
        raise SystemExit(str(refused)) from None
