# SPDX-License-Identifier: Apache-2.0
"""Bundle for a person who helps: settings, health, counts, the end of the logs, and no names.

- Names, addresses, keys and digests are replaced (`desk.keeper.masking`).
- Of a log line in JSON only the program's own text is kept, of an error its kind and places and never its message; of
  any other line nothing in quotation marks.
- A part that cannot be read says so, and the rest is gathered all the same, since a desk that needs help is often half
  broken.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from alerts.receiving.signature_state import utc_text
from callers.actors import SystemActor
from callers.capabilities import Capability
from callers.errors import NotBoundError
from desk.keeper.health import health
from desk.keeper.masking import LEFT_OUT, Masks
from desk.keeper.settings_report import as_text, settings_report
from officers.entering import entries
from officers.models import Officer
from peers.models import Agency
from peers.own_exchange import known_exchange
from vault.errors import VaultError

HELPER: Final = SystemActor("support", None, frozenset({Capability.DESK_KEEP, Capability.AUDIT_READ}))
"""Actor with a shell on the desk; it reads what the keeper may, and changes nothing."""
LARGEST_TAIL_BYTES: Final = 1024 * 1024
LONGEST_LINE: Final = 2000
KEPT_OF_JSON: Final = ("timestamp", "level", "logger", "event")
_SHORTEST_NAME: Final = 3
_OF_THE_DATABASE: Final = ("DETAIL:", "STATEMENT:", "CONTEXT:", "HINT:", "QUERY:")
"""Labels in lines of the database's log that may repeat values of rows."""


def support_bundle(logs: Path | None, *, lines: int, now: datetime) -> Iterator[str]:
    """Yield the whole text, line by line without line ends; of each log file in the folder the last `lines`.

    Raises DatabaseError where the names to be replaced cannot be read, OSError where the logs cannot.
    """
    masks = Masks(_names())
    yield f"Accord support bundle, {utc_text(now)} UTC"
    yield "Names, addresses, keys and digests are replaced. Read it before you hand it on."
    parts = {"Settings": _settings, "Health": _health, "Rows": _rows}
    for title, part in parts.items():
        yield from ("", f"== {title}")
        yield from (masks.masked(line, quoted=True) for line in _or_why_not(part, now))
    for path in _log_files(logs):
        yield from ("", f"== The last lines of {masks.masked(path.name)}")
        yield from (log_line(line, masks) for line in _tail(path, lines))


def log_line(line: str, masks: Masks) -> str:
    """Return one line of a log as it may be shown."""
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return masks.masked(_without_values(line))[:LONGEST_LINE]
    kept = [str(said[name]) for name in KEPT_OF_JSON if name in said]
    return masks.masked(" ".join((*kept, *_places(said.get("exception"))))[: 2 * LONGEST_LINE])[:LONGEST_LINE]


def _places(errors: Any) -> Iterator[str]:
    """Yield the kind of each error, and of those in its group, and where it was raised (`hub.logs`); never its message."""
    for error in errors if isinstance(errors, list) else ():
        if not isinstance(error, dict):
            continue
        frames = [frame for frame in error.get("frames") or () if isinstance(frame, dict)]
        places = [
            f"{frame.get('filename')}:{frame.get('lineno')} in {frame.get('name')}" for frame in frames[-3:]
        ]
        yield f"| {error.get('exc_type')} at {', '.join(places) or '?'}"
        for members in error.get("exceptions") or ():
            yield from _places(members)


def _without_values(line: str) -> str:
    """Return a line that is not JSON without what may repeat a row: the database's details, an error's message."""
    for label in _OF_THE_DATABASE:
        before, found, _values = line.partition(label)
        if found:
            return f"{before}{label} {LEFT_OUT}"
    kind, colon, _words = line.partition(": ")
    if colon and kind.rpartition(".")[2].endswith(("Error", "Exception")) and " " not in kind:
        return f"{kind}: {LEFT_OUT}"
    return line


def _names() -> dict[str, set[str]]:
    """Return the known names, by the letter of their kind. Raises DatabaseError."""
    hosts = {urlsplit(settings.HUB_URL).hostname or "", str(getattr(settings, "EMAIL_HOST", ""))}
    hosts |= {host.lstrip(".*") for host in settings.ALLOWED_HOSTS}
    names: dict[str, set[str]] = {"A": set(), "P": set(), "H": hosts}

    def agencies() -> Iterator[str]:
        for pk, name in Agency.objects.values_list("pk", "name"):
            yield from (pk, name)

    def people() -> Iterator[str]:
        for name, unit in Officer.objects.values_list("full_name", "unit"):
            yield from (name, unit, *(part for part in name.split() if len(part) >= _SHORTEST_NAME))

    names["A"] |= set(agencies())
    names["P"] |= set(people())
    # A locked desk cannot check the row; the exchange's address is then recognised by its form.
    with suppress(NotBoundError, VaultError):
        if (place := known_exchange()) is not None:
            names["H"] |= {urlsplit(place.url).hostname or "", place.vkey.partition("+")[0]}
    return {kind: {name for name in listed if len(name) > 1} for kind, listed in names.items()}


def _or_why_not(part: Callable[[datetime], Iterator[str]], now: datetime) -> Iterator[str]:
    """Yield the lines of a part, or the kind of the error where it cannot be read, as on a locked desk."""
    try:
        with transaction.atomic():
            lines = list(part(now))
    except Exception as trouble:  # noqa: BLE001 - whatever it is, the rest is still worth showing
        lines = [f"cannot be read: {type(trouble).__name__}"]
    yield from lines


def _settings(now: datetime) -> Iterator[str]:
    text = "".join(as_text(settings_report(HELPER, now=now), now=now))
    yield from (line for line in text.splitlines() if line)


def _health(now: datetime) -> Iterator[str]:
    for sign in health(entries(HELPER, now=now), now):
        yield f"{sign.tone}: {sign.label}: {sign.text} {sign.remedy}".rstrip()


def _rows(now: datetime) -> Iterator[str]:
    """Count the rows of each table, as far as this process's login may read it."""
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute("SELECT has_table_privilege(current_user, %s, 'SELECT')", [table])
            if not cursor.fetchone()[0]:
                yield f"{table}: not for this login"
                continue
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - the database's own name
            yield f"{table}: {cursor.fetchone()[0]}"


def _log_files(folder: Path | None) -> list[Path]:
    """Return the plain files of a folder by name; links are not followed."""
    if folder is None:
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())


def _tail(path: Path, lines: int) -> list[str]:
    """Return the last lines of a file, of its last mebibyte at most; a line cut at its beginning is left out."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LARGEST_TAIL_BYTES))
        found = file.read(LARGEST_TAIL_BYTES).decode(errors="replace").splitlines()
    return (found[1:] if size > LARGEST_TAIL_BYTES else found)[-lines:]
