# SPDX-License-Identifier: Apache-2.0
"""Answers of a search in a library of spectra: hits, groups, a verdict and the codes behind it."""

from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal["identified_candidate", "isomer_group", "no_match"]

GOOD_SCORE: Final = 0.65
"""Below this no compound is named. The best wrong pair of the shipped set scores 0.53."""
SURE_SCORE: Final = 0.75
"""From this on a compound may be named alone: Li et al. 2021 found under a tenth of false discoveries there."""
NEAR_TIE: Final = 0.10
"""Hits whose scores differ by less are not distinguished."""
PRECURSOR_FAVOUR: Final = 0.25
"""The bonus of a hit whose precursor is the query's.

A hit of another mass is never named, and the spectra of one compound differ by more than this from one collision energy to
another (docs/spectra.md).
"""
MIN_FRAGMENTS: Final = 3
"""This many fragments, besides the precursor, must agree before a compound is named alone."""
GOOD_SCORE_WITHOUT_PRECURSOR: Final = SURE_SCORE
MIN_FRAGMENTS_WITHOUT_PRECURSOR: Final = 5
MAX_HITS: Final = 50
REASONS: Final = frozenset(
    {
        "library_empty",  # nothing of this kind to compare with
        "none_in_precursor_window",
        "score_low",
        "score_moderate",  # alike, but not enough to stand alone
        "few_fragments",
        "precursor_unknown",
        "precursor_disagrees",  # spectra alike, masses not: a related substance at most
        "unit_resolution",  # nominal masses only: isobars are not told apart
        "near_tie",
        "isomers_known",
        "isomers_never_excluded_by_ms",  # always: the standing limit of the method
    }
)


@dataclass(frozen=True, slots=True)
class KnownSubstance:
    """A substance that may be an isomer of a hit, though no spectrum of it is in the library."""

    name: str
    inchikey: str
    formula: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One compound of the library, by its best spectrum. `entry` is that spectrum's index in the given library.

    `spectra` counts the compound's spectra that were compared. `precursor_error_ppm` is query less entry.
    """

    place: int
    entry: int
    name: str
    inchikey: str
    formula: str
    score: float
    matched: int
    matched_fragments: int
    query_peaks: int
    entry_peaks: int
    precursor_error_ppm: float | None
    is_precursor_same: bool | None
    spectra: int
    adduct: str
    energy: str
    instrument: str
    accession: str
    licence: str
    authors: str
    copyright: str
    origin: str


@dataclass(frozen=True, slots=True)
class Member:
    """One substance of an isomer group; `score` is None where no spectrum of it was compared."""

    name: str
    inchikey: str
    score: float | None


@dataclass(frozen=True, slots=True)
class IsomerGroup:
    """Substances that the spectrum does not tell apart.

    `kind`: "isomers" have one formula; "tie" have nearly one score; "isobars" have one nominal mass, where the query's
    resolution or number of fragments does not separate them.
    """

    kind: str
    formula: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """The answer: hits, groups, a verdict and the codes of REASONS that led to it.

    Hits are ordered by `Comparison.standing`, which is nearly their score; those of the query's precursor get the bonus
    PRECURSOR_FAVOUR.

    `compared` counts library spectra that were compared, `library_size` those offered. `fragment_tolerance_da` is the one used
    for the first hit.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    hits: tuple[Hit, ...]
    groups: tuple[IsomerGroup, ...]
    compared: int
    library_size: int
    with_precursor: bool
    fragment_tolerance_da: float | None
