# SPDX-License-Identifier: Apache-2.0
"""Entries are found by structure, number, name and code; never by similarity, and another stereo form never counts as the same."""

from typing import Any

import pytest

from substances.control.listings import ListingHit, ListingSet, shipped_listings
from substances.control.naming import keys_of, name_key, synonym_rows
from substances.structures.patterns import full_inchikey
from tests.substances.control.listing_texts import lists_of

FLAT = "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
LEFT = "RYYVLZVUVIJVGH-AAAAAAAASA-N"
RIGHT = "RYYVLZVUVIJVGH-BBBBBBBBSA-N"
OTHER = "GDSCFOSHSOWNDL-UHFFFAOYSA-N"
IMINE, AMIDINE = "CN=C1C[N+]([O-])=C(c2ccccc2)c2cc(Cl)ccc2N1", "CNC1=Nc2ccc(Cl)cc2C(c2ccccc2)=[N+]([O-])C1"


def _ways(listings: ListingSet, **asked: Any) -> list[tuple[str, str]]:
    """Return the schedule of every entry that is found, and by which identifier."""
    return [(hit.listing.schedule, hit.found_by) for hit in listings.find(**asked)]


@pytest.mark.parametrize(
    ("asked", "way"),
    [
        ({"keys": [FLAT]}, "structure"),
        ({"keys": ["RYYVLZVUVIJVGH"]}, "structure"),
        ({"cas": " 58-08-2 "}, "cas"),
        ({"names": ["ALPHA\u2010Thing"]}, "name"),
        ({"names": ["\u03b1-thing"]}, "name"),
        ({"names": ["t1"]}, "name"),
        ({"names": ["Thingy hydrochloride"]}, "name"),
        ({"names": ["4711"]}, "name"),
        ({"keys": [FLAT], "cas": "58-08-2", "names": ["thingy"]}, "structure"),
    ],
)
def test_an_entry_is_found_in_each_way_and_once(asked: dict[str, Any], way: str) -> None:
    assert _ways(lists_of({}), **asked) == [("List 1", way)]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"keys": [""], "names": [""]},
        {"names": ["thing"]},
        {"names": ["alpha-thin"]},
        {"names": ["471"]},
        {"cas": "58-08-3"},
        {"keys": [OTHER]},
        {"keys": [OTHER], "names": ["thingy"], "cas": "58-08-2"},  # the structure decides
    ],
)
def test_nothing_near_is_guessed(asked: dict[str, Any]) -> None:
    assert lists_of({}).find(**asked) == ()


def test_an_entry_without_a_structure_is_found_by_name_beside_any_structure() -> None:
    assert _ways(lists_of({"inchikey": ""}), keys=[OTHER], names=["thingy"]) == [("List 1", "name")]


@pytest.mark.parametrize(
    ("named", "drawn", "way"),
    [
        (LEFT, LEFT, "structure"),
        (LEFT, f"{LEFT[:26]}M", "structure"),  # a charge makes no difference
        (LEFT, FLAT, "structure_without_stereo"),
        (FLAT, LEFT, "structure_without_stereo"),
        (LEFT, RIGHT, "other_form"),
        ("RYYVLZVUVIJVGH", RIGHT, "structure"),  # the entry leaves the form open
        (f"{LEFT} {RIGHT}", RIGHT, "structure"),
        (f"{OTHER} {LEFT}", RIGHT, "other_form"),
    ],
)
def test_a_structure_is_met_by_its_own_form_before_others(named: str, drawn: str, way: str) -> None:
    assert _ways(lists_of({"inchikey": named}), keys=[drawn]) == [("List 1", way)]


def test_the_exact_form_goes_before_the_others() -> None:
    lists = lists_of({"schedule": "List 2", "inchikey": RIGHT}, {"inchikey": LEFT})
    assert _ways(lists, keys=[LEFT]) == [("List 1", "structure"), ("List 2", "other_form")]


def test_the_whole_salt_is_told_from_its_base() -> None:
    lists = lists_of({}, {"schedule": "List 2", "inchikey": OTHER})
    hits = lists.find(keys={FLAT: "base", OTHER: ""}, whole=OTHER)
    assert [(hit.listing.schedule, hit.is_whole, hit.part) for hit in hits] == [
        ("List 1", False, "base"),
        ("List 2", True, ""),
    ]


@pytest.mark.parametrize("asked", [{"names": ["thingy"]}, {"cas": "58-08-2"}])
def test_a_name_or_number_in_one_list_leads_to_the_same_substance_in_every_other(
    asked: dict[str, Any],
) -> None:
    other = {"name": "Ding", "synonyms": "", "cas": "", "code": "", "item": "2"}
    lists = lists_of({"inchikey": LEFT}, other | {"schedule": "List 2", "inchikey": LEFT})
    assert [hit.listing.schedule for hit in lists.find(**asked)] == ["List 1", "List 2"]
    assert {hit.way for hit in lists.find(**asked)} == {"cas" if "cas" in asked else "name"}


def test_a_name_does_not_lead_to_another_form_as_if_it_were_the_same() -> None:
    right = {
        "name": "dextrothing",
        "synonyms": "",
        "cas": "",
        "code": "",
        "schedule": "List 2",
        "inchikey": RIGHT,
    }
    open_one = right | {"name": "racething", "schedule": "List 3", "inchikey": "RYYVLZVUVIJVGH"}
    lists = lists_of({"inchikey": LEFT}, right, open_one)
    assert _ways(lists, names=["thingy"]) == [
        ("List 1", "name"),
        ("List 2", "other_form"),
        ("List 3", "structure"),
    ]
    assert _ways(lists, names=["racething"]) == [
        ("List 3", "name"),
        ("List 1", "structure_without_stereo"),
        ("List 2", "structure_without_stereo"),
    ]


@pytest.mark.parametrize("asked", [{"names": ["T-1"]}, {"names": ["4711"]}, {"cas": "58-08-2"}])
def test_a_name_code_or_number_of_several_substances_is_told_and_leads_no_further(
    asked: dict[str, Any],
) -> None:
    second = {"name": "beta-thing", "item": "2", "schedule": "List 2", "inchikey": OTHER}
    third = {"name": "Ding", "synonyms": "", "cas": "", "code": "", "schedule": "List 3"}
    hits = lists_of({}, second, third).find(**asked)
    assert [(hit.listing.schedule, hit.is_shared) for hit in hits] == [("List 1", True), ("List 2", True)]
    assert not any(hit.is_shared for hit in lists_of({}, second, third).find(names=["alpha-thing"]))


def test_two_drawings_of_one_substance_are_one_substance() -> None:
    """Chlordiazepoxide is drawn as an imine and as an amidine; either drawing finds every list."""
    hits = shipped_listings().find(names=["chlordiazepoxide"])
    assert {"UN", "US", "CA", "DE", "UK"} <= {hit.listing.jurisdiction for hit in hits}
    assert not any(hit.is_shared for hit in hits)
    for smiles in (IMINE, AMIDINE):
        found = shipped_listings().find(keys=[full_inchikey(smiles)])
        assert {hit.listing for hit in found} == {hit.listing for hit in hits}


def _names(jurisdiction: str, hits: tuple[ListingHit, ...]) -> set[str]:
    return {hit.listing.name.casefold() for hit in hits if hit.listing.jurisdiction == jurisdiction}


@pytest.mark.parametrize(
    ("name", "smiles", "schedule"),
    [
        ("midazolam", "Cc1ncc2n1-c1ccc(Cl)cc1C(=NC2)c1ccccc1F", "Schedule IV"),
        ("lorazepam", "OC1N=C(c2ccccc2Cl)c2cc(Cl)ccc2NC1=O", "Schedule IV"),
        ("pentazocine", "CC1C2Cc3ccc(O)cc3C1(C)CCN2CC=C(C)C", "Schedule III"),
        ("methaqualone", "Cc1ccccc1-n1c(C)nc2ccccc2c1=O", "Schedule II"),
        ("diphenoxylate", "CCOC(=O)C1(c2ccccc2)CCN(CCC(C#N)(c2ccccc2)c2ccccc2)CC1", "Schedule I"),
        ("ketobemidone", "CCC(=O)C1(c2cccc(O)c2)CCN(C)CC1", "Schedule I"),
        ("dihydrocodeine", "COc1ccc2CC3N(C)CCC45C3CCC(O)C4Oc1c25", "Schedule II"),
    ],
)
def test_what_the_conventions_name_is_found_by_name_and_by_structure(
    name: str, smiles: str, schedule: str
) -> None:
    for asked in ({"names": [name]}, {"keys": [full_inchikey(smiles)]}):
        hits = [hit.listing for hit in shipped_listings().find(**asked) if hit.listing.jurisdiction == "UN"]  # type: ignore[arg-type]
        assert (name, schedule) in {(listing.name.casefold(), listing.schedule) for listing in hits}


@pytest.mark.parametrize(
    ("common", "name"),
    [
        ("PCP", "phencyclidine"),
        ("meperidine", "pethidine"),
        ("heroin", "heroin"),
        ("diacetylmorphine", "heroin"),
    ],
)
def test_a_common_name_leads_to_the_name_on_the_list(common: str, name: str) -> None:
    assert name in _names("UN", shipped_listings().find(names=[common]))


def test_every_shipped_common_name_leads_to_an_entry() -> None:
    lost = [synonym for _name, synonym in synonym_rows() if not shipped_listings().find(names=[synonym])]
    assert lost == []


def test_a_name_without_a_structure_is_still_a_name() -> None:
    opium = shipped_listings().find(names=["opium"])
    assert {"UN", "CA", "DE"} <= {hit.listing.jurisdiction for hit in opium if hit.listing.kind == "material"}
    assert {hit.found_by for hit in opium} == {"name"}


def test_names_are_compared_by_one_spelling() -> None:
    same = [
        "para-fluoro fentanyl",
        "Para\u2011Fluorofentanyl",
        "PARA\u2013FLUORO\u00a0FENTANYL",
        "\uff50ara-fluorofentanyl",
    ]
    assert len({name_key(name) for name in same}) == 1
    assert name_key("2\u2032,5'-dimethoxyfentanyl") == name_key("2',5'-dimethoxyfentanyl")
    assert name_key("1,2-x") != name_key("12-x")
    assert name_key("f\u0435ntanyl") != name_key("fentanyl")  # a Cyrillic letter is another letter
    assert keys_of("fentanyl citrate monohydrate") == (
        "fentanylcitratemonohydrate",
        "fentanylcitrate",
        "fentanyl",
    )
    assert keys_of("  ") == ()
