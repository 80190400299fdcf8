# SPDX-License-Identifier: Apache-2.0
"""Judge hits: a candidate, a group that mass spectrometry cannot tell apart, or nothing.

A mass spectrum names no positional isomer. Where another substance of the same formula is known, in the library or among the
reference substances, the answer is a group and never a single name. Even a single candidate is only that:
"isomers_never_excluded_by_ms" stands in every answer that names something.
"""

from collections.abc import Iterable
from typing import Final

from substances.errors import InputRefusedError
from substances.spectra.answers import (
    GOOD_SCORE,
    GOOD_SCORE_WITHOUT_PRECURSOR,
    MIN_FRAGMENTS,
    MIN_FRAGMENTS_WITHOUT_PRECURSOR,
    NEAR_TIE,
    SURE_SCORE,
    Hit,
    IsomerGroup,
    KnownSubstance,
    Member,
    Verdict,
)
from substances.spectra.comparing import precursor_is_coarse
from substances.spectra.formulas import counts_of, hill_formula, mass_of
from substances.spectra.spectrum import Spectrum

NO_STEREO: Final = "UHFFFAOYSA"
"""The second block of an InChIKey of a structure that states neither stereo nor isotopes."""
Judgement = tuple[Verdict, tuple[str, ...], tuple[IsomerGroup, ...]]


def judge_hits(
    query: Spectrum,
    hits: tuple[Hit, ...],
    known: tuple[KnownSubstance, ...],
    *,
    has_library: bool,
    is_filtered: bool = True,
) -> Judgement:
    """Judge the hits. `known` are substances that exist whether or not the library holds them.

    `is_filtered`: only entries of the query's mass were compared; else no hit means that none shares a peak.
    """
    if not hits and has_library:
        return "no_match", ("none_in_precursor_window" if is_filtered else "score_low",), ()
    if not hits:
        return "no_match", ("library_empty",), ()
    first = hits[0]
    if missing := _shortcomings(query, first):
        return "no_match", missing, ()
    groups = _groups(hits, known)
    reasons = _doubts(query, first)
    if reasons and not groups:
        groups = (IsomerGroup("isobars", first.formula, _isobars(first, known)),)
    reasons += [
        {"tie": "near_tie", "isomers": "isomers_known", "isobars": ""}[group.kind] for group in groups
    ]
    verdict: Verdict = "isomer_group" if reasons else "identified_candidate"
    return verdict, (*filter(None, reasons), "isomers_never_excluded_by_ms"), groups


def _doubts(query: Spectrum, first: Hit) -> list[str]:
    """Return the reasons why a good hit still names only a group, whatever else the library holds."""
    doubts = []
    if first.is_precursor_same is None:
        doubts.append("precursor_unknown")
    if query.is_unit_resolution or precursor_is_coarse(query):
        doubts.append("unit_resolution")
    if first.score < SURE_SCORE:
        doubts.append("score_moderate")
    if first.matched_fragments < MIN_FRAGMENTS:
        doubts.append("few_fragments")
    return doubts


def _shortcomings(query: Spectrum, first: Hit) -> tuple[str, ...]:
    """Return the reasons why the best hit is not named at all."""
    if first.is_precursor_same is False:
        return ("precursor_disagrees",)
    has_precursor = first.is_precursor_same is not None
    score = GOOD_SCORE if has_precursor else GOOD_SCORE_WITHOUT_PRECURSOR
    fragments = 1 if has_precursor else MIN_FRAGMENTS_WITHOUT_PRECURSOR
    missing = []
    if first.score < score:
        missing.append("score_low")
    if first.matched_fragments < fragments:
        missing.append("few_fragments")
    if missing and query.precursor_mz is None:
        missing.append("precursor_unknown")
    return tuple(missing)


def _isobars(first: Hit, known: tuple[KnownSubstance, ...]) -> tuple[Member, ...]:
    """Return the hit with the known substances of its nominal mass."""
    nominal = _nominal_mass(first.formula)
    others = [
        Member(other.name, other.inchikey, None)
        for other in known
        if nominal
        and _nominal_mass(other.formula) == nominal
        and _block(other.inchikey, other.name) != _block(first.inchikey, first.name)
    ]
    return (_member(first), *_in_order(others))


def _nominal_mass(formula: str) -> int:
    try:
        return round(mass_of(counts_of(formula)))
    except InputRefusedError:
        return 0


def _groups(hits: tuple[Hit, ...], known: tuple[KnownSubstance, ...]) -> tuple[IsomerGroup, ...]:
    """Return the groups that hold the first hit: those of its formula, and those of nearly its score."""
    first = hits[0]
    groups = []
    isomers = {_block(hit.inchikey, hit.name): _member(hit) for hit in hits if hit.formula == first.formula}
    for other in known:
        if first.formula and hill_formula(other.formula) == first.formula:
            isomers.setdefault(_form(other, first), Member(other.name, other.inchikey, None))
    if first.formula and len(isomers) > 1:
        groups.append(IsomerGroup("isomers", first.formula, tuple(_in_order(isomers.values()))))
    near = [hit for hit in hits if first.score - hit.score < NEAR_TIE and _could_be_it(hit)]
    if len(near) > 1 and any(hit.formula != first.formula or not first.formula for hit in near):
        groups.append(IsomerGroup("tie", "", tuple(_member(hit) for hit in near)))
    return tuple(groups)


def _form(other: KnownSubstance, first: Hit) -> str:
    """Return the key of a known substance: its connections; in full where it is another stereo form of the hit.

    A mass spectrum does not tell such forms apart. A key without stereo stands for every form and adds none.
    """
    one, two = other.inchikey.split("-"), first.inchikey.split("-")
    is_full = len(one) > 1 < len(two) and not any(key[1].startswith(NO_STEREO) for key in (one, two))
    if is_full and one[0] == two[0] and one[1] != two[1]:
        return other.inchikey
    return _block(other.inchikey, other.name)


def _could_be_it(hit: Hit) -> bool:
    """Tell whether a hit near the first one's score competes with it: the mass excludes one of another mass."""
    return hit.score > 0 and hit.is_precursor_same is not False


def _in_order(members: Iterable[Member]) -> list[Member]:
    return sorted(
        members, key=lambda member: (-(member.score if member.score is not None else -1), member.name)
    )


def _member(hit: Hit) -> Member:
    return Member(hit.name, hit.inchikey, hit.score)


def _block(inchikey: str, name: str) -> str:
    return inchikey.split("-", 1)[0] or name.casefold()
