# SPDX-License-Identifier: Apache-2.0
"""Control status of a substance on a day: asked with a reason, answered by the rules that the agency follows.

One substance by structure, name or CAS number; several for a case only. All are read or none is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from accord.document.chemistry import is_cas_number
from alerts.document.characters import hidden_characters
from alerts.errors import ScienceAwayError
from alerts.query_audit import SCREENED, QueryReason, record_question, refuse_mixture, science_errors
from callers.actors import Actor
from callers.errors import InputError
from callers.names import mixes_scripts
from science.screening.record import law_for
from substances.control.results import Query, Screening
from substances.control.safe import LawTexts, screen
from substances.errors import InputRefusedError, WorkerLostError
from substances.sandbox import sandboxed
from substances.structures.names import names_of_block
from substances.structures.normalising import first_block
from substances.structures.reading import Structure

NAME_AT_MOST: Final = 200
EARLIEST: Final = date(1961, 1, 1)
LATEST: Final = date(2099, 12, 31)


@dataclass(frozen=True)
class SubstanceQuery:
    """One substance: `structure` in any notation, or its name or CAS number."""

    structure: str = field(default="", repr=False)
    form: str = "auto"
    name: str = field(default="", repr=False)
    cas: str = field(default="", repr=False)


@dataclass(frozen=True)
class Disagreed:
    """Identifier that was given beside the structure and does not fit it."""

    field: str
    code: str
    expected: str


@dataclass(frozen=True)
class Screened:
    """Answer for one substance; `structure` is None where it was asked for by name or number alone.

    `rules` is the text of the rule set that was applied.
    """

    asked: SubstanceQuery
    structure: Structure | None = field(repr=False)
    known_names: tuple[str, ...] = field(repr=False)
    disagreements: tuple[Disagreed, ...]
    screening: Screening = field(repr=False)
    rules: str = field(repr=False)


def screen_substances(
    actor: Actor, asked: Sequence[SubstanceQuery], *, on: date, why: QueryReason, now: datetime
) -> tuple[Screened, ...]:
    """Screen each substance for the day, in order.

    Raises what `record_question` does, ScienceInputError and InputError naming the member (`structures.3.cas` where
    several are asked), ScienceAwayError.
    """
    agency = record_question(actor, SCREENED, why, count=len(asked), now=now)
    if not EARLIEST <= on <= LATEST:
        raise InputError("on", _("Date: choose a day from 1961 to 2099."))
    law = law_for(agency.pk)
    several = len(asked) > 1
    return tuple(
        _screened(one, on, law, why, f"structures.{place}" if several else "")
        for place, one in enumerate(asked)
    )


def split_structures(text: str) -> list[str]:
    """Split a text of several structures: records of an SDF, or one SMILES or InChI a line."""
    if "$$$$" in text:
        return [record.strip("\r\n") + "\n" for record in text.split("$$$$") if record.strip()]
    if "M  END" in text or "V2000" in text or "V3000" in text:
        return [text]
    return [line for line in text.splitlines() if line.strip()] or [text]


def _screened(one: SubstanceQuery, on: date, law: LawTexts, why: QueryReason, place: str) -> Screened:
    refuse_words(one, place)
    structure = None
    with science_errors(place):
        if one.structure.strip():
            structure = sandboxed.read_structure(one.structure, form=one.form)
            refuse_mixture(why, structure.components)
        query = Query(
            smiles=structure.smiles if structure else "", name=one.name.strip(), cas=one.cas.strip()
        )
        screening = screen(query, on=on, law=law)
    return Screened(
        asked=one,
        structure=structure,
        known_names=_names(structure, screening),
        disagreements=_disagreements(structure, one),
        screening=screening,
        rules=law.rules,
    )


def _names(structure: Structure | None, screening: Screening) -> tuple[str, ...]:
    """Return names of the structure, else of its parent: a salt has the name of its base."""
    keys = (structure.inchikey, screening.parent_inchikey) if structure else ()
    return next((names for key in keys if key and (names := names_of_block(first_block(key)))), ())


def refuse_words(one: SubstanceQuery, place: str = "") -> None:
    """Check a name and a CAS number; raises InputError naming the field and the remedy."""
    name, cas = one.name.strip(), one.cas.strip()
    before = f"{place}." if place else ""
    if not (one.structure.strip() or name or cas):
        raise InputError(f"{before}structure", _("Structure: give a structure, a name or a CAS number."))
    if cas and not is_cas_number(cas):
        raise InputError(f"{before}cas", _("CAS number: check digit wrong; compare the source."))
    if len(name) > NAME_AT_MOST or hidden_characters(name, lines=False):
        raise InputError(f"{before}name", _("Name: use up to 200 characters on one line."))
    if name and mixes_scripts(name):
        raise InputError(f"{before}name", _("Name: two scripts are mixed; retype it."))


def _disagreements(structure: Structure | None, one: SubstanceQuery) -> tuple[Disagreed, ...]:
    if structure is None or not (one.name.strip() or one.cas.strip()):
        return ()
    try:
        found = sandboxed.compare_identifiers(structure, name=one.name.strip(), cas=one.cas.strip())
    except InputRefusedError:
        return ()
    except WorkerLostError:
        raise ScienceAwayError from None
    return tuple(Disagreed(item.field, item.code, item.expected) for item in found)
