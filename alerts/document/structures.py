# SPDX-License-Identifier: Apache-2.0
"""Entry of a typed structure into a draft: it is read in a worker process and kept as canonical SMILES.

- A text that cannot be read stays as it was typed, for its author to see.
- Empty identifiers are filled from the structure; filled ones follow it when it changes.
- An identifier that a person typed is never overwritten.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from alerts.document.circumstances import Disagreed, StructureSeen
from alerts.document.fields import EMPTY
from alerts.document.science_sentences import sentence_of
from alerts.document.science_values import TYPED_AT_MOST
from callers.errors import InputError
from substances.errors import InputRefusedError, WorkerLostError
from substances.sandbox import sandboxed
from substances.structures.reading import Structure

FILLED: Final = ("inchikey", "formula", "inchi")
"""Identifiers that follow from a structure alone."""
COMPARED: Final = {
    "inchi": "inchi",
    "inchikey": "inchikey",
    "formula": "formula",
    "cas": "cas_rn",
    "name": "preferred_name",
}
"""Fields that a structure is compared with: name in the comparison, name of the field."""
LOOKED_UP: Final = ("cas", "name")
"""Identifiers that do not follow from a structure: the reference sets are asked for their substance."""


@dataclass(frozen=True)
class StructureReading:
    """Result of reading a typed structure: its facts, or `problem`. `is_lost`: the worker was lost, so nothing is known."""

    structure: Structure | None = field(default=None, repr=False)
    problem: str = ""
    is_lost: bool = False


def read_typed(text: str) -> StructureReading:
    """Read SMILES, InChI, MOL or SDF text; an unreadable text raises nothing."""
    try:
        return StructureReading(sandboxed.read_structure(text))
    except InputRefusedError as refused:
        return StructureReading(problem=sentence_of(refused))
    except WorkerLostError:
        return StructureReading(is_lost=True, problem=lost_sentence())


def lost_sentence() -> str:
    return _("Structure: it could not be read just now. Save again in a moment; nothing else is held up.")


def too_long_sentence() -> str:
    return _("Structure: over 200,000 characters; give the one record that is meant.")


def normalise_structure(values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with the structure in canonical form and its identifiers filled in.

    Raises `InputError` for an unreadable text that is longer than a draft keeps.
    """
    merged = {**before, **values}
    typed = merged.get("structure")
    if not isinstance(typed, str) or not _is_touched(values, before):
        return dict(values)
    reading = read_typed(typed)
    if reading.structure is None:
        if len(typed) > TYPED_AT_MOST:
            raise InputError("structure", reading.problem)
        return dict(values)
    kept = reading.structure.smiles
    return {**values, "structure": kept, **_filled(reading.structure, merged, before, kept)}


def identifies(values: Mapping[str, Any]) -> bool:
    """Tell whether these values name the structure or its identifiers, so that `normalise_structure` may change them."""
    return any(name in values for name in ("structure", *FILLED))


def seen_structure(data: Mapping[str, Any]) -> StructureSeen | None:
    """Return what the check of a draft knows of its structure; None without one."""
    typed = data.get("structure")
    if not isinstance(typed, str) or not typed:
        return None
    reading = read_typed(typed)
    structure = reading.structure
    if structure is None:
        return StructureSeen(problem="" if reading.is_lost else reading.problem)
    return StructureSeen(is_read=True, disagreements=_disagreements(structure, data))


def own_identifiers(structure: Structure) -> dict[str, str]:
    """Return the identifiers of a structure by field name."""
    return {name: getattr(structure, name) for name in FILLED if getattr(structure, name)}


def _is_touched(values: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether this save changes the structure or its identifiers."""
    return any(name in values and values[name] != before.get(name) for name in ("structure", *FILLED))


def _filled(
    structure: Structure, merged: Mapping[str, Any], before: Mapping[str, Any], kept: str
) -> dict[str, str]:
    """Return values for the empty identifiers and for those that an earlier structure had filled."""
    earlier = _identifiers_before(before, kept)
    return {
        name: text
        for name, text in own_identifiers(structure).items()
        if merged.get(name) in EMPTY or (earlier.get(name) and merged.get(name) == earlier[name])
    }


def _identifiers_before(before: Mapping[str, Any], kept: str) -> dict[str, str]:
    old = before.get("structure")
    if not isinstance(old, str) or not old or old == kept:
        return {}
    structure = read_typed(old).structure
    return {} if structure is None else own_identifiers(structure)


def _disagreements(structure: Structure, data: Mapping[str, Any]) -> tuple[Disagreed, ...]:
    """Return identifiers of the document that do not fit the structure; none where the worker could not compare them."""
    given = {said: str(data.get(name) or "") for said, name in COMPARED.items()}
    if all(
        getattr(structure, name) == text or not text for name, text in given.items() if name not in LOOKED_UP
    ):
        given = {name: given[name] for name in LOOKED_UP}
    if not any(given.values()):
        return ()
    try:
        found = sandboxed.compare_identifiers(structure, **given)
    except (InputRefusedError, WorkerLostError):
        return ()
    return tuple(
        Disagreed(COMPARED[item.field], item.code, item.expected, item.other)
        for item in found
        if item.field in COMPARED
    )
