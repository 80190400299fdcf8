# SPDX-License-Identifier: Apache-2.0
"""JSON log lines without local variables: the content of a frame never reaches a log.

What an unknown caller's request makes the framework log (a foreign host, an invalid form) is one short line for each
kind and minute, without a traceback and without the caller's text: nobody can fill the disk or the log by requests.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import structlog

_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
]


REFUSALS_EVERY_SECS: Final = 60.0


class BriefRefusals(logging.Filter):
    """Filter that passes one line of each kind a minute, which says how many came since the last one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._passed: dict[str, tuple[float, int]] = {}
        """By kind, of which there are as many as classes of refusals: when the last one passed, how many were dropped since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is written; it then names its kind and nothing else."""
        kind, at = record.name.rpartition(".")[2], self._clock()
        with self._lock:
            passed_at, held = self._passed.get(kind, (float("-inf"), 0))
            if at - passed_at < REFUSALS_EVERY_SECS:
                self._passed[kind] = (passed_at, held + 1)
                return False
            self._passed[kind] = (at, 0)
        record.msg, record.args = "request refused: %s, and %d more since the last line", (kind, held)
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def logging_settings(development: bool) -> dict[str, Any]:
    """Return Django's LOGGING: one JSON line for each event, tracebacks without locals, in every environment."""
    tracebacks = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    structlog.configure(
        processors=[*_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _PROCESSORS,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    tracebacks,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "filters": {"brief": {"()": BriefRefusals}},
        "handlers": {
            "lines": {"class": "logging.StreamHandler", "formatter": "json"},
            "refusals": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["brief"]},
        },
        "root": {"handlers": ["lines"], "level": "INFO" if development else "WARNING"},
        "loggers": {
            "django.server": {"handlers": ["lines"], "level": "WARNING", "propagate": False},
            "django.request": {"level": "ERROR"},
            "django.security": {"handlers": ["refusals"], "propagate": False},
            "celery": {"level": "WARNING"},
            # Who leads and who waits is logged in production, too.
            "ledger.running": {"level": "INFO"},
            # It would name the credential at each use.
            "fido2": {"level": "WARNING"},
            "mail.log": {"level": "WARNING"},
        },
    }
