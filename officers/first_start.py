# SPDX-License-Identifier: Apache-2.0
"""First start of an own desk: whoever has the one-time code from the console makes the first keeper.

- It is closed for good once a keeper has a second factor: then no code makes a keeper here any more.
- The code is drawn anew at each start of the desk, or by a command for whoever has a shell. The file `FIRST_START_FILE`
  holds only its digest (SHA-256, hex).
"""

import hmac
import os
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from callers.capabilities import Role
from callers.errors import AbsentError, InputError
from callers.start_code import draw_start_code, start_code_digest
from officers.accounts import enrol_keeper, replace_keeper
from officers.models import Officer
from officers.operating import INSTALLER

CLOSED: Final = "first-start-closed"
"""File beside the code's from which the program that starts the desk learns that no code is needed any more."""
_LOCK: Final = 0x66697273


def is_first_start() -> bool:
    """Tell whether the desk waits for its first keeper, or for that keeper's second factor."""
    return _digest() != "" and not _closed_file().exists() and not _has_proven_keeper()


def has_keeper() -> bool:
    """Tell whether there is a keeper, with or without a second factor."""
    return _keepers().exists()


@sensitive_variables("code")
def draw_code() -> str:
    """Draw the code that counts from now on, keep its digest, and return it to be shown once.

    Raises AbsentError where the first start is over, and at a desk that has none.
    """
    if not _has_place() or _closed_file().exists() or _has_proven_keeper():
        raise AbsentError
    code = draw_start_code()
    path = Path(settings.FIRST_START_FILE)
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{start_code_digest(code)}\n")
    unfinished.replace(path)
    return code


@sensitive_variables("code")
def check_code(code: str) -> None:
    """Raise InputError (`code`) for a wrong code, AbsentError where the first start is over."""
    if not is_first_start():
        raise AbsentError
    if not hmac.compare_digest(start_code_digest(code), _digest()):
        raise InputError(
            "code",
            _("Code: it is not the one that the console shows. It changes each time the desk is started."),
        )


@sensitive_variables("code", "password")
def make_first_keeper(code: str, *, email: str, full_name: str, password: str, now: datetime) -> Officer:
    """Make the first keeper, or replace one without a second factor. Raises as `check_code`, InputError."""
    check_code(code)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Of two people at the same time the second finds what the first has made.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if not is_first_start():
            raise AbsentError
        for before in _keepers().select_for_update():
            if before.factors:
                raise AbsentError
            # Otherwise an account would remain of which nobody knows later.
            replace_keeper(INSTALLER, before, now=now)
        return enrol_keeper(INSTALLER, email=email, full_name=full_name, password=password, now=now)


def close_first_start() -> None:
    """Note beside the code's file that the first start is over, once a keeper has a second factor; may be repeated."""
    if _digest() and not _closed_file().exists() and _has_proven_keeper():
        _closed_file().touch(mode=0o600)


def _digest() -> str:
    """Return the digest of the present code; empty where there is none."""
    if not _has_place():
        return ""
    try:
        return Path(settings.FIRST_START_FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


def _has_place() -> bool:
    return bool(settings.OWN_DESK and settings.FIRST_START_FILE)


def _closed_file() -> Path:
    return Path(settings.FIRST_START_FILE).with_name(CLOSED)


def _keepers() -> QuerySet[Officer]:
    return Officer.objects.filter(agency=None, is_active=True, roles__contains=[Role.KEEPER.value])


def _has_proven_keeper() -> bool:
    return _keepers().exclude(factors=[]).exists()
