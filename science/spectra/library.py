# SPDX-License-Identifier: Apache-2.0
"""Library of spectra of one agency: imported from a file after a look at the report, sealed, listed, deleted.

What a file says of authors and licence is kept with each record and shown wherever the record is. An import that
nobody confirms within a day is dropped.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce, Length
from django.utils.translation import gettext as _

from accord.envelope.encoding import b64u, sha256
from alerts.access import agency_of
from alerts.document.characters import hidden_characters
from alerts.document.science_sentences import SPECTRUM
from alerts.locks import wait_for_lock
from alerts.query_audit import science_errors
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.rows import one_of
from ledger.audit import record_event
from officers.models import Officer
from peers.models import Agency
from science.rows.library import LibrarySpectrum, LibrarySpectrumQuerySet, SpectraImport
from substances.sandbox import sandboxed
from substances.spectra.spectrum import spectrum_record
from vault import services
from vault.sealed_store import REVISION, SealedStore, as_json

IMPORTS: Final = SealedStore[Mapping[str, Any]]("spectraimport", as_json, json.loads)
SPECTRA: Final = SealedStore[Mapping[str, Any]]("libraryspectrum", as_json, json.loads)
MEASURED: Final = "library_spectrum"
"""Kind of token of a measurement: kind, precursor, energy and peaks, whatever its name."""
SPECTRA_AT_MOST: Final = 2_000
"""Limit of records in one agency's library."""
OCTETS_AT_MOST: Final = 8 * 1024 * 1024
"""Limit of those records together, in sealed octets: a question has them all in memory."""
WAITS_FOR: Final = timedelta(hours=24)
PENDING_AT_MOST: Final = 5
"""Limit of imports of one agency that wait for confirmation; one more, and the oldest is dropped."""
LOCK: Final = "accord spectra library"
PAGE: Final = 50
TEXT_AT_MOST: Final = 200

Record = Mapping[str, Any]


@dataclass(frozen=True)
class RecordShown:
    """Record as a page shows it; empty where it states nothing. `peaks` counts them."""

    name: str = field(repr=False)
    inchikey: str = field(repr=False)
    formula: str = field(repr=False)
    precursor_mz: float | None
    adduct: str
    energy: str
    accession: str
    authors: str
    source: str
    licence: str
    peaks: int

    @property
    def whose(self) -> str:
        """Authors, else the source."""
        return self.authors or self.source


@dataclass(frozen=True)
class RefusedRecord:
    """Record of the file that is refused, with the sentence for it."""

    place: int
    name: str = field(repr=False)
    code: str
    problem: str


@dataclass(frozen=True)
class ImportShown:
    """Import as its page shows it: accepted and refused records, and the provenance added by hand."""

    row: SpectraImport
    filename: str = field(repr=False)
    source: str = field(repr=False)
    licence: str = field(repr=False)
    accepted: tuple[RecordShown, ...] = field(repr=False)
    refused: tuple[RefusedRecord, ...] = field(repr=False)

    @property
    def without_licence(self) -> int:
        """Number of records that state no licence and were given none."""
        return sum(1 for record in self.accepted if not record.licence)


@dataclass(frozen=True)
class KeptSpectrum:
    """Opened spectrum: `record` is what `spectrum_record` made of it."""

    row: LibrarySpectrum
    record: Record = field(repr=False)

    @property
    def shown(self) -> RecordShown:
        """The record without its peaks."""
        texts = [name for name in RecordShown.__dataclass_fields__ if name not in ("precursor_mz", "peaks")]
        return RecordShown(
            **{name: str(self.record.get(name, "")) for name in texts},
            precursor_mz=self.record.get("precursor_mz"),
            peaks=len(self.record.get("peaks", ())),
        )


# --- import -------------------------------------------------------------------------------------------------


def begin_import(
    officer: Officer, *, filename: str, data: bytes, source: str = "", licence: str = "", now: datetime
) -> SpectraImport:
    """Read a file and store it, unused, until it is confirmed. `source` and `licence` fill in what records lack.

    Raises NotPermittedError, ScienceInputError (nothing in the file can be used), ScienceAwayError,
    InputError.
    """
    require(officer, Capability.SCIENCE_MANAGE)
    agency = agency_of(officer)
    given = {"source": _line("source", source), "licence": _line("licence", licence)}
    with science_errors():
        read = sandboxed.read_library(_format_of(filename), data)
    refused = [(r.place, r.name, r.code, r.where) for r in read.report if not r.is_accepted]
    with transaction.atomic():
        wait_for_lock(LOCK, agency.pk)
        pending = SpectraImport.objects.filter(agency=agency, confirmed_at=None).order_by("-created_at", "pk")
        _drop(pending[PENDING_AT_MOST - 1 :])
        batch = SpectraImport(agency=agency, created_by=officer, created_at=now)
        fresh, known = _told_apart(agency, [_completed(spectrum_record(one), given) for one in read.spectra])
        refused += [(0, record.get("name", ""), "already_in_library", "") for record in known]
        about = {"filename": filename[:TEXT_AT_MOST], **given, "refused": refused[:SPECTRA_AT_MOST]}
        batch.sealed = IMPORTS.seal(agency.pk, batch.pk, about)
        batch.save(force_insert=True)
        _put_away(batch, fresh)
    return batch


def find_import(actor: Actor, import_id: uuid.UUID) -> SpectraImport:
    """Return an import of the actor's own agency; raises AbsentError."""
    row = one_of(SpectraImport.objects.visible_to(actor).filter(pk=import_id))
    if row is None:
        raise AbsentError
    return row


def read_import(officer: Officer, batch: SpectraImport) -> ImportShown:
    """Return the report on an import's file."""
    require(officer, Capability.SCIENCE_MANAGE)
    row = find_import(officer, batch.pk)
    about = IMPORTS.open(row.agency_id, row.pk, row.sealed)
    kept = open_spectra(row.agency_id, list(row.spectra.order_by("number")))
    return ImportShown(
        row=row,
        filename=about["filename"],
        source=about["source"],
        licence=about["licence"],
        accepted=tuple(one.shown for one in kept),
        refused=tuple(
            RefusedRecord(place, name, code, _problem(code, where))
            for place, name, code, where in about["refused"]
        ),
    )


@transaction.atomic
def confirm_import(officer: Officer, batch: SpectraImport, *, now: datetime) -> int:
    """Put the records in use, except those that came into the library meanwhile; return how many.

    A second call changes nothing. Raises InputError when they are too many, or have waited too long.
    """
    require(officer, Capability.SCIENCE_MANAGE)
    wait_for_lock(LOCK, batch.agency_id)
    row = _locked_import(officer, batch)
    if row.confirmed_at is not None:
        return row.spectra.count()
    if row.created_at < now - WAITS_FOR:
        text = _("Import: it waited for more than %(n)s hours; read the file again.")
        raise InputError("file", text % {"n": WAITS_FOR // timedelta(hours=1)})
    held = LibrarySpectrum.objects.filter(agency=row.agency_id).imported()
    row.spectra.filter(token__in=held.values("token")).delete()
    count = row.spectra.count()
    _refuse_overflow(held, row.spectra.all())
    row.confirmed_at = now
    row.save(update_fields=["confirmed_at"])
    _record("spectra.imported", officer, row.pk, count, now)
    return count


def _refuse_overflow(held: QuerySet[LibrarySpectrum], coming: QuerySet[LibrarySpectrum]) -> None:
    """Raise InputError where the library would hold more than a question can search."""
    counted = [
        rows.aggregate(n=Count("pk"), octets=Coalesce(Sum(Length("sealed")), 0)) for rows in (held, coming)
    ]
    if sum(one["n"] for one in counted) > SPECTRA_AT_MOST:
        text = _("Library: it holds up to %(most)s spectra; delete some first.")
        raise InputError("file", text % {"most": SPECTRA_AT_MOST})
    if sum(one["octets"] for one in counted) > OCTETS_AT_MOST:
        text = _(
            "Library: its spectra take up to %(most)s MiB together; delete some first, or import fewer peaks."
        )
        raise InputError("file", text % {"most": OCTETS_AT_MOST // 2**20})


@transaction.atomic
def drop_stale_imports(*, now: datetime) -> int:
    """Delete imports that nobody has confirmed within `WAITS_FOR`, at all agencies; return how many."""
    old = SpectraImport.objects.filter(confirmed_at=None, created_at__lt=now - WAITS_FOR)
    return _drop(old.select_for_update(skip_locked=True))


@transaction.atomic
def delete_import(officer: Officer, batch: SpectraImport, *, now: datetime) -> int:
    """Delete an import with all its records, confirmed or not; return how many records."""
    require(officer, Capability.SCIENCE_MANAGE)
    row = _locked_import(officer, batch)
    count, was_used = row.spectra.count(), row.confirmed_at is not None
    row.spectra.all().delete()
    if was_used:
        _record("spectra.deleted", officer, row.pk, count, now)
    row.delete()
    return count


# --- the library --------------------------------------------------------------------------------------------


def library_rows(actor: Actor) -> LibrarySpectrumQuerySet:
    """Return the agency's library, newest import first."""
    rows = LibrarySpectrum.objects.visible_to(actor).imported()
    return rows.select_related("batch", "batch__created_by").order_by("-batch__created_at", "batch", "number")


def list_library(actor: Actor, *, page: int = 1) -> tuple[list[KeptSpectrum], int]:
    """Return one page of the library from 1 on, opened, and the total number of records."""
    rows = library_rows(actor)
    total = rows.count()
    start = (max(page, 1) - 1) * PAGE
    return list(open_spectra(actor.agency_id or "", list(rows[start : start + PAGE]))), total


def find_spectrum(actor: Actor, spectrum_id: uuid.UUID) -> LibrarySpectrum:
    """Return a record of the agency's library; raises AbsentError."""
    row = one_of(library_rows(actor).filter(pk=spectrum_id))
    if row is None:
        raise AbsentError
    return row


@transaction.atomic
def delete_spectrum(officer: Officer, spectrum: LibrarySpectrum, *, now: datetime) -> None:
    """Delete one record for good."""
    require(officer, Capability.SCIENCE_MANAGE)
    rows = LibrarySpectrum.objects.visible_to(officer).imported().select_for_update(of=("self",))
    row = one_of(rows.filter(pk=spectrum.pk))
    if row is None:
        raise AbsentError
    row.delete()
    _record("spectra.deleted", officer, spectrum.pk, 1, now)


def open_spectra(agency_id: str, rows: Sequence[LibrarySpectrum]) -> Iterator[KeptSpectrum]:
    """Open these rows together; a damaged one is skipped."""
    opened = SPECTRA.open_many(agency_id, [(row.pk, REVISION, row.sealed) for row in rows])
    for row, record in zip(rows, opened, strict=True):
        if record is not None:
            yield KeptSpectrum(row, record)


def seal_spectra(agency_id: str, pairs: Sequence[tuple[LibrarySpectrum, Record]]) -> list[LibrarySpectrum]:
    """Seal records into their rows, with the tokens that find equal ones; in few queries."""
    if not pairs:
        return []
    tokens = services.tokens(
        agency_id, [(MEASURED, b64u(sha256(_measured(record)))) for _row, record in pairs]
    )
    sealed = SPECTRA.seal_many(agency_id, [(row.pk, record) for row, record in pairs])
    for (row, _record), token, octets in zip(pairs, tokens, sealed, strict=True):
        row.token, row.sealed = token, octets
    return [row for row, _record in pairs]


def seal_record(row: LibrarySpectrum, record: Record) -> None:
    """Seal a record into its row."""
    row.sealed = SPECTRA.seal(row.agency_id, row.pk, record)


# --- inside -------------------------------------------------------------------------------------------------


def _measured(record: Record) -> bytes:
    what = [record["kind"], record.get("precursor_mz"), record.get("ion_mode", ""), record.get("energy", "")]
    return json.dumps([*what, record["peaks"]], separators=(",", ":")).encode()


def _told_apart(agency: Agency, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Split the records into those new to the library and those already in it."""
    pairs = [(MEASURED, b64u(sha256(_measured(record)))) for record in records]
    tokens = services.tokens(agency.pk, pairs) if pairs else []
    held = LibrarySpectrum.objects.filter(agency=agency, token__in=tokens, batch__confirmed_at__isnull=False)
    known = {bytes(token) for token in held.values_list("token", flat=True)}
    fresh = [record for record, token in zip(records, tokens, strict=True) if token not in known]
    return fresh, [record for record, token in zip(records, tokens, strict=True) if token in known]


def _put_away(batch: SpectraImport, records: Sequence[Record]) -> None:
    agency_id = batch.agency_id
    rows = [
        LibrarySpectrum(agency_id=agency_id, batch=batch, number=number) for number in range(len(records))
    ]
    LibrarySpectrum.objects.bulk_create(seal_spectra(agency_id, list(zip(rows, records, strict=True))))


def _format_of(filename: str) -> str:
    """Return the ending of a file's name, which is all of it that a reader needs."""
    return f"file{PurePath(filename).suffix[:8]}"


def _completed(record: Record, given: Mapping[str, str]) -> Record:
    """Return the record, with the provenance stated by hand where it states none itself."""
    missing = {name: text for name, text in given.items() if text and not record.get(name)}
    return {**record, **missing, "origin": "own"}


def _drop(imports: QuerySet[SpectraImport]) -> int:
    keys = list(imports.values_list("pk", flat=True))
    LibrarySpectrum.objects.filter(batch__in=keys).delete()
    SpectraImport.objects.filter(pk__in=keys).delete()
    return len(keys)


def _locked_import(officer: Officer, batch: SpectraImport) -> SpectraImport:
    row = SpectraImport.objects.visible_to(officer).select_for_update().filter(pk=batch.pk).first()
    if row is None:
        raise AbsentError
    return row


def _line(name: str, text: str) -> str:
    line = text.strip()
    if len(line) > TEXT_AT_MOST or hidden_characters(line, lines=False):
        raise InputError(name, _("Use up to 200 characters on one line."))
    return line


def _problem(code: str, where: str) -> str:
    text = str(SPECTRUM.get(code, code))
    return f"{text} ({where})" if where else text


def _record(act: str, officer: Officer, subject: uuid.UUID, count: int, now: datetime) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=officer.agency_id or "",
        subject=str(subject),
        detail={"count": count},
        now=now,
    )
