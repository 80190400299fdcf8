# SPDX-License-Identifier: Apache-2.0
"""Spectra among the files of an alert: read in the worker process, compared with the alert's structure.

A file that is no spectrum is left alone; one that claims to be and cannot be read gets a sentence. The comparison
can refute a structure and never proves one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from alerts.document.files import AttachmentFile, AttachmentNote
from alerts.document.science_sentences import sentence_of
from alerts.document.structures import read_typed
from alerts.drafting.drafts import open_files
from alerts.drafting.revisions import DraftContent
from alerts.models import Alert
from callers.errors import AbsentError
from substances.errors import InputRefusedError, SubstanceError, WorkerLostError
from substances.sandbox import sandboxed

if TYPE_CHECKING:
    from substances.spectra.fits import Fit
    from substances.spectra.spectrum import Spectrum
    from substances.structures.reading import Structure

CERTAIN: Final = (".msp", ".mgf", ".mzml", ".jdx", ".dx", ".jcamp")
"""Endings of files that are nothing but spectra."""
POSSIBLE: Final = (".csv", ".txt", ".tsv")
"""Endings of files that may hold a list of peaks, or anything else."""
BYTES_AT_MOST: Final = 2 * 1024 * 1024
FILES_AT_MOST: Final = 3


@dataclass(frozen=True)
class SpectrumSeen:
    """First spectrum of a file, how many more there are, and how it fits; or why the file was not read."""

    filename: str
    spectrum: "Spectrum | None" = field(default=None, repr=False)
    more: int = 0
    fit: "Fit | None" = None
    problem: str = ""
    names_another: bool = False
    """The file itself says that it is of another substance than the document's."""

    @property
    def is_of_another(self) -> bool:
        """Tell whether it says so itself, or speaks against the structure that the document states."""
        return self.names_another or (self.fit is not None and self.fit.verdict == "does_not_fit")


def is_worth_reading(filename: str, size: int) -> bool:
    """Tell whether a file may be a spectrum that a page shows."""
    return filename.lower().endswith((*CERTAIN, *POSSIBLE)) and size <= BYTES_AT_MOST


def spectra_of_draft(
    alert: Alert, notes: Iterable[AttachmentNote], data: Mapping[str, Any]
) -> list[SpectrumSeen]:
    """Return the spectra among a draft's files, before they are sent."""
    wanted = [note for note in notes if is_worth_reading(note.filename, note.size)][:FILES_AT_MOST]
    return spectra_in(open_files(alert, wanted), data) if wanted else []


def spectra_in(files: Iterable[AttachmentFile], document: Mapping[str, Any]) -> list[SpectrumSeen]:
    """Return the spectra in these files; no content raises.

    After the worker was lost over one file no other is tried, so that the page waits for one loss at most.
    """
    structure, is_lost, seen = _structure_of(document), False, list[SpectrumSeen | None]()
    block = (structure.inchikey if structure else str(document.get("inchikey") or "")).split("-", 1)[0]
    for file in files:
        try:
            seen.append(_unread(file) if is_lost else _seen(file, structure, block))
        except WorkerLostError:
            is_lost = True
            seen.append(_unread(file))
    return [one for one in seen if one is not None]


def evidence_problem(alert: Alert, content: DraftContent) -> str:
    """Return the sentence where the evidence of a confirmed identity names the spectrum of another substance."""
    data = content.data
    lines = data.get("evidence") or ()
    named = {row.get("file") for row in lines if row.get("conclusion") == "identified"}
    notes = [note for note in content.attachments if note.filename in named]
    if data.get("identity_state") != "confirmed" or not notes:
        return ""
    try:
        spectra = spectra_of_draft(alert, notes, data)
    except AbsentError:
        return ""
    other = next((one.filename for one in spectra if one.is_of_another), "")
    text = _("Evidence: “%(file)s” is of another substance than the one named; correct the line or the name.")
    return text % {"file": other} if other else ""


def _structure_of(document: Mapping[str, Any]) -> "Structure | None":
    text = document.get("structure")
    return read_typed(text).structure if isinstance(text, str) and text else None


def _unread(file: AttachmentFile) -> SpectrumSeen | None:
    """Return the sentence for a file that is nothing but a spectrum; None for others."""
    if not _is_spectrum(file):
        return None
    return SpectrumSeen(
        file.filename, problem=_("Spectrum: it could not be read just now; load the page again.")
    )


def _is_spectrum(file: AttachmentFile) -> bool:
    return file.filename.lower().endswith(CERTAIN)


def _seen(file: AttachmentFile, structure: "Structure | None", block: str) -> SpectrumSeen | None:
    try:
        spectra = sandboxed.read_spectra(file.filename, file.data)
    except InputRefusedError as refused:
        return SpectrumSeen(file.filename, problem=sentence_of(refused)) if _is_spectrum(file) else None
    first = spectra[0]
    names_another = bool(first.block and block and first.block != block)
    return SpectrumSeen(
        file.filename, first, len(spectra) - 1, _fit(first, structure), names_another=names_another
    )


def _fit(spectrum: "Spectrum", structure: "Structure | None") -> "Fit | None":
    """Compare a spectrum with the structure; None for one that names another substance: a reference, or a second component."""
    if structure is None or (spectrum.block and spectrum.block != structure.inchikey[:14]):
        return None
    try:
        return sandboxed.fit_spectrum(spectrum, structure.smiles, structure.formula)
    except SubstanceError:
        return None
