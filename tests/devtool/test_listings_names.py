# SPDX-License-Identifier: Apache-2.0
"""Names in legal texts are spelled for a reader of chemical names; a structure is taken only where sources agree."""

import pytest

from devtool.listings.converting import clause_of, grade_of, kind_of, synonyms_of
from devtool.listings.resolving import Entry, Found, key_of, resolve
from devtool.listings.spelling import is_systematic, spellings
from devtool.listings.texts import TextRow
from substances.control.naming import name_key

PARACETAMOL, PHENACETIN, CAFFEINE = "CC(=O)Nc1ccc(O)cc1", "CCOc1ccc(NC(C)=O)cc1", "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
SYSTEMATIC = "N-(4-hydroxyphenyl)acetamide"
LEFT, OPEN = "C[C@@H](N)Cc1ccccc1", "CC(N)Cc1ccccc1"


def row(**cells: str) -> TextRow:
    return TextRow(
        number=2,
        instrument=cells.get("instrument", "Belmoran act"),
        schedule=cells.get("schedule", "I"),
        item="1",
        name=cells.get("name", "thing"),
        other_names=tuple(filter(None, cells.get("other_names", "").split("|"))),
        code="",
        includes=cells.get("includes", "its salts"),
        temporary=False,
        from_date="",
        source=cells.get("source", "A gazette"),
        note=cells.get("note", ""),
    )


def found(
    name: str,
    *,
    read: dict[str, str] | None = None,
    records: dict[str, list[tuple[str, bool]]] | None = None,
    table: dict[str, set[str]] | None = None,
    elsewhere: dict[str, dict[str, set[str]]] | None = None,
) -> Found | None:
    (one,) = resolve([Entry("XB", row(name=name))], read or {}, records or {}, table or {}, elsewhere or {})
    return one


@pytest.mark.parametrize(
    ("printed", "spelled"),
    [
        (f"Thing ({SYSTEMATIC})", SYSTEMATIC),
        (f"Thing ({SYSTEMATIC}) (including its salts)", SYSTEMATIC),
        (f"Thing ({SYSTEMATIC}; also known as T-1)", "T-1"),
        (f"{SYSTEMATIC}, its salts and isomers", SYSTEMATIC),
        ("1\u2014phenyl\u20142\u2014propanone", "1-phenyl-2-propanone"),
        ("\u03c1-Fluorothing", "p-Fluorothing"),
        ("androst-1,4-diene-3,17-dione", "androsta-1,4-diene-3,17-dione"),
    ],
)
def test_a_printed_name_is_spelled_as_a_reader_takes_it(printed: str, spelled: str) -> None:
    assert spelled in spellings(printed, (), german=False)


@pytest.mark.parametrize(
    ("printed", "spelled"),
    [
        ("(4-Methoxynaphthalin-1-yl)(1-pentyl-1H-indol-3-yl)methanon", "(4-Methoxynaphthalen-1-yl)(1-pentyl-1H-indol-3-yl)methanone"),
        ("(6-Dimethylamino-4,4-diphenylheptan-3-yl)acetat", "6-Dimethylamino-4,4-diphenylheptan-3-yl acetate"),
        ("2-(2-Chlorphenyl)-2-(methylamino)cyclohexanon", "2-(2-Chlorophenyl)-2-(methylamino)cyclohexanone"),
    ],
)  # fmt: skip
def test_a_german_name_is_spelled_in_english_too(printed: str, spelled: str) -> None:
    assert spelled in spellings(printed, (), german=True)


def test_a_systematic_name_is_told_from_a_common_one() -> None:
    assert is_systematic(SYSTEMATIC) and not is_systematic("paracetamol") and not is_systematic("2C-B")


def test_bits_of_a_systematic_name_are_no_other_names_of_the_entry() -> None:
    entry = Entry(
        "XB", row(name="Methyl (E)-2-(2-thienyl)acrylate (commonly known as MTA)", other_names="MTA|(ester)")
    )
    assert synonyms_of(entry, {}) == ("MTA", "Methyl (E)-2-(2-thienyl)acrylate")
    assert "Thing" in synonyms_of(Entry("XB", row(name=f"Thing ({SYSTEMATIC})")), {})


def test_a_reading_of_the_systematic_name_is_enough() -> None:
    one = found(SYSTEMATIC, read={SYSTEMATIC: PARACETAMOL})
    assert one == Found(key_of(PARACETAMOL)[:14], PARACETAMOL, ("text XB",))


def test_a_common_name_that_was_read_stands_for_nothing_alone() -> None:
    assert found("thing", read={"thing": PARACETAMOL}) is None
    one = found("thing", read={"thing": PARACETAMOL}, records={"thing": [(PARACETAMOL, False)]})
    assert one is not None and one.ways == ("record", "trivial name")


def test_where_two_ways_tie_there_is_no_structure_unless_a_record_settles_it() -> None:
    table = {"thing": {PHENACETIN}}
    assert found("thing", records={"thing": [(PARACETAMOL, False)]}, table=table) is None
    settled = found("thing", records={"thing": [(PARACETAMOL, True)]}, table=table)
    assert settled is not None and settled.inchikey == key_of(PARACETAMOL)[:14]
    assert settled.against == (f"{key_of(PHENACETIN)[:14]}: table",)


def test_the_entry_of_another_text_counts_and_the_own_list_says_nothing_of_itself() -> None:
    assert found("thing", elsewhere={"thing": {PARACETAMOL: {"XB"}}}) is None
    one = found("thing", elsewhere={"thing": {PARACETAMOL: {"XA"}}})
    assert one is not None and one.ways == ("text XA",)


def test_a_stereo_form_is_named_only_where_the_entry_says_which() -> None:
    records = {name_key(name): [(LEFT, False)] for name in ("thing", "dexthing", "rac-thing")}
    forms = {name: found(name, records=records) for name in ("thing", "dexthing", "rac-thing")}
    assert {name: one.inchikey for name, one in forms.items() if one} == {
        "thing": key_of(OPEN)[:14],
        "dexthing": key_of(LEFT),
        "rac-thing": key_of(OPEN)[:14],
    }


def test_what_no_way_knows_has_no_structure() -> None:
    assert found("thing") is None and found("thing", records={"thing": [("no smiles", False)]}) is None


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"name": "thing"}, "substance"),
        ({"name": "Tetrahydrocannabinols"}, "class"),
        ({"name": "things", "note": "class entry, not one substance"}, "class"),
        ({"name": "Coca leaves"}, "material"),
        ({"name": "thing", "note": "limited to: not more than 1 mg"}, "preparation"),
        ({"name": "Tetrahydrocannabinols", "note": "named exclusion: not caught by item 1"}, "exclusion"),
    ],
)
def test_the_kind_of_an_entry_comes_from_its_own_words(cells: dict[str, str], kind: str) -> None:
    assert kind_of(row(**cells)) == kind


@pytest.mark.parametrize(
    ("includes", "clause"),
    [
        (
            "salts, isomers (optical, position and geometric), and salts of isomers",
            "salts isomers position_isomers",
        ),
        ("isomers, esters, ethers, salts", "salts isomers esters ethers"),
        ("general clause not seen", "not_seen"),
        ("", "not_seen"),
        ("no salts or isomers", "none"),
        (
            "stereoisomers of substances of any annex when meant for misuse; salts",
            "salts stereoisomers_if_misused",
        ),
    ],
)
def test_the_clause_is_what_was_read(includes: str, clause: str) -> None:
    assert clause_of(row(includes=includes)) == clause


@pytest.mark.parametrize(
    ("instrument", "schedule", "clause"),
    [
        (
            "Single Convention on Narcotic Drugs, 1961",
            "Schedule I",
            "salts isomers esters ethers preparations",
        ),
        ("Single Convention on Narcotic Drugs, 1961", "Schedule II", "salts isomers preparations"),
        ("Convention on Psychotropic Substances, 1971", "Schedule I", "salts stereoisomers preparations"),
        ("Convention on Psychotropic Substances, 1971", "Schedule IV", "salts preparations"),
    ],
)
def test_national_law_that_names_a_convention_takes_in_no_more_than_the_convention(
    instrument: str, schedule: str, clause: str
) -> None:
    national = row(
        instrument=instrument,
        schedule=schedule,
        includes="isomers; esters, ethers; salts; preparations",
        source="Austria, a regulation",
    )
    assert clause_of(national) == clause


def test_the_grade_is_the_notes_or_that_of_the_text() -> None:
    assert grade_of(row()) == "A" and grade_of(row(note="grade B, as transposed")) == "B"
    assert (
        grade_of(row(source="Home Office circular 1/2024")) == "C"
        and grade_of(row(note="from a DRAFT")) == "D"
    )
