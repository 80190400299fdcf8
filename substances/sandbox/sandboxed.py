# SPDX-License-Identifier: Apache-2.0
"""Read untrusted structures and files for the desk in a sandbox process, whose death does no harm.

- `run` carries out one job of the table in `substances.sandbox.jobs`.
- Arguments and results travel as JSON and are rebuilt from declared types; nothing the child says can choose a class.
- A drawing comes back as shapes that are checked before they become SVG.
- The chemistry toolkit is never loaded in the asking process.
- Threads and forks are supported.
"""

import atexit
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from substances import jsonform
from substances.errors import InputRefusedError, SubstanceError, WorkerAwayError, WorkerLostError
from substances.sandbox import framing, jobs
from substances.sandbox.pool import POOL
from substances.structures.shapes import Drawing, Mark, svg_of

if TYPE_CHECKING:
    from substances.spectra.answers import KnownSubstance, Matches
    from substances.spectra.fits import Fit
    from substances.spectra.library import LibraryImport
    from substances.spectra.spectrum import Spectrum
    from substances.structures.identifiers import Disagreement
    from substances.structures.likeness import Fingerprints
    from substances.structures.reading import Structure
    from substances.structures.scaffolds import Scaffold

PATIENCE_SECS: Final = 30.0
"""The longest that a thread waits for a free child."""

_CODE: Final = re.compile(r"[A-Za-z0-9_.\-]{1,80}")
_PLACE: Final = re.compile(r"[A-Za-z0-9 _.,:/\[\]\-]{0,120}")


def run(job: str, *args: Any, limit_secs: float | None = None, **kwargs: Any) -> Any:
    """Return the result of a job. `limit_secs` is processor time; wall time may be five times as long on a busy machine.

    Raises InputRefusedError as the job does, WorkerLostError where the child died, was late, used too much memory, failed or
    answered with another type, WorkerAwayError where no child was available, and KeyError for a job that is not in the table.
    """
    cpu_secs = limit_secs or jobs.JOBS[job].cpu_secs
    wall_secs = 5 * cpu_secs + 2
    # Checked before JSON is made of it, which takes several times as much memory.
    if (
        sum(len(one) for one in (*args, *kwargs.values()) if isinstance(one, bytes | str))
        > framing.MAX_ASKED_BYTES
    ):
        raise InputRefusedError("input", "too_long")
    asked = {
        "job": job, "args": jsonform.to_plain(args), "kwargs": jsonform.to_plain(kwargs),
        "cpu_secs": cpu_secs, "wall_secs": wall_secs,
    }  # fmt: skip
    try:
        octets = jsonform.dump(asked)
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can write: it is no text, and no octets encode it.
        raise InputRefusedError("input", "binary") from None
    if len(octets) > framing.MAX_ASKED_BYTES:
        raise InputRefusedError("input", "too_long")
    return _answered(job, framing.framed(octets), wall_secs)


def prepare() -> None:
    """Start the process that will be asked, without waiting: it loads while the reader of a page types."""
    POOL.prepare()


def read_structure(text: str, *, form: str = "auto") -> "Structure":
    """Run `substances.structures.reading.read_structure`."""
    result: Structure = run("read_structure", text, form=form)
    return result


def parent_of(smiles: str) -> str:
    """Run `substances.structures.normalising.parent_of`."""
    return str(run("parent_of", smiles))


def draw(
    smiles: str, *, marks: Sequence[Mark] = (), width: int = 320, height: int = 220, title: str = ""
) -> str:
    """Return the SVG of a structure, written in this process from checked shapes."""
    drawing: Drawing = run("lay_out", smiles, tuple(marks), width, height)
    return svg_of(drawing, title=title)


def fingerprints_of(smiles: str) -> "Fingerprints":
    """Run `substances.structures.fingerprints.fingerprints_of`."""
    result: Fingerprints = run("fingerprints_of", smiles)
    return result


def common_scaffold(first: str, second: str) -> "Scaffold":
    """Run `substances.structures.scaffolds.common_scaffold`."""
    result: Scaffold = run("common_scaffold", first, second)
    return result


def compare_identifiers(
    structure: "Structure",
    *,
    inchi: str = "",
    inchikey: str = "",
    formula: str = "",
    cas: str = "",
    name: str = "",
) -> "tuple[Disagreement, ...]":
    """Run `substances.structures.identifiers.compare_identifiers`."""
    result: tuple[Disagreement, ...] = run(
        "compare_identifiers", structure, inchi=inchi, inchikey=inchikey, formula=formula, cas=cas, name=name
    )
    return result


def read_spectra(filename: str, data: bytes) -> "tuple[Spectrum, ...]":
    """Run `substances.spectra.reading.read_spectra`."""
    result: tuple[Spectrum, ...] = run("read_spectra", filename, data)
    return result


def read_library(filename: str, data: bytes) -> "LibraryImport":
    """Run `substances.spectra.library.read_library`."""
    result: LibraryImport = run("read_library", filename, data)
    return result


def fit_spectrum(spectrum: "Spectrum", smiles: str, formula: str) -> "Fit":
    """Run `substances.spectra.fitting.fit_spectrum`."""
    result: Fit = run("fit_spectrum", spectrum, smiles, formula)
    return result


def match_spectrum(
    query: "Spectrum",
    own: "Sequence[Spectrum]" = (),
    *,
    with_shipped: bool = True,
    with_precursor: bool = True,
    known: "Sequence[KnownSubstance]" = (),
    limit: int = 20,
) -> "Matches":
    """Run `substances.spectra.searching.search_libraries`; only entries that pass the precursor filter are sent."""
    from substances.spectra.choosing import chosen_entries, counted_through
    from substances.spectra.spectrum import packed_spectra

    chosen = chosen_entries(query, own, with_precursor=with_precursor)
    packed = packed_spectra(own[place] for place in chosen)
    options: dict[str, Any] = {
        "with_shipped": with_shipped,
        "with_precursor": with_precursor,
        "known": tuple(known),
        "limit": limit,
    }
    found: Matches = run("match_spectrum", query, packed, **options)
    return counted_through(found, chosen, len(own))


def _answered(job: str, message: bytes, wall_secs: float) -> Any:
    """Return the answer; discard a child whose answer has a wrong form or that ran short of memory."""
    child = POOL.take(PATIENCE_SECS)
    fit = False
    try:
        answer = child.ask(message, wall_secs)
        try:
            result = _result(job, answer)
        except WorkerLostError:
            fit = _failed_as_told(answer)
            raise
        except SubstanceError:
            fit = True
            raise
        fit = True
    finally:
        POOL.give_back(child, fit=fit)
    return result


def _failed_as_told(answer: Mapping[str, Any]) -> bool:
    """Tell whether the child itself reports that its job failed, and is otherwise sound."""
    return _word(answer.get("failed")) not in ("?", "MemoryError") and "refused" not in answer


def _result(job: str, answer: Mapping[str, Any]) -> Any:
    if "refused" in answer:
        raise _refusal(answer)
    if answer.get("failed") == "NotLoaded":
        raise WorkerAwayError("not loaded")
    if "result" not in answer:
        raise WorkerLostError(f"failed: {_word(answer.get('failed'))} at {_word(answer.get('at'))}")
    try:
        return jsonform.of_type(jobs.result_type(job), answer["result"])
    except jsonform.FormError as failure:
        raise WorkerLostError(f"answered with another type: {failure}") from None


def _refusal(answer: Mapping[str, Any]) -> Exception:
    kind = jobs.refusal_type(str(answer["refused"]))
    if kind is None:
        return WorkerLostError("refused with an unknown error")
    try:
        refusal = jsonform.of_type(kind, answer.get("told"))
    except jsonform.FormError:
        return WorkerLostError("refused in another form")
    if isinstance(refusal, InputRefusedError) and not (
        _CODE.fullmatch(refusal.field) and _CODE.fullmatch(refusal.code) and _PLACE.fullmatch(refusal.where)
    ):
        return WorkerLostError("refused in another form")
    raised: Exception = refusal
    return raised


def _word(text: object) -> str:
    return text if isinstance(text, str) and _CODE.fullmatch(text.replace(":", "_")) else "?"


atexit.register(POOL.end_all)
