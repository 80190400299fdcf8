# SPDX-License-Identifier: Apache-2.0
"""Record of the questions to the science core, in the home: one line a question, written before the answer.

It holds the time, the verb, the number of substances, the case and the officer; never a structure, a name or a spectrum.
Several at once need a case.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from accord.cli.showing import moment
from accord.client.errors import RequestError
from accord.privatefiles import FileExposedError, PrivateFileError, make_private_folder

FILE: Final = "questions.jsonl"
AT_ONCE: Final = 50
PARTS_WITHOUT_CASE: Final = 4
"""Most components of one structure without a case: more are several questions in one."""
MAX_CASE_CHARS: Final = 120

_ADD = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


def record_question(
    home: Path, verb: str, *, count: int, own: int = 0, case: str | None, officer: str | None, now: int
) -> None:
    """Record the question; `now` in seconds. Raises RequestError for too many or no case, PrivateFileError.

    `own` structures that are compared count as questions too, and need a case.
    """
    case = (case or "").strip()
    if not 1 <= count <= AT_ONCE:
        raise RequestError(f"Ask about 1 to {AT_ONCE} at once; these are {count}.")
    if count + own > 1 and not case:
        raise RequestError("Several at once are asked for a case only: name it with --case.")
    if len(case) > MAX_CASE_CHARS or not case.isprintable():
        raise RequestError(f"The case is named in at most {MAX_CASE_CHARS} plain characters.")
    line = {"at": moment(now), "verb": verb, "count": count + own, "case": case, "officer": officer or ""}
    _append(home / FILE, line)


def _append(path: Path, line: dict[str, Any]) -> None:
    make_private_folder(path.parent)
    try:
        descriptor = os.open(path, _ADD, 0o600)
    except OSError as exc:
        raise PrivateFileError(
            path, f"{path} cannot be written, so nothing was asked: {exc.strerror}."
        ) from exc
    try:
        if os.fstat(descriptor).st_mode & 0o077:
            raise FileExposedError(path, f"Others may read or write {path}. Run: chmod 600 {path}")
        os.write(descriptor, f"{json.dumps(line)}\n".encode())
        os.fsync(descriptor)
    except OSError as exc:
        raise PrivateFileError(
            path, f"{path} cannot be written, so nothing was asked: {exc.strerror}."
        ) from exc
    finally:
        os.close(descriptor)
