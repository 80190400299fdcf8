# SPDX-License-Identifier: Apache-2.0
"""Three health checks at three addresses: this process lives; it can take requests; the whole half does its work.

A balancer uses the second and takes out a process that fails it. It must therefore not include what would fail in all
processes at once while they can still serve: a silent sequencer belongs to the third, since intake goes on without it.
"""

import threading
import time
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accord.version import VERSION
from callers import clock
from callers.binding import has_maker
from hub import faults, halves
from hub.lock import is_locked
from ledger.halting import halt_reason
from ledger.proofs import pending_since

SEQUENCER_SILENT: Final = timedelta(seconds=10)
ORDER: Final = ("sequencer", "clock", "desk", "contacts", "policy")
LOOKED_AT_EVERY_SECS: Final = 10.0


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process runs; queries nothing."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while this process can take requests, else 503 with the reasons: `locked`, `database`, `migrations`, `storage`.

    `locked`: the desk's key ring is locked at rest, and nobody has opened it since the machine started.
    """
    failing = _faults_of_process()
    return JsonResponse({"ready": not failing, "failing": failing}, status=503 if failing else 200)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while this half does its work, else 503 with what fails: the reasons of `readyz`, `sequencer`, `clock`, and its
    own.

    - The exchange's: `contacts`, a mail to an agency's contact point that has waited two minutes for the
      exchange-worker or the mail server.
    - The desk's: `desk`, a feed that has waited as long for the desk-worker, and `policy`, an agency's policy, or its
      entry in the desk's directory, that was altered outside the program; only a process with the key-encryption key
      can tell.
    - `clock`: a sequencer that halted because of its clock; the cause is on the operator's page, not here.
    """
    failing = _faults_of_process()
    if "database" not in failing:
        failing += _faults_of_hub()
    said = {"healthy": not failing, "failing": failing, "version": VERSION}
    return JsonResponse(said, status=503 if failing else 200)


def _faults_of_process() -> list[str]:
    return [*(["locked"] if is_locked() else []), *_faults_of_storage()]


def _faults_of_storage() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        waits = MIGRATIONS.are_pending()
    except DatabaseError:
        return ["database"]
    return [*(["migrations"] if waits else []), *(["storage"] if faults.STORAGE.is_lately() else [])]


def _faults_of_hub() -> list[str]:
    try:
        now = clock.now()
        found = _of_the_exchange(now) if halves.is_of_the_exchange() else _of_the_desk(now)
        if halt_reason():
            found = {**found, "sequencer": False, "clock": True}
    except DatabaseError:
        return ["database"]
    return [name for name in ORDER if found.get(name)]


def _of_the_exchange(now: datetime) -> dict[str, bool]:
    from sharing.backpressure import sequencer_silence
    from sharing.waiting import late_since

    silence = sequencer_silence(now)
    return {
        "sequencer": silence is None or silence > SEQUENCER_SILENT,
        "contacts": late_since(now=now) is not None,
    }


def _of_the_desk(now: datetime) -> dict[str, bool]:
    """Return the desk's own checks; it notices a silent sequencer only because its own entries stay without a place."""
    from peers.progress import desk_depth

    waits_since = pending_since()
    return {
        "sequencer": waits_since is not None and now - waits_since > SEQUENCER_SILENT,
        "desk": desk_depth().is_late(now),
        "policy": POLICIES.are_altered(),
    }


class Migrations:
    """Check whether this code waits for a migration. Once none is pending none becomes so without new code and a new process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._are_pending = True
        self._looked_at = float("-inf")

    def are_pending(self) -> bool:
        """Tell whether a migration is pending; looked up at most every ten seconds, since anybody may ask. Raises DatabaseError."""
        with self._lock:
            if self._are_pending and time.monotonic() - self._looked_at >= LOOKED_AT_EVERY_SECS:
                executor = MigrationExecutor(connection)
                self._are_pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
                self._looked_at = time.monotonic()
            return self._are_pending


class Policies:
    """Check whether an agency's policy or entry was altered outside the program."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._are_altered = False
        self._looked_at = float("-inf")

    def are_altered(self) -> bool:
        """Tell whether a row was altered; looked up at most every ten seconds, since anybody may ask. Raises DatabaseError."""
        with self._lock:
            if time.monotonic() - self._looked_at >= LOOKED_AT_EVERY_SECS:
                self._are_altered = _are_policies_altered()
                self._looked_at = time.monotonic()
            return self._are_altered


def _are_policies_altered() -> bool:
    """Tell whether a row was altered; only a process with the key-encryption key can."""
    if not has_maker() or is_locked():
        return False
    from officers.policy_in_force import altered_policies
    from peers.entries import altered_agencies

    return bool(altered_policies() or altered_agencies())


MIGRATIONS: Final = Migrations()
POLICIES: Final = Policies()
