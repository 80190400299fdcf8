# SPDX-License-Identifier: Apache-2.0
"""The search finds a compound again in spectra of other conditions, and names nothing that is not in the library.

The shipped library holds one spectrum a compound. Measured here: every spectrum against itself, against changed
copies (see `disturbing`), and, with its own compound taken out, against all the others.
"""

import random
import time
from dataclasses import replace

import pytest

from substances.errors import InputRefusedError
from substances.spectra.answers import GOOD_SCORE, NEAR_TIE, REASONS, SURE_SCORE, KnownSubstance
from substances.spectra.comparing import compare_spectra
from substances.spectra.library import shipped_library
from substances.spectra.matching import match
from substances.spectra.searching import search_libraries
from substances.spectra.spectrum import Spectrum
from tests.substances.spectra.disturbed_spectra import disturbed

LIBRARY = shipped_library()
SPECTRA_AT_MOST = 2_000
"""The most spectra that one agency's library holds (docs/limits.md)."""
TILTS = (-10.0, -6.0, -3.0, 3.0, 6.0, 10.0)


def named(name: str) -> Spectrum:
    return next(spectrum for spectrum in LIBRARY if spectrum.name == name)


def changed(tilt: float, *, seed: int = 7, lost: float = 0.2, foreign: float = 1 / 6) -> list[Spectrum]:
    source = random.Random(seed)  # noqa: S311 - a seed, no secret
    return [disturbed(spectrum, tilt, source, lost=lost, foreign=foreign) for spectrum in LIBRARY]


def found_first(queries: list[Spectrum], *, with_precursor: bool) -> int:
    answers = [match(query, LIBRARY, with_precursor=with_precursor) for query in queries]
    return sum(
        bool(answer.hits) and answer.hits[0].inchikey == query.inchikey
        for query, answer in zip(queries, answers, strict=True)
    )


@pytest.mark.parametrize("with_precursor", [True, False])
def test_every_shipped_spectrum_finds_itself_first(with_precursor: bool) -> None:
    assert len(LIBRARY) == 38
    assert found_first(list(LIBRARY), with_precursor=with_precursor) == 38


@pytest.mark.parametrize("tilt", TILTS)
def test_changed_spectra_are_found_first_within_their_precursor(tilt: float) -> None:
    assert found_first(changed(tilt), with_precursor=True) == 38


@pytest.mark.parametrize("tilt", TILTS)
def test_changed_spectra_are_found_first_by_their_fragments_alone(tilt: float) -> None:
    assert found_first(changed(tilt), with_precursor=False) >= 36


@pytest.mark.parametrize("tilt", TILTS)
def test_badly_damaged_spectra_of_unknown_mass_are_mostly_found_first_by_their_fragments(tilt: float) -> None:
    queries = [replace(query, precursor_mz=None) for query in changed(tilt, lost=0.5, foreign=1 / 3)]
    assert found_first(queries, with_precursor=False) >= 33


@pytest.mark.parametrize("with_precursor", [True, False])
@pytest.mark.parametrize("tilt", [0.0, *TILTS])
def test_nothing_is_named_where_the_library_does_not_hold_the_compound(
    with_precursor: bool, tilt: float
) -> None:
    for query in changed(tilt) if tilt else LIBRARY:
        others = [entry for entry in LIBRARY if entry.block != query.block]
        answer = match(query, others, with_precursor=with_precursor)
        assert (answer.verdict, answer.groups) == ("no_match", ())


def test_no_wrong_pair_of_the_shipped_set_comes_near_the_score_that_names() -> None:
    worst = max(
        compare_spectra(query, entry).score
        for place, query in enumerate(LIBRARY)
        for entry in LIBRARY[:place]
    )
    assert worst < GOOD_SCORE - 0.1


def test_no_wrong_pair_is_named_even_if_it_had_the_same_mass() -> None:
    for query in LIBRARY:
        others = [
            replace(entry, precursor_mz=query.precursor_mz) for entry in LIBRARY if entry.block != query.block
        ]
        assert match(query, others).verdict == "no_match"


def test_a_query_without_precursor_is_never_a_candidate() -> None:
    for query in LIBRARY:
        answer = match(replace(query, precursor_mz=None), LIBRARY)
        assert not answer.with_precursor
        assert answer.verdict != "identified_candidate"


def test_like_spectra_of_other_masses_are_related_at_most() -> None:
    query = replace(named("fentanyl"), precursor_mz=351.2431)
    answer = match(query, LIBRARY, with_precursor=False)
    assert answer.hits[0].name == "fentanyl"
    assert (answer.verdict, answer.reasons) == ("no_match", ("precursor_disagrees",))


def test_isomers_that_are_known_make_a_group_and_never_a_bare_name() -> None:
    answer = search_libraries(named("mephedrone"))
    assert answer.verdict == "isomer_group"
    assert "isomers_known" in answer.reasons
    names = [member.name for member in answer.groups[0].members]
    assert names[0] == "mephedrone"
    assert "3-MMC" in names
    assert answer.groups[0].members[1].score is None


def test_an_isomer_with_nearly_the_same_spectrum_is_in_the_group_with_its_score() -> None:
    source = random.Random(1)  # noqa: S311 - a seed, no secret
    twin = replace(
        disturbed(named("cocaine"), 0.0, source), name="an isomer", inchikey="AAAAAAAAAAAAAA-UHFFFAOYSA-N"
    )
    answer = match(named("cocaine"), (*LIBRARY, twin))
    assert answer.verdict == "isomer_group"
    assert {member.name for member in answer.groups[0].members} == {"cocaine", "an isomer"}
    assert all(member.score for member in answer.groups[0].members)


def test_stereo_forms_of_one_compound_are_one_hit() -> None:
    ephedrine = named("ephedrine")
    other_form = replace(ephedrine, name="pseudo form", inchikey=f"{ephedrine.block}-XXXXXXXXXX-N")
    answer = match(ephedrine, (*LIBRARY, other_form))
    assert [hit.inchikey[:14] for hit in answer.hits].count(ephedrine.block) == 1
    assert answer.hits[0].spectra == 2
    assert answer.verdict == "isomer_group"
    assert [member.name for member in answer.groups[0].members] == ["ephedrine", "pseudo form"]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("THC", "cannabidiol"),
        ("methamphetamine", "phentermine"),
        ("cathine", "norephedrine"),
        ("quinine", "quinidine"),
    ],
)
def test_an_isomer_that_only_the_shipped_lists_know_keeps_a_hit_from_standing_alone(
    name: str, other: str
) -> None:
    answer = search_libraries(named(name))
    assert answer.verdict == "isomer_group"
    assert other in [member.name for member in answer.groups[0].members]


def test_a_known_substance_without_stereo_is_no_other_form_of_a_hit() -> None:
    query = named("cathine")
    flat = KnownSubstance("flat", f"{query.block}-UHFFFAOYSA-N", query.formula)
    assert match(query, LIBRARY, known=(flat,)).verdict == "identified_candidate"


def test_near_ties_of_different_formulas_are_a_tie() -> None:
    twin = replace(
        named("cocaine"), name="a stranger", inchikey="BBBBBBBBBBBBBB-UHFFFAOYSA-N", formula="C18H25NO3"
    )
    answer = match(named("cocaine"), (*LIBRARY, twin))
    assert answer.verdict == "isomer_group"
    assert "near_tie" in answer.reasons


def test_of_scores_that_are_nearly_equal_the_one_of_the_same_mass_comes_first() -> None:
    query = named("cocaine")
    homologue = replace(
        query,
        name="a homologue",
        inchikey="DDDDDDDDDDDDDD-UHFFFAOYSA-N",
        precursor_mz=318.17,
        formula="C18H23NO4",
    )
    altered = replace(query, peaks=(*query.peaks[:-1], (query.peaks[-1][0], query.peaks[-1][1] * 0.6)))
    answer = match(query, (homologue, altered), with_precursor=False)
    assert [hit.name for hit in answer.hits] == ["cocaine", "a homologue"]
    assert answer.hits[0].score < answer.hits[1].score
    assert answer.verdict == "identified_candidate"


def test_a_hit_that_can_be_named_is_not_hidden_by_one_of_another_mass_that_scores_higher() -> None:
    query = named("ketamine")
    nor = replace(
        query,
        name="a homologue",
        inchikey="DDDDDDDDDDDDDD-UHFFFAOYSA-N",
        precursor_mz=224.0837,
        formula="C12H14ClNO",
    )
    source = random.Random(3)  # noqa: S311 - a seed, no secret
    asked = disturbed(query, -3.0, source)
    answer = match(asked, (nor, disturbed(query, -3.0, source)), with_precursor=False)
    assert answer.hits[1].score - answer.hits[0].score > NEAR_TIE
    assert [hit.name for hit in answer.hits] == ["ketamine", "a homologue"]
    assert answer.verdict != "no_match"


def test_unit_resolution_names_the_isobars_and_no_compound_alone() -> None:
    known = (KnownSubstance("isobar", "CCCCCCCCCCCCCC-UHFFFAOYSA-N", "C9H13NO"),)
    answer = match(named("paracetamol"), LIBRARY, known=known)
    assert answer.verdict == "isomer_group"
    assert "unit_resolution" in answer.reasons
    assert [member.name for member in answer.groups[0].members] == ["paracetamol", "isobar"]


def test_a_score_between_good_and_sure_names_a_group() -> None:
    query = named("fentanyl")
    source = random.Random(5)  # noqa: S311 - a seed, no secret
    changed_ones = [disturbed(query, tilt / 2, source) for tilt in range(-20, 20)]
    answers = [match(one, LIBRARY) for one in changed_ones]
    between = [answer for answer in answers if GOOD_SCORE <= answer.hits[0].score < SURE_SCORE]
    assert between
    assert {answer.verdict for answer in between} == {"isomer_group"}
    assert all("score_moderate" in answer.reasons for answer in between)


def test_few_fragments_are_said_and_make_no_candidate() -> None:
    answer = match(named("amphetamine"), LIBRARY)
    assert answer.hits[0].name == "amphetamine"
    assert answer.verdict == "isomer_group"
    assert "few_fragments" in answer.reasons


def test_the_other_polarity_and_the_other_ionisation_are_not_compared() -> None:
    query = named("fentanyl")
    assert match(replace(query, ion_mode="negative"), LIBRARY).reasons == ("library_empty",)
    electron = replace(query, instrument_type="GC-EI-Q", precursor_mz=None)
    assert match(electron, LIBRARY).compared == 0


def test_a_coarse_precursor_widens_the_filter() -> None:
    query = replace(named("ephedrine"), precursor_mz=166.1)
    answer = match(query, LIBRARY)
    assert answer.hits[0].name == "ephedrine"
    assert answer.verdict == "isomer_group"


def test_a_hit_carries_licence_authors_copyright_and_accession() -> None:
    hit = match(named("etizolam"), LIBRARY).hits[0]
    assert hit.licence == "CC BY"
    assert hit.authors
    assert hit.accession.startswith("MSBNK-")
    assert hit.origin == "shipped"


def test_every_reason_is_in_the_closed_list() -> None:
    for query in LIBRARY:
        for with_precursor in (True, False):
            assert set(match(query, LIBRARY, with_precursor=with_precursor).reasons) <= REASONS


def test_what_is_no_mass_spectrum_is_refused() -> None:
    with pytest.raises(InputRefusedError) as caught:
        match(replace(named("fentanyl"), kind="nmr"), LIBRARY)
    assert caught.value.code == "not_mass_spectrum"


def test_as_many_spectra_as_a_library_may_hold_are_searched_without_a_filter_within_the_time_of_a_question() -> (
    None
):
    source = random.Random(3)  # noqa: S311 - a seed, no secret
    changed_once = [disturbed(entry, 1.0, source) for entry in LIBRARY]
    library = [
        replace(entry, inchikey=f"{place:014d}-UHFFFAOYSA-N")
        for place in range(SPECTRA_AT_MOST // len(LIBRARY))
        for entry in changed_once
    ]
    began = time.process_time()
    assert match(named("fentanyl"), library, with_precursor=False).compared == len(library) > 1_900
    assert time.process_time() - began < 15
