# SPDX-License-Identifier: Apache-2.0
"""The one access to the science core: questions to it, and its answers as plain JSON values.

Nothing else of the client imports `substances`, and this does so on first use only: a partner who sends and opens alerts needs
neither it nor a chemistry toolkit. Input may come from strangers, so the core reads it in a sandbox process.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from accord.client.errors import ClientError, RequestError

INSTALL: Final = "pip install 'accord-client[substances]'"
MAX_OWN: Final = 2_000
STATED: Final = ("score", "threshold", "log10_lr", "false_link_rate")
"""The numbers of a comparison that an answer to a profile question states."""

Plain = dict[str, Any]


class PartsMissingError(ClientError):
    """The science core is not installed here."""

    def __init__(self, part: str) -> None:
        super().__init__(
            f"The science core is not installed here ({part} is missing). Install it: {INSTALL}, or the wheel "
            "accord_substances-*.whl that comes with this program."
        )


class CoreLostError(ClientError):
    """The process that reads untrusted input ended before it answered; nothing was answered."""


@dataclass(frozen=True)
class SubstanceQuery:
    """One queried substance; `text` is a structure in any notation, or empty."""

    text: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    cas: str = field(default="", repr=False)


def require_parts() -> None:
    """Raise PartsMissingError where a part is not installed; load no chemistry into this process."""
    from importlib.util import find_spec

    for part in ("substances", "rdkit", "numpy", "yaml"):
        if find_spec(part) is None:
            raise PartsMissingError(part)


def rules_with(overlays: Sequence[tuple[str, bytes]]) -> str:
    """Merge the shipped class rules with those that authorities published, in their order; return "" for none.

    Raises RequestError that names the file and its faults, CoreLostError.
    """
    text = ""
    for name, octets in overlays:
        with _sentences():
            from substances.control.shipped import shipped_rules_text
            from substances.sandbox import law as sandbox_law

            over = octets.decode("utf-8", "replace")
            found = sandbox_law.read_overlaid(text or shipped_rules_text(), [over])
        if found.faults:
            told = "; ".join(
                f"{fault.path}: {fault.code} {fault.about}".strip() for fault in found.faults[:5]
            )
            raise RequestError(f"{name} holds no rules that can be used: {told}.")
        text = found.text
    return text


def screen(asked: SubstanceQuery, on: date, rules: str = "", *, also: Sequence[str] = ()) -> Plain:
    """Screen one substance for a day; the answer's `record` may stand in an alert for receivers to replay.

    `also` are further jurisdictions, known or not. Raises RequestError for unreadable input, CoreLostError.
    """
    with _sentences():
        from substances.control import safe
        from substances.control.results import Query
        from substances.jsonform import to_plain

        query = Query(smiles=asked.text, name=asked.name, cas=asked.cas)
        law = safe.LawTexts(rules=rules)
        found = safe.screen(query, on=on, law=law)
        record = found.compact()
        # A receiver's record leaves out unknown jurisdictions, so this one does too.
        return {
            **to_plain(safe.screen(query, on=on, law=law, also=also) if also else found),
            "record": record,
        }


def facts(asked: SubstanceQuery) -> Plain:
    """Return a structure's facts, and disagreements of name or number with it. Raises RequestError, CoreLostError."""
    with _sentences():
        from substances.jsonform import to_plain
        from substances.sandbox import sandboxed

        structure = sandboxed.read_structure(asked.text)
        written = asked.name or asked.cas
        differing = (
            sandboxed.compare_identifiers(structure, name=asked.name, cas=asked.cas) if written else ()
        )
        return {**to_plain(structure), "disagreements": to_plain(differing)}


def identity_failed(document: Mapping[str, Any]) -> Sequence[str]:
    """Return by which rules the evidence of a document does not carry "confirmed"; nothing where the core is not installed."""
    from importlib.util import find_spec

    if find_spec("substances") is None:
        return ()
    from substances.identification import Downgrade, evidence_of, identity_allowed

    claimed, left = str(document.get("identity_state")), document.get("alternatives") or ()
    verdict = identity_allowed(claimed, evidence_of(document), left)
    return verdict.failed if isinstance(verdict, Downgrade) else ()


def require_cas(cas: str) -> None:
    """Raise RequestError where a CAS number has another form or a wrong check digit."""
    from substances.structures.identifiers import has_cas_digit

    if not has_cas_digit(cas.strip()):
        raise RequestError("CAS number: its form or its check digit is wrong; compare it with the source.")


def similar(text: str, own: Sequence[SubstanceQuery], limit: int, rules: str = "") -> list[Plain]:
    """Return what a structure resembles among `own` and the reference set, best first. Raises RequestError, CoreLostError.

    For `own` structures only the likeness is computed: the rules judge the structure itself and the reference set.
    """
    with _sentences():
        from substances.control.shipped import shipped_rules_text
        from substances.jsonform import to_plain
        from substances.sandbox import sandboxed
        from substances.sandbox import similarity as sandbox_similarity

        parent = sandboxed.read_structure(text).parent_smiles
        found = sandbox_similarity.find_resembling(
            parent, rules or shipped_rules_text(), _candidates(own), limit=limit
        )
        return [dict(to_plain(one)) for one in found]


def spectra_in(name: str, octets: bytes) -> int:
    """Return how many mass spectra a file holds. Raises RequestError, CoreLostError."""
    with _sentences():
        from substances.sandbox import sandboxed

        found = sandboxed.read_spectra(name, octets)
    if any(spectrum.kind != "ms" for spectrum in found):
        raise RequestError(
            f"{name} holds an NMR or IR spectrum; mass spectra alone are searched. Give a file of those."
        )
    return len(found)


def as_peak_table(octets: bytes) -> bytes:
    """Put a head line above bare "m/z intensity" lines; return another file unchanged."""
    from substances.spectra.formats.peaklist import peak_octets

    return peak_octets(octets)


def match(
    name: str, octets: bytes, libraries: Sequence[tuple[str, bytes]], *, filtered: bool, limit: int
) -> list[Plain]:
    """Return each spectrum's matches in own libraries and the shipped one. Raises RequestError, CoreLostError."""
    with _sentences():
        from substances.jsonform import to_plain
        from substances.sandbox import sandboxed

        queries = sandboxed.read_spectra(name, octets)
        own = tuple(one for file, content in libraries for one in _library(file, content))
        answers = []
        for query in queries:
            found = sandboxed.match_spectrum(query, own, with_precursor=filtered, limit=limit)
            stated = {"name": query.name, "precursor_mz": query.precursor_mz, "peaks": len(query.peaks)}
            answers.append({"query": stated, "matches": to_plain(found)})
        return answers


def compare(query: object, own: Sequence[tuple[str, object]]) -> list[Plain]:
    """Compare a profile with each of the agency's own, by name, in their order; `stated` is the part that an answer may hold.

    Raises RequestError.
    """
    with _sentences():
        from substances.profiles.comparing import compare as compare_profiles
        from substances.profiles.vectors import read_signed_profile

        asked = read_signed_profile(query)
        read = []
        for name, values in own:
            with _sentences(f"Own profile {name!r}"):
                read.append((name, read_signed_profile(values)))
        found = [(name, compare_profiles(asked, other)) for name, other in read]
    return [{"name": name, "comparison": one.as_json(), "stated": _stated(one, asked)} for name, one in found]


def _stated(found: Any, query: Any) -> Plain:
    """Return a comparison as a signed document holds it: decimals as text, and none where the two are not comparable."""
    named = {"method": query.method, "version": query.version, "verdict": found.verdict}
    if found.verdict == "not_comparable":
        return {**named, "pairs": None, **dict.fromkeys(STATED)}
    return {**named, "pairs": found.pairs_behind, **{name: f"{getattr(found, name):.4f}" for name in STATED}}


def _library(name: str, octets: bytes) -> Sequence[Any]:
    from substances.sandbox import sandboxed

    with _sentences(name):
        return sandboxed.read_library(name, octets).spectra


def own_structures(octets: bytes) -> list[SubstanceQuery]:
    """Read structures from a CSV file with the columns `name` and `smiles`. Raises RequestError."""
    try:
        rows = list(csv.DictReader(io.StringIO(octets.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise RequestError("Own structures: give a CSV file in UTF-8.") from None
    if not rows or not {"name", "smiles"} <= set(rows[0]):
        raise RequestError("Own structures: the first line names the columns, among them name and smiles.")
    if len(rows) > MAX_OWN:
        raise RequestError(f"Own structures: more than {MAX_OWN}; give fewer.")
    return [SubstanceQuery(text=row["smiles"] or "", name=row["name"] or "") for row in rows]


def _candidates(own: Sequence[SubstanceQuery]) -> list[Any]:
    from substances.errors import InputRefusedError
    from substances.sandbox import sandboxed
    from substances.sentences import sentence_of
    from substances.similarity import Candidate

    found = []
    for line, one in enumerate(own, start=2):
        try:
            parent = sandboxed.read_structure(one.text).parent_smiles
        except InputRefusedError as refused:
            raise RequestError(f"Own structures, line {line}: {sentence_of(refused)}") from None
        prints = sandboxed.fingerprints_of(parent)
        found.append(
            Candidate(f"own:{line}", parent, prints.a, prints.b, name=one.name, source="own", judged=False)
        )
    return found


@contextlib.contextmanager
def _sentences(place: str = "") -> Iterator[None]:
    """Turn the core's refusals into client errors with the core's own sentence, after the `place` it concerns."""
    from substances.errors import InputRefusedError, WorkerLostError
    from substances.sentences import sentence_of

    try:
        yield
    except InputRefusedError as refused:
        raise RequestError(f"{place}: {sentence_of(refused)}" if place else sentence_of(refused)) from None
    except WorkerLostError:
        raise CoreLostError(
            "What was given could not be read within the limits on time and memory; nothing was answered. "
            "Compare it with the source, and try a simpler notation."
        ) from None
