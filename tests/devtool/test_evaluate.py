# SPDX-License-Identifier: Apache-2.0
"""`./dev evaluate FOLDER`: every bar with its value, the verdict on the last line, exit 1 if one is missed."""

import csv
from pathlib import Path

import pytest

from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.evaluating import evaluate
from devtool.evaluation.labels import Label

SHIPPED = ROOT / "substances" / "data"
SUBSTANCES = (SHIPPED / "substances-dev.csv").read_text().splitlines(keepends=True)
PROFILES = (SHIPPED / "profiles-dev.csv").read_text().splitlines(keepends=True)
FIXED = "name,smiles,inchikey,formula,class{rules},excluded_by_name_in,un_schedule,us_named,source,structure_check,confidence,note\n"
ONLY_A_STRANGER = FIXED.format(rules=",XX-NEW") + "water,O,,,other,out,,,,,,high,\n"
SPECTRA = (SHIPPED / "spectra-dev.msp").read_text().strip().split("\n\n")


def substances(names: str) -> str:
    """The header and two rows of each class that `names` lists."""
    kept = [[line for line in SUBSTANCES[1:] if f",{name}," in line][:2] for name in names.split(", ")]
    return "".join([SUBSTANCES[0], *(line for lines in kept for line in lines)])


def profiles(sources: int) -> str:
    kept = [line for line in PROFILES[1:] if int(line.split(",")[2].removeprefix("src")) < sources]
    return "".join([PROFILES[0], *kept])


def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit status, all printed text, and its last line."""
    status = evaluate(folder)
    printed = capsys.readouterr().out
    return status, printed, printed.strip().splitlines()[-1]


@pytest.mark.slow
def test_the_shipped_sets_meet_every_bar(capsys: pytest.CaptureFixture[str]) -> None:
    status, printed, verdict = told(SHIPPED, capsys)
    assert verdict == "Verdict: all 16 bars are met."
    assert status == 0
    assert "MISSED" not in printed
    for part in ("Class verdicts", "Named listings", "Notations", "Analogues", "Mass spectra", "Profiles"):
        assert f"{part}: " in printed


def test_what_is_absent_is_said_and_not_counted_as_met(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "profiles-held-back.csv").write_text(profiles(12))
    status, printed, verdict = told(tmp_path, capsys)
    assert status == 0
    assert verdict == "Verdict: all 3 bars are met. Not measured: substances-*.csv, spectra-*.msp."
    assert "Not measured: there is no spectra-*.msp." in printed


def test_a_folder_without_any_reference_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DevtoolError) as refused:
        evaluate(tmp_path)
    assert "substances-*.csv" in refused.value.remedy
    with pytest.raises(DevtoolError):
        evaluate(tmp_path / "nowhere")


def test_a_few_substances_are_judged_and_the_analogues_come_from_the_shipped_ones_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "substances-few.csv").write_text(substances("fentanyl, nitazene, cathinone"))
    status, printed, verdict = told(tmp_path, capsys)
    assert status == 0, printed
    assert "6 queries among 125 structures" in printed
    assert "100.00 % (72 of 72)" in printed
    assert verdict.startswith("Verdict: all ")
    assert "Named listings: substances-few.csv, 7 labels" in printed


def test_a_wrong_verdict_is_named_and_misses_the_bars(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row labelled `in` where the rule says `out`, and the reverse."""
    row = next(line for line in SUBSTANCES if line.startswith("caffeine"))
    assert ",adulterant,out,out" in row
    other = next(line for line in SUBSTANCES if ",fentanyl,in,in," in line)
    wrong = row.replace("adulterant,out", "adulterant,in", 1) + other.replace(
        "fentanyl,in", "fentanyl,out", 1
    )
    (tmp_path / "substances-wrong.csv").write_text(SUBSTANCES[0] + wrong)
    status, printed, verdict = told(tmp_path, capsys)
    assert status == 1
    assert "Wrong: caffeine, US-FRS: out instead of in (row high, rule high)" in printed
    assert "3 of " in verdict
    assert "`in` where the label is `out`" in verdict


def test_a_named_exclusion_that_the_file_does_not_know_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = next(line for line in SUBSTANCES if line.startswith("bupropion"))
    cells = row.split(",")
    place = SUBSTANCES[0].split(",").index("excluded_by_name_in")
    assert cells[place] == "UK-CATH"
    (tmp_path / "substances-x.csv").write_text(
        SUBSTANCES[0] + ",".join([*cells[:place], "", *cells[place + 1 :]])
    )
    _, printed, _ = told(tmp_path, capsys)
    assert "Exclusion by name differs: bupropion, UK-CATH" in printed


def test_a_file_as_another_office_writes_it_is_read_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A byte order mark, carriage returns, quoted cells over two lines, empty lines, blank cells, a rule of the future."""
    columns = FIXED.format(rules=",US-FRS,XX-NEW,UK-CATH").strip().split(",")
    rows = [
        ["iodine", " II ", "", "", "precursor", "out", "perhaps", "out", "", "", "", "", "", "high", 'a "word",\ntwo lines'],
        ["a mixture", "Cn1cnc2c1c(=O)n(C)c(=O)n2C.CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "", "", "", "parent", "", "", "", "", "", "", "", "", ""],
        ["a salt", "Cl.CCN(CC)C(C)C(=O)c1ccccc1", "", "C13H20ClNO", "medicine", "out", "", "in", "XX-NEW; UK-CATH", "", "", "", "", "high", ""],
    ]  # fmt: skip
    with (tmp_path / "substances-x.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerows([columns, [], [""] * len(columns), *rows])
    status, printed, verdict = told(tmp_path, capsys)
    assert status == 0, printed
    assert "100.00 % (5 of 5)" in printed
    assert "Taken out by name exactly where the file says so: 100.00 % (5 of 5)" in printed
    assert "XX-NEW of substances-x.csv (no shipped rule)" in verdict
    assert "DE-NPSG7 (no column in substances-x.csv)" in verdict
    assert "1 cells of substances-x.csv (no label)" in verdict


def test_a_salt_is_listed_where_its_base_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = FIXED.format(rules=",US-FRS")
    salt = "citrate,CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1.OC(=O)CC(O)(CC(O)=O)C(O)=O"
    (tmp_path / "substances-x.csv").write_text(
        f"{columns}{salt},IVLVTNPOHDFFCJ-UHFFFAOYSA-N,C28H36N2O8,fentanyl,parent,,1961 I (1964),II,,,high,\n"
    )
    _, printed, _ = told(tmp_path, capsys)
    assert counts(printed) == {"UN": "1 1 0 0 0 0", "US": "1 1 0 0 0 0"}
    assert "Another" not in printed


FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
HEROIN = "CC(=O)O[C@H]1C=C[C@H]2[C@H]3Cc4ccc(OC(C)=O)c5O[C@@H]1[C@]2(CCN3C)c45"


def counts(printed: str) -> dict[str, str]:
    """The numbers of each jurisdiction: labels, right, wrong, undecided, met by a definition, not covered."""
    lines = printed.split("right of those decided")[1].splitlines()[2:]
    cells = [line.split() for line in lines[: lines.index("")]]
    return {one[0]: " ".join(one[1:7]) for one in cells}


def test_a_file_that_labels_lists_alone_is_read_with_one_label_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Several rows for one substance; wrong labels are printed, and fail only where a list is denied."""
    rows = [
        f"fentanyl,{FENTANYL},US,II", f"fentanyl,{FENTANYL},un,1961 I", f"fentanyl,{FENTANYL},DE,Anlage 3",
        f"fentanyl,{FENTANYL},UK,Class A", f"fentanyl,{FENTANYL},CA,Schedule IV", f"fentanyl,{FENTANYL},US,none",
        f"caffeine,{CAFFEINE},US,-", f"caffeine,{CAFFEINE},UN,not listed", f"caffeine,{CAFFEINE},CA,",
        f"heroin,{HEROIN},UN,1961 I and IV (1961)", "iodine,II,US,List I chemical", "no,xx,US,I",
    ]  # fmt: skip
    (tmp_path / "substances-x.csv").write_text("\n".join(["name,smiles,jurisdiction,schedule", *rows]) + "\n")
    status, printed, verdict = told(tmp_path, capsys)
    assert counts(printed) == {
        "CA": "1 0 1 0 0 0",
        "DE": "1 1 0 0 0 0",
        "UK": "1 1 0 0 0 0",
        "UN": "3 2 0 0 0 1",
        "US": "5 2 2 0 0 1",
    }
    assert "Wrong: fentanyl, US: listed by 21 CFR 1308.12, Schedule II (label none)" in printed
    assert "Wrong: iodine, US: not_named (label List I chemical)" in printed
    assert (status, verdict.count("Said to be on no list where the label names one")) == (1, 1)


def test_columns_of_any_jurisdiction_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second-hand entry and an unknown list both leave the question open."""
    text = "name,smiles,us_listed,ca_schedule,cn_named,gb_listed,formula\n"
    text += f"fentanyl,{FENTANYL},yes,I,麻醉药品,A,C22H28N2O\n"
    text += f"3-CMC,CNC(C)C(=O)c1cccc(Cl)c1,,,第一类,,\ncaffeine,{CAFFEINE},no,,,no,\n"
    text += "etizolam,CCc1cc2c(s1)-n1c(C)nnc1CN=C2c1ccccc1Cl,I,,,,\n"
    (tmp_path / "substances-x.csv").write_text(text)
    status, printed, _ = told(tmp_path, capsys)
    assert status == 0, printed
    assert counts(printed) == {
        "CA": "1 1 0 0 0 0",
        "CN": "2 1 0 0 0 1",
        "UK": "2 1 0 0 0 1",
        "US": "3 3 0 0 0 0",
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1961 I and IV (2016)", {"1", "4"}),
        ("Schedule IV", {"4"}),
        ("II (immediate precursor)", {"2"}),
        ("Anlage III", {"3"}),
        ("Schedule 2", {"2"}),
        ("1988 Table I (2017)", {"table 1"}),
        ("Tables I and II", {"table 1", "table 2"}),
        ("List I chemical (2020)", {"chemical 1"}),
        ("Class A (Part I)", {"class a"}),
        ("B", {"class b"}),
        ("第二类精神药品", {"psychotropic 2"}),
        ("psychotropic II", {"psychotropic 2"}),
        ("麻醉药品", {"narcotic"}),
        ("yes", set()),
    ],
)
def test_schedules_are_compared_by_what_they_mean(written: str, meant: set[str]) -> None:
    label = Label("UN", written)
    assert (label.is_listed, set(label.schedules)) == (True, meant)
    assert label.convention == (written[:4] if written[:2] == "19" else "")


def test_profiles_with_blank_cells_and_unseen_sources_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blank and zero are both below detection; samples that share too little have no score and count as no evidence."""
    lines = [PROFILES[0].strip().split(",")]
    for number, line in enumerate(PROFILES[1:13]):
        cells = line.strip().split(",")
        lost = 14 if number == 0 else number
        values = [
            "" if place >= 18 - lost or cell == "0.00000" else f" {cell}"
            for place, cell in enumerate(cells[4:])
        ]
        lines.append([cells[0], cells[1], f"unseen {number // 3}", "b1", *values])
    text = "\ufeff" + "\r\n".join(",".join(f'"{cell}"' for cell in cells) for cells in lines) + "\r\n,,,\r\n"
    (tmp_path / "profiles-x.csv").write_bytes(text.encode())
    _, printed, verdict = told(tmp_path, capsys)
    assert "Profiles: profiles-x.csv, 12 samples, 66 pairs" in printed
    assert "pairs are not comparable and count as a likelihood ratio of 1." in printed
    assert "not in the reference format" not in verdict


def test_a_query_without_a_partner_that_is_named_misses_its_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spectrum of the library under a key that the library lacks: naming any substance is wrong."""
    key = next(line for line in SPECTRA[0].splitlines() if line.startswith("INCHIKEY: "))
    stranger = SPECTRA[0].replace(key, "INCHIKEY: AAAAAAAAAAAAAA-UHFFFAOYSA-N")
    (tmp_path / "spectra-x.msp").write_text("\n\n".join([stranger, *SPECTRA[1:4]]) + "\n")
    status, printed, verdict = told(tmp_path, capsys)
    assert status == 1
    assert "3 of 3" in printed
    assert "1 queries have no partner in the library." in printed
    assert "Identified though the library has no partner" in verdict


def test_queries_of_which_none_has_a_partner_are_not_told_as_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SPECTRA[0].replace("OFZCIYFFPZCNJE", "AAAAAAAAAAAAAA").replace("261.1809", "250.1")
    (tmp_path / "spectra-x.msp").write_text(text + "\n")
    status, printed, _ = told(tmp_path, capsys)
    assert (status, printed.count("no query has a partner")) == (0, 2)


def test_the_bars_of_the_searches_are_shares_of_the_queries(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spectra-x.msp").write_text("\n\n".join(SPECTRA[:19]) + "\n")
    status, printed, _ = told(tmp_path, capsys)
    assert status == 0
    assert "at least 18" in printed
    assert "at least 16" in printed
    assert "Partner first by the fragments alone, precursor withheld: 19 of 19." in printed
    assert (
        "With its compound taken out of the library 0 of 19 queries are identified with precursor filter, 0 without."
        in printed
    )


def test_profiles_whose_sources_are_mixed_up_miss_the_bars(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = profiles(12).splitlines(keepends=True)
    sources = [line.split(",")[2] for line in rows[1:]]
    turned = [
        ",".join([*line.split(",")[:2], other, *line.split(",")[3:]])
        for line, other in zip(rows[1:], sources[7:] + sources[:7], strict=True)
    ]
    (tmp_path / "profiles-x.csv").write_text("".join([rows[0], *turned]))
    status, _, verdict = told(tmp_path, capsys)
    assert status == 1
    assert "AUC" in verdict


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("substances-x.csv", "a,b\n1,2\n", "substances-x.csv: line 1: the columns"),
        ("substances-x.csv", SUBSTANCES[0], "substances-x.csv: holds no substance"),
        ("substances-x.csv", SUBSTANCES[0] + SUBSTANCES[1].replace(",out", ",perhaps", 1), "line 2: US-FRS is none of"),
        ("substances-x.csv", SUBSTANCES[0] + "x,y\n", "line 2: 2 cells"),
        ("substances-x.csv", ONLY_A_STRANGER, "line 1: there is no rule XX-NEW"),
        ("spectra-x.msp", "NAME: x\nNum Peaks: 1\n", "spectra-x.msp: "),
        ("spectra-x.msp", "NAME: x\nPRECURSORMZ: 100\nNum Peaks: 1\n50 1\n", "record 1: no mass spectrum with an InChIKey"),
        ("profiles-x.csv", PROFILES[0] + "S1,l,a,b\n" * 3, "profiles-x.csv: line 2: length"),
        ("profiles-x.csv", PROFILES[0].replace("peak18", "peak99") + "".join(PROFILES[1:9]), "no shipped method"),
        ("profiles-x.csv", "".join(PROFILES[:2]), "samples"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_named_with_its_line(
    name: str, text: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text)
    status, _, verdict = told(tmp_path, capsys)
    assert status == 1
    assert named in verdict


def test_a_malformed_file_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "profiles-good.csv").write_text(profiles(12))
    (tmp_path / "substances-bad.csv").write_bytes(b"\xff\xfe")
    status, printed, verdict = told(tmp_path, capsys)
    assert status == 1
    assert "Profiles: profiles-good.csv" in printed
    assert "substances-bad.csv: not a CSV file in UTF-8" in verdict
    assert "all 3 bars are met" in verdict
