# SPDX-License-Identifier: Apache-2.0
"""Liveness and readiness: one says the process runs, the other that its neighbours answer."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ledger.halting import halt_reason
from sharing import backpressure

SEQUENCER_SILENT_SECONDS = 10


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and the sequencer was heard within ten seconds, else 503 with which.

    `clock` stands for a sequencer that halted for its clock; why is on the operator's page, not here.
    """
    failing = _failing()
    return JsonResponse({"ready": not failing, "failing": failing}, status=503 if failing else 200)


def _failing() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        silent = backpressure.sequencer_silence(timezone.now())
        is_halted = bool(halt_reason())
    except DatabaseError:
        return ["database"]
    if is_halted:
        return ["clock"]
    if silent is None or silent.total_seconds() > SEQUENCER_SILENT_SECONDS:
        return ["sequencer"]
    return []
