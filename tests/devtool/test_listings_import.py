# SPDX-License-Identifier: Apache-2.0
"""Import of a newer text of a listing: shown first, written whole or not at all, nothing decided silently."""

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from devtool.errors import DevtoolError
from devtool.listings import opsin
from devtool.listings.command import build_parser, import_file, tools_of_this_machine
from devtool.listings.held import LISTINGS, read_held, replace_list
from devtool.listings.importing import Order, Plan, Tools, plan_import
from devtool.listings.resolving import read_table
from devtool.listings.texts import COLUMNS, TextRefusedError
from substances.control.listings import Listing, read_listings
from tests.substances.control.listing_texts import EMPTY, text_of

OLD, DAY, TODAY = "2025-06-01", "2026-09-21", date(2026, 11, 29)
ACT, RULES = "Belmoran act", "Belmoran rules"
CAFFEINE = "RYYVLZVUVIJVGH"
PARACETAMOL = "RZVAJINKPMORJF"
OLD_TEXT = {
    "kind": "source",
    "item": "xb-1",
    "name": "Act, as of June 2025",
    "seen": OLD,
    "link": "https://b.example/",
}
ENTRY = EMPTY | {
    "kind": "substance", "jurisdiction": "XB", "instrument": ACT, "schedule": "Schedule I", "clause": "salts",
    "precision": "unknown", "grade": "A", "source": "xb-1",
}  # fmt: skip
ROWS = (
    EMPTY | OLD_TEXT,
    EMPTY | OLD_TEXT | {"item": "xa-1", "name": "Another gazette"},
    EMPTY | {"kind": "coverage", "jurisdiction": "XB", "instrument": ACT, "name": "complete", "seen": OLD},
    EMPTY | {"kind": "coverage", "jurisdiction": "XB", "instrument": RULES, "name": "partial"},
    ENTRY | {"item": "1", "name": "alpha-thing", "code": "10", "inchikey": CAFFEINE, "structure": "by hand", "cas": "58-08-2"},
    ENTRY | {"item": "2", "name": "beta-thing", "code": "11", "inchikey": "AAAAAAAAAAAAAA", "from": "2019-05-01", "precision": "day"},
    ENTRY | {"item": "3", "name": "things of any sort", "kind": "class"},
    ENTRY | {"item": "9", "name": "delta-thing", "instrument": RULES},
    ENTRY | {"item": "1", "name": "alpha-thing", "jurisdiction": "XA", "instrument": "An act", "source": "xa-1"},
)  # fmt: skip
HELD = text_of(*ROWS)
PRINTED = {
    "instrument": ACT, "schedule": "I", "includes": "its salts", "temporary": "no", "source": "Act, as of September 2026",
}  # fmt: skip
ALPHA = PRINTED | {"item": "1", "name": "alpha-thing", "code": "10"}
BETA = PRINTED | {"item": "2", "name": "beta-thing", "code": "11"}


def text(*rows: dict[str, str]) -> bytes:
    """The CSV file of a gathered text."""
    lines = io.StringIO(newline="")
    table = csv.DictWriter(lines, COLUMNS, restval="")
    table.writeheader()
    table.writerows(rows)
    return lines.getvalue().encode()


def order(**changes: str) -> Order:
    day = date.fromisoformat(changes.pop("as_of", DAY))
    return Order(**({"jurisdiction": "XB", "link": "https://b.example/"} | changes), as_of=day, today=TODAY)


def plan(*rows: dict[str, str], held: str = HELD, tools: Tools = Tools(), **changes: Any) -> Plan:  # noqa: B008
    return plan_import(text(*rows), held, order(**changes), tools)


def entries(found: Plan, instrument: str = ACT) -> dict[str, Listing]:
    """The instrument's entries after the import, by name, as the product reads them."""
    lists = read_listings(found.after)
    return {one.name: one for one in lists.listings if one.instrument == instrument}


def faults(data: bytes) -> list[str]:
    with pytest.raises(TextRefusedError) as refused:
        plan_import(data, HELD, order(), Tools())
    return [fault.line() for fault in refused.value.faults]


def told(found: Plan, code: str) -> list[str]:
    return [one.words for one in found.told if one.code == code]


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., str]:
    """Run the command on a list of its own, as `bring(rows..., write=True)`; return its output."""
    file, into = tmp_path / "gathered.csv", tmp_path / "listings.csv"
    into.write_text(HELD)

    def run(*rows: dict[str, str], write: bool = False, gone: int | None = None, **changes: str) -> str:
        file.write_bytes(text(*rows))
        out = io.StringIO()
        assert import_file(file, order(**changes), Tools(), write=write, gone=gone, into=into, out=out) == 0
        return out.getvalue()

    return run


# Changes


def test_a_dry_run_tells_what_would_change_and_writes_nothing(
    bring: Callable[..., str], tmp_path: Path
) -> None:
    said = bring(ALPHA | {"code": "12"}, PRINTED | {"item": "4", "name": "paracetamol"})
    assert "As before: 0. Changed: 1. Added: 1. Gone: 1." in said
    assert "    code: 10 -> 12" in said
    assert "+ Belmoran act 4 paracetamol [substance; structure: record]" in said
    assert "- Belmoran act 2 beta-thing [substance; ends]" in said
    assert "= Belmoran act 3 things of any sort" in said
    assert "Nothing was written. Add --write" in said
    assert (tmp_path / "listings.csv").read_text() == HELD


def test_written_it_holds_the_text_its_source_and_the_new_day_and_all_else_byte_for_byte(
    bring: Callable[..., str], tmp_path: Path
) -> None:
    assert "Written: listings.csv." in bring(ALPHA, BETA, write=True, credit="a licence")
    after = (tmp_path / "listings.csv").read_text()
    lists = read_listings(after)
    source = next(one for one in lists.sources if one.id == "xb-2")
    assert (source.citation, source.seen) == (PRINTED["source"], date.fromisoformat(DAY))
    assert (source.link, source.credit) == ("https://b.example/", "a licence")
    covered = {one.instrument: one.until for one in lists.coverage_of("XB")}
    assert covered == {ACT: date.fromisoformat(DAY), RULES: None}
    untouched = [line for line in HELD.splitlines() if ACT not in line]
    assert [line for line in after.splitlines() if ACT not in line and "xb-2" not in line] == untouched
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gathered.csv", "listings.csv"]


def test_the_same_text_once_more_changes_nothing(bring: Callable[..., str], tmp_path: Path) -> None:
    bring(ALPHA, PRINTED | {"item": "4", "name": "paracetamol"}, write=True)
    once = (tmp_path / "listings.csv").read_text()
    assert "Changed: 0. Added: 0. Gone: 0." in bring(
        ALPHA, PRINTED | {"item": "4", "name": "paracetamol"}, write=True
    )
    assert (tmp_path / "listings.csv").read_text() == once


def test_what_is_named_no_more_ends_and_is_still_known_for_earlier_days() -> None:
    beta = entries(plan(ALPHA))["beta-thing"]
    assert beta.end == date.fromisoformat(DAY)
    assert beta.phase_on(date(2020, 1, 1)) == "in_force" and beta.phase_on(date(2026, 9, 21)) == "ended"


def test_what_only_has_a_new_name_goes_and_the_day_it_began_stays() -> None:
    found = plan(ALPHA, BETA | {"name": "beta-thing, mended", "other_names": "b-1"})
    after = entries(found)
    assert "beta-thing" not in after and after["beta-thing, mended"].start == date(2019, 5, 1)
    assert after["beta-thing, mended"].inchikeys == ("AAAAAAAAAAAAAA",)
    assert [changed.cells[0] for changed in found.comparison.changed] == [
        ("name", "beta-thing", "beta-thing, mended")
    ]


def test_what_the_text_of_the_same_day_does_not_hold_is_taken_away() -> None:
    same = ALPHA | {"source": OLD_TEXT["name"]}
    assert "beta-thing" not in entries(plan(same, as_of=OLD))


def test_of_an_instrument_that_is_known_in_part_nothing_ends() -> None:
    after = entries(plan(PRINTED | {"instrument": RULES, "item": "8", "name": "paracetamol"}), RULES)
    assert after["delta-thing"].end is None and set(after) == {"delta-thing", "paracetamol"}


def test_a_newer_text_makes_nothing_unknown_that_was_known() -> None:
    alpha = entries(plan(ALPHA, BETA))["alpha-thing"]
    assert alpha.source.seen == date.fromisoformat(DAY) and alpha.seen == date.fromisoformat(OLD)
    assert (
        alpha.phase_on(date(2026, 1, 1)) == "in_force"
        and alpha.phase_on(date(2025, 1, 1)) == "not_known_then"
    )


def test_of_what_was_not_read_no_day_is_kept() -> None:
    held = HELD.replace(",A,xb-1", ",unsourced,xb-1")
    assert entries(plan(ALPHA, BETA, held=held))["alpha-thing"].seen is None


def test_what_is_named_again_is_a_new_entry_beside_the_one_that_ended() -> None:
    ended = ENTRY | {"item": "1", "name": "gamma-thing", "to": "2024-01-01"}
    found = plan(ALPHA, BETA, ALPHA | {"name": "gamma-thing", "code": ""}, held=text_of(*ROWS, ended))
    assert [one.end for one in read_listings(found.after).listings if one.name == "gamma-thing"] == [
        None,
        date(2024, 1, 1),
    ]


def test_what_ended_before_it_began_leaves_no_row() -> None:
    coming = ENTRY | {"item": "4", "name": "gamma-thing", "from": "2027-01-01", "precision": "day"}
    assert "gamma-thing" not in entries(plan(ALPHA, BETA, held=text_of(*ROWS, coming)))


def test_a_code_of_many_entries_leads_from_none_to_another() -> None:
    held = text_of(
        *ROWS, *(ENTRY | {"item": item, "name": f"steroid {item}", "code": "40"} for item in ("6", "7"))
    )
    rows = [PRINTED | {"item": item, "name": f"gonane {item}", "code": "40"} for item in ("6", "7")]
    comparison = plan(ALPHA, BETA, *rows, held=held).comparison
    assert (len(comparison.added), len(comparison.gone), len(comparison.changed)) == (2, 2, 0)


def test_what_a_person_has_added_stays_for_the_same_text_alone() -> None:
    demoted = ENTRY | {"item": "6", "name": "gamma-thing", "note": "as printed; superseded", "grade": "D"}
    held, row = text_of(*ROWS, demoted), PRINTED | {"item": "6", "name": "gamma-thing", "note": "as printed"}
    same = {"source": OLD_TEXT["name"]}
    kept = entries(plan(ALPHA | same, BETA | same, row | same, held=held, as_of=OLD))["gamma-thing"]
    newer = entries(plan(ALPHA, BETA, row, held=held))["gamma-thing"]
    assert [(one.grade, one.note) for one in (kept, newer)] == [
        ("D", "as printed; superseded"),
        ("A", "as printed"),
    ]


def test_exclusions_that_the_file_does_not_name_have_to_be_decided(
    bring: Callable[..., str], tmp_path: Path
) -> None:
    exclusion = ENTRY | {
        "kind": "exclusion",
        "item": "1",
        "name": "gamma-thing",
        "inchikey": "BBBBBBBBBBBBBB",
    }
    (tmp_path / "listings.csv").write_text(text_of(*ROWS, exclusion))
    with pytest.raises(DevtoolError, match="exclusions that the list holds: 1"):
        bring(ALPHA, BETA, write=True)
    held = text_of(*ROWS, exclusion)
    assert entries(plan(ALPHA, BETA, held=held, exclusions="keep"))["gamma-thing"].end is None
    assert entries(plan(ALPHA, BETA, held=held, exclusions="end"))["gamma-thing"].end == date.fromisoformat(
        DAY
    )
    named = ALPHA | {"name": "gamma-thing", "code": "", "note": "named exclusion: not caught by item 1"}
    assert plan(ALPHA, BETA, named, held=held).exclusions_to_decide == 0


def test_where_many_rows_would_go_they_have_to_be_counted(bring: Callable[..., str], tmp_path: Path) -> None:
    many = (ENTRY | {"item": f"4({number})", "name": f"thing number {number}"} for number in range(6))
    (tmp_path / "listings.csv").write_text(text_of(*ROWS, *many))
    with pytest.raises(DevtoolError, match="many rows that the list holds: 6") as refused:
        bring(ALPHA, BETA, write=True)
    assert "--gone 6" in refused.value.remedy
    assert "Written" in bring(ALPHA, BETA, write=True, gone=6)


def test_a_list_that_the_product_would_not_read_never_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "listings.csv"
    path.write_text(HELD)
    path.chmod(0o640)
    with pytest.raises(DevtoolError, match="would not be read"):
        replace_list(path, before=HELD, after=HELD + "substance,XB\n")
    with pytest.raises(DevtoolError, match="was changed meanwhile"):
        replace_list(path, before=HELD + "\n", after=HELD)
    assert path.read_text() == HELD and list(tmp_path.iterdir()) == [path]
    replace_list(path, before=HELD, after=text_of(*ROWS[:-1]))
    assert path.read_text() == text_of(*ROWS[:-1]) and path.stat().st_mode & 0o777 == 0o640


def test_the_shipped_list_is_kept_byte_for_byte() -> None:
    shipped = LISTINGS.read_bytes().decode("utf-8")
    assert read_held(shipped).text == shipped


# Structures


def test_a_name_keeps_its_structure_and_a_new_one_gets_it_from_a_record() -> None:
    after = entries(
        plan(
            ALPHA,
            BETA,
            PRINTED | {"item": "4", "name": "paracetamol"},
            PRINTED | {"item": "5", "name": "no-such-thing"},
        )
    )
    alpha, new = after["alpha-thing"], after["paracetamol"]
    assert (alpha.inchikeys, alpha.structure, alpha.cas) == ((CAFFEINE,), "by hand", "58-08-2")
    assert (new.inchikeys, new.structure) == ((PARACETAMOL,), "record")
    assert after["no-such-thing"].inchikeys == ()


def test_what_moves_to_another_instrument_keeps_its_structure() -> None:
    moved = entries(plan(ALPHA, PRINTED | {"instrument": RULES, "item": "8", "name": "beta-thing"}), RULES)
    assert moved["beta-thing"].inchikeys == ("AAAAAAAAAAAAAA",)


def test_a_name_that_had_two_structures_keeps_neither() -> None:
    two = (
        ENTRY | {"item": "7", "name": "gamma-thing", "instrument": RULES, "inchikey": key * 14}
        for key in "CD"
    )
    held = text_of(*ROWS, *(row | {"item": str(number)} for number, row in enumerate(two)))
    assert (
        entries(plan(ALPHA, BETA, PRINTED | {"item": "4", "name": "gamma-thing"}, held=held))[
            "gamma-thing"
        ].inchikeys
        == ()
    )


def test_entries_without_a_structure_are_named_and_so_is_that_opsin_is_missing(
    bring: Callable[..., str],
) -> None:
    said = bring(ALPHA, BETA, PRINTED | {"item": "5", "name": "no-such-thing"})
    assert "? Belmoran act 5 no-such-thing: no structure, found by its name alone" in said
    assert "OPSIN is not installed" in said and "libopsin-java" in said


@pytest.mark.skipif(not opsin.version(), reason="OPSIN is not installed (apt-get install libopsin-java)")
def test_a_systematic_name_is_read_by_opsin_and_its_version_is_said() -> None:
    new = PRINTED | {
        "item": "5",
        "name": "Made-up thing (N-(4-hydroxyphenyl)acetamide) (including its salts)",
    }
    made_up = entries(plan(ALPHA, BETA, new, tools=tools_of_this_machine({})))[new["name"]]
    assert made_up.inchikeys == (PARACETAMOL,)
    assert made_up.structure == f"text XB (OPSIN {opsin.version()})"


def test_a_salt_that_is_named_as_the_substance_keeps_the_key_of_the_salt(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    table.write_text("1\t2\t3\t4\tCN(C)CCOC(C)=O.Cl\t6\t7\tmade-up hydrochloride\n")
    found = plan(
        ALPHA,
        BETA,
        PRINTED | {"item": "6", "name": "Made-up hydrochloride"},
        tools=Tools(table=read_table(table)),
    )
    salt = entries(found)["Made-up hydrochloride"]
    assert salt.structure == "table" and salt.smiles.endswith(".Cl")
    with pytest.raises(DevtoolError, match="line 1: 2 columns"):
        table.write_text("caffeine\tC\n")
        read_table(table)


@pytest.mark.parametrize(
    ("printed", "right"),
    [("2C-l", "2C-I"), ("\u03c1-thing", "p-thing")],
    ids=["an l for an I", "a Greek rho"],
)
def test_a_misprint_keeps_its_printed_name_and_gets_the_right_one_beside_it(printed: str, right: str) -> None:
    entry = entries(plan(ALPHA, BETA, PRINTED | {"item": "7", "name": printed}))[printed]
    assert right in entry.synonyms


# Refusals


BAD = {
    "another sign of a formula": ({"note": "=HYPERLINK(1)"}, "note: begins like a formula"),
    "a formula in a name": ({"name": "@SUM(A1)"}, "name: begins like a formula"),
    "a command": ({"name": "+cmd|' /C calc'!A0"}, "name: begins like a formula"),
    "a command behind a minus": ({"note": "-2+3+cmd|' /C calc'!A0"}, "note: begins like a formula"),
    "a formula behind a bar": ({"other_names": "|=1+1"}, "other_names: begins like a formula"),
    "no source": ({"source": " "}, "source: every entry names the text it was read in"),
    "no name": ({"name": ""}, "name: it may not be empty"),
    "two lines in a cell": ({"name": "alpha\nthing"}, "name: a line break"),
    "a cell without end": ({"note": "x" * 1001}, "note: longer than 1,000 characters"),
    "an unknown instrument": ({"instrument": "Belmoran Act"}, "instrument: the list knows no Belmoran Act of XB"),
    "temporary, and no end": ({"temporary": "yes"}, 'temporary: say in the note until when, as "period ends'),
    "neither yes nor no": ({"temporary": "maybe"}, "temporary: yes or no"),
    "no day": ({"from_date": "1.2.2026"}, "from_date: a day (2026-01-31)"),
    "a day that is none": ({"from_date": "2026-02-31"}, "from_date: a day (2026-01-31)"),
    "an end before its beginning": (
        {"temporary": "yes", "from_date": "2026-05-01", "note": "period ends 2026-04-30"},
        "from_date: it lies behind the day on which the entry ends",
    ),
    "an end that is no day": ({"note": "period ends 2026-02-31"}, "note: 2026-02-31 is no day"),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(BAD))
def test_a_bad_row_is_refused_with_its_number_and_what_to_do(case: str) -> None:
    cells, what = BAD[case]
    said = faults(text(ALPHA, BETA | cells))
    assert any(line.startswith(f"row 3: {what}") for line in said), said


@pytest.mark.parametrize(
    "name", ["(+)-norpseudoephedrine", "+-thing", "-ol", "(-)-thing", "-3-methylthing", "[3,2-c]thing"]
)
def test_a_chemical_name_may_begin_with_a_sign(name: str) -> None:
    assert name in entries(plan(ALPHA, BETA, PRINTED | {"item": "7", "name": name}))


def test_an_empty_line_is_no_row() -> None:
    assert set(entries(plan_import(text(ALPHA, BETA) + b"\r\n", HELD, order(), Tools()))) >= {
        "alpha-thing",
        "beta-thing",
    }


def test_every_fault_is_told_at_once() -> None:
    said = faults(text(ALPHA | {"source": ""}, BETA | {"from_date": "soon", "instrument": "Nowhere"}))
    assert [line.split(":")[0] for line in said] == ["row 2", "row 3", "row 3"]


BAD_FILES = {
    "an empty file": (b"", "row 1: the file is empty"),
    "no entry": (text(), "row 1: there is no entry"),
    "UTF-16": (text(ALPHA).decode().encode("utf-16"), "row 1: this is not UTF-8"),
    "UTF-16 without its mark": (text(ALPHA).decode().encode("utf-16-le"), "row 1: this is not UTF-8"),
    "Latin-1": (text(ALPHA, BETA | {"name": "Säure"}).decode().encode("latin-1"), "row 3: this is not UTF-8"),
    "an open quote": (text(ALPHA) + b'"', "row 3: this is no CSV"),
    "unknown columns": (b"name,substance\nx,y\n", "row 1: unknown columns: substance; the columns are instrument,"),
    "columns in another order": (b"name,instrument\n", "row 1: the columns are instrument,"),
    "a comma too many": (text(ALPHA).rstrip() + b",\r\n", "row 2: 12 cells instead of 11"),
    "100,000 rows": (text() + b"x\r\n" * 100_000, "row 20002: more than 20,000 rows"),
    "many megabytes": (text() + b"x" * 9_000_000, "row 1: more than 8,388,608 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(BAD_FILES))
def test_a_bad_file_is_refused_with_the_place(case: str) -> None:
    data, what = BAD_FILES[case]
    assert any(line.startswith(what) for line in faults(data))


def test_one_item_may_name_several_but_none_twice_and_no_substance_under_two_codes() -> None:
    shared = {"item": "7", "code": ""}
    plan(ALPHA, BETA, PRINTED | shared | {"name": "leaves"}, PRINTED | shared | {"name": "ecgonine"})
    assert faults(text(ALPHA, BETA, ALPHA | {"name": "ALPHA-thing"})) == [
        "row 4: item 1: ALPHA-thing stands in row 2 too; keep one"
    ]
    assert faults(text(ALPHA, BETA, ALPHA | {"item": "8", "code": "99"})) == [
        "row 4: code: alpha-thing has 99 here and 10 in row 2; look it up in the text"
    ]
    limited = {"note": "limited to: not more than 1 mg"}
    plan(ALPHA | limited, BETA, ALPHA | limited | {"item": "8", "code": "99"})


BAD_ORDERS: dict[str, tuple[dict[str, Any], str]] = {
    "a day ahead": ({"as_of": "2026-12-24"}, "the day lies ahead"),
    "a day before what is held": ({"as_of": "2025-05-31"}, "holds a newer text of Belmoran act: 2025-06-01"),
    "no address": ({"link": "the gazette"}, "--link: give the https address"),
    "a jurisdiction of no list": ({"jurisdiction": "XF"}, "knows no jurisdiction XF; it knows XA, XB"),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(BAD_ORDERS))
def test_what_is_said_of_the_file_is_judged_too(case: str) -> None:
    changes, what = BAD_ORDERS[case]
    with pytest.raises(DevtoolError, match=what):
        plan(ALPHA, BETA, **changes)


def test_a_text_that_is_held_keeps_its_day() -> None:
    with pytest.raises(DevtoolError, match="every text in the file is held already, with the day 2025-06-01"):
        plan(ALPHA | {"source": OLD_TEXT["name"]})


def test_a_refused_file_is_told_at_the_terminal(tmp_path: Path) -> None:
    file, into = tmp_path / "gathered.csv", tmp_path / "listings.csv"
    into.write_text(HELD)
    file.write_bytes(text(BETA | {"source": ""}))
    with pytest.raises(
        DevtoolError, match=r"gathered.csv is refused; faults: 1. Nothing was written."
    ) as refused:
        import_file(file, order(), Tools(), write=True, into=into)
    assert "row 2: source" in refused.value.remedy and into.read_text() == HELD


# Accepted and reported


def test_two_known_substances_in_one_line_stay_one_entry_of_both_and_it_is_told() -> None:
    name = "Paracetamol and diazepam or any salt thereof"
    found = plan(ALPHA, BETA, PRINTED | {"item": "7", "name": name})
    both = entries(found)[name]
    assert both.kind == "combination" and both.inchikeys == ("AAOVKJBEBIDNHE", PARACETAMOL)
    assert told(found, "together") == [
        f"7 {name}: two substances in one line, kept as one entry of both together"
    ]
    one = entries(plan(ALPHA, BETA, PRINTED | {"item": "7", "name": "Paracetamol and its salts"}))
    assert one["Paracetamol and its salts"].kind == "substance"
    twice = entries(plan(ALPHA, BETA, PRINTED | {"item": "7", "name": "SR-18 and RCS-8"}))["SR-18 and RCS-8"]
    assert twice.kind == "substance" and len(twice.inchikeys) == 1


def test_one_substance_in_three_schedules_stays_three_entries() -> None:
    forms = [("I", "(+)-thing"), ("II", "(-)-thing"), ("III", "thing, as a medicine")]
    after = entries(
        plan(
            ALPHA, BETA, *(PRINTED | {"schedule": place, "item": "7", "name": name} for place, name in forms)
        )
    )
    assert {after[name].schedule for _place, name in forms} == {"Schedule I", "Schedule II", "Schedule III"}


def test_a_name_of_two_substances_and_a_code_on_two_rows_are_told() -> None:
    rows = (
        PRINTED | {"item": "7", "name": "paracetamol", "other_names": "T-1", "code": "70"},
        PRINTED | {"item": "8", "name": "diazepam", "other_names": "T-1", "code": "70"},
    )
    found = plan(ALPHA, BETA, *rows)
    assert told(found, "shared") == ["T-1 names 2 substances in the lists; by name alone it stays undecided"]
    assert told(found, "code") == ["code 70 stands at 2 rows: paracetamol; diazepam"]


def test_an_exclusion_of_a_class_is_kept_without_a_structure_and_told() -> None:
    row = PRINTED | {"item": "7", "name": "things for dogs", "note": "named exclusion: not caught by item 3"}
    found = plan(ALPHA, BETA, row)
    assert entries(found)["things for dogs"].kind == "exclusion"
    assert told(found, "exclusion") == [
        "7 things for dogs: an exclusion without a structure; it takes out by name alone"
    ]


def test_a_temporary_entry_that_ended_yesterday_is_kept_with_its_end_and_told() -> None:
    row = PRINTED | {"item": "7", "name": "paracetamol", "temporary": "yes"}
    found = plan(ALPHA, BETA, row | {"note": "temporary order, expires Nov. 28, 2026"})
    assert entries(found)["paracetamol"].end == TODAY
    assert told(found, "ended") == ["7 paracetamol: ended on 2026-11-29, kept with its end"]
    assert entries(plan(ALPHA, BETA, row | {"note": "no expiry date"}))["paracetamol"].end is None


# The command and its page


def test_the_command_takes_what_its_page_says(tmp_path: Path) -> None:
    page = (LISTINGS.parents[3] / "docs" / "listings.md").read_text(encoding="utf-8")
    example = page.partition("```csv\n")[2].partition("```")[0]
    file = tmp_path / "gathered.csv"
    file.write_text("".join(line.strip() + "\n" for line in example.splitlines()))
    typed = [line.split()[2:] for line in page.splitlines() if line.strip().startswith("./dev listings ")]
    assert [words[:2] for words in typed] == [["import", "gathered.csv"]] * 2 and typed[1][-1] == "--write"
    for words in typed:
        options = build_parser().parse_args(words)
        asked = Order(options.jurisdiction, options.as_of, options.link, TODAY)
        into, out = tmp_path / "listings.csv", io.StringIO()
        into.write_bytes(LISTINGS.read_bytes())
        import_file(file, asked, Tools(), write=options.write, into=into, out=out)
        assert "Added: 1." in out.getvalue() and "caffeine" in out.getvalue()
        assert (into.read_bytes() != LISTINGS.read_bytes()) is options.write


@pytest.mark.parametrize(
    "words", ["--jurisdiction us --as-of 2026-09-21", "--jurisdiction US --as-of 21.9.2026"]
)
def test_the_command_refuses_what_it_does_not_understand(words: str) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["import", "x.csv", "--link", "https://b.example/", *words.split()])
