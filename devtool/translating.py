# SPDX-License-Identifier: Apache-2.0
"""Catalogues of the hub's words: gathered from Python and templates, kept complete, compiled. No system gettext.

`./dev translate` brings hub/locale/ up to date and lists what a person has to translate; `./dev check translations` refuses a
catalogue that is not finished.
"""

import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import django
from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from demo.ticks import StepFailedError
from devtool.environments import ROOT

LOCALES: Final = Path("hub", "locale")
UNDATED: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A fixed date: catalogues change when texts do, not with the clock."""
APPS: Final = (
    "agencies",
    "alerts",
    "callers",
    "casework",
    "desk",
    "hub",
    "ledger",
    "notices",
    "officers",
    "operators",
    "peers",
    "reciprocity",
    "science",
    "sharing",
    "substances",
    "vault",
)
KEYWORDS: Final = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w+[^>]*>")
REMEDY: Final = "Run: ./dev translate, then translate what it lists in hub/locale/"

Key = tuple[str, str | None]
"""The first English form, and the context."""


def gather(root: Path = ROOT) -> Catalog:
    """Return every text marked for translation; a place is a file without its lines, which move too often."""
    _set_up_templates()
    found = Catalog(charset="utf-8")
    for app in APPS:
        for path in sorted((root / app).rglob("*")):
            if path.suffix in {".py", ".html", ".txt", ".svg"} and path.is_file():
                _gather_file(found, path, path.relative_to(root).as_posix())
    return found


def _set_up_templates() -> None:
    if not settings.configured:
        settings.configure(TEMPLATES=[], USE_I18N=True)
        django.setup()


def _gather_file(found: Catalog, path: Path, place: str) -> None:
    text = path.read_text(encoding="utf-8")
    readable = io.BytesIO((text if path.suffix == ".py" else _as_python(text, place)).encode())
    options = {"encoding": "utf-8"}
    for _, message, _, context in extract("python", readable, keywords=KEYWORDS, options=options):
        found.add(message, locations=[(place, 0)], context=context)


def _as_python(template: str, place: str) -> str:
    """Return the template's texts as calls; the rest is blanked out and indentation removed, which Python would read."""
    return "\n".join(line.strip() for line in templatize(template, origin=place).splitlines())


def languages(root: Path = ROOT) -> list[str]:
    """Return the languages beside English: each has a folder. `./dev translate` begins the catalogue of a new one."""
    return sorted(folder.name for folder in (root / LOCALES).iterdir() if folder.is_dir())


def read_catalogue(path: Path) -> Catalog:
    """Read a catalogue in either form."""
    with path.open("rb") as file:
        return read_po(file) if path.suffix == ".po" else read_mo(file)


def bring_up_to_date(wanted: Catalog, root: Path = ROOT) -> dict[str, list[Message]]:
    """Rewrite both files of every language; return the untranslated messages, by language."""
    missing = {}
    for language in languages(root):
        path = po_of(root, language)
        known = read_catalogue(path) if path.is_file() else Catalog(language, charset="utf-8")
        known.update(wanted, no_fuzzy_matching=True)
        known.obsolete.clear()
        known.project, known.version = "Accord", "hub"
        known.creation_date = known.revision_date = UNDATED
        _write(path, partial(write_po, catalog=known, width=110, sort_by_file=True, include_lineno=False))
        _write(path.with_suffix(".mo"), partial(write_mo, catalog=known))
        missing[language] = [message for message in _entries(known) if not _is_complete(message)]
    return missing


def translate() -> int:
    """Bring the catalogues up to date; return 1 while something waits for a translation."""
    missing = bring_up_to_date(gather())
    for language, messages in missing.items():
        print(f"{po_of(ROOT, language).relative_to(ROOT)}: {len(messages)} to translate")
        for message in messages:
            print(f"  {_key(message)[0]!r}")
    return 1 if any(missing.values()) else 0


def _write(path: Path, write: Callable[[io.BytesIO], object]) -> None:
    """Write a file whole or not at all."""
    buffer = io.BytesIO()
    write(buffer)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    scratch.write_bytes(buffer.getvalue())
    scratch.replace(path)


def po_of(root: Path, language: str) -> Path:
    """Return the file with the texts of one language."""
    return root / LOCALES / language / "LC_MESSAGES" / "django.po"


def check_translations(root: Path = ROOT) -> list[str]:
    """Return evidence lines; raise with the faults."""
    wanted = keys_of(gather(root))
    faults = [
        f"{language}: {fault}"
        for language in languages(root)
        for fault in faults_of(po_of(root, language), wanted)
    ]
    if faults:
        raise StepFailedError("\n".join(faults), REMEDY)
    return [f"{len(wanted)} texts; languages beside English: {', '.join(languages(root))}"]


def keys_of(catalogue: Catalog) -> set[Key]:
    """Return the keys by which a catalogue's texts are looked up."""
    return {_key(message) for message in _entries(catalogue)}


def faults_of(path: Path, wanted: set[Key]) -> Iterator[str]:
    """Yield the faults of one language's pair of files."""
    catalogue = read_catalogue(path)
    known = {_key(message): message for message in _entries(catalogue)}
    yield from (f"not in the catalogue: {key[0]!r}" for key in sorted(wanted - known.keys(), key=str))
    yield from (f"stale, no source says it: {key[0]!r}" for key in sorted(known.keys() - wanted, key=str))
    yield from (f"stale, kept as a comment: {key!r}" for key in catalogue.obsolete)
    for message in known.values():
        if message.fuzzy:
            yield f"fuzzy: {_key(message)[0]!r}"
        if not _is_complete(message):
            yield f"not translated: {_key(message)[0]!r}"
        elif not _has_same_placeholders(message):
            yield f"placeholders or tags differ: {_key(message)[0]!r}"
    if _texts(catalogue) != _texts(read_catalogue(path.with_suffix(".mo"))):
        yield f"{path.with_suffix('.mo').name} is not what {path.name} compiles to"


def _entries(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _key(message: Message) -> Key:
    """Return the key; a context read from the compiled form comes as octets."""
    context: str | bytes | None = message.context
    return _forms(message.id)[0], context.decode() if isinstance(context, bytes) else context


def _forms(text: str | Iterable[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def _is_complete(message: Message) -> bool:
    return bool(message.string) and all(_forms(message.string))


def _has_same_placeholders(message: Message) -> bool:
    """Compare placeholders; a singular form may leave the number out, as English does."""
    wanted = [sorted(PLACEHOLDER.findall(form)) for form in _forms(message.id)]
    return all(sorted(PLACEHOLDER.findall(form)) in wanted for form in _forms(message.string))


def _texts(catalogue: Catalog) -> dict[Key, list[str]]:
    return {_key(message): _forms(message.string) for message in _entries(catalogue) if _is_complete(message)}
