# SPDX-License-Identifier: Apache-2.0
"""`accord screen|similar|match|compare`: the desk's engine at a terminal, without hub, keys or network."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from accord.cli import exits, sciencewords
from accord.cli.questions import AT_ONCE, FILE
from devtool.environments import ROOT
from substances.control import results, verdicts
from substances.profiles.methods import shipped_methods
from substances.profiles.reference import read_samples
from substances.spectra import answers
from tests.client.science_terminal import Terminal

FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
FLUORO = "CCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1"
IODO = "CCC(=O)N(c1ccc(I)cc1)C1CCN(CCc2ccccc2)CC1"  # in no list by name
CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
DATA = ROOT / "substances" / "data"
SPECTRA = (DATA / "spectra-dev.msp").read_text().strip().split("\n\n")


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "home", capsys)


def test_a_screening_says_who_controls_it_and_by_which_clause(terminal: Terminal) -> None:
    told = terminal.run("screen", FLUORO, "--on", "2025-07-17", "--name", "para-fluorofentanyl")
    assert "C22H27FN2O  354.2107 Da" in told
    assert "CN: meets the definition of a class (CN-FENT)" in told
    assert "named in the rule: (2), another or a substituted aromatic monocycle (7 atoms)" in told
    assert "as in the parent of the class: 2-phenylethyl (8 atoms)" in told
    assert "confidence high; the wording of the instrument was read" in told
    assert "No legal advice: the cited instrument decides." in told
    assert "illegal" not in told


def test_the_day_decides_which_rules_count(terminal: Terminal) -> None:
    standing = {}
    for on in ("2018-01-01", "2020-01-01", "2025-06-30", "2025-07-17"):
        (answer,) = terminal.json("screen", IODO, "--on", on)["answers"]
        rows = answer["screening"]["jurisdictions"]
        standing[on] = {row["jurisdiction"]: row["standing"] for row in rows}
    assert standing["2018-01-01"]["CN"] == standing["2018-01-01"]["US"] == "not_yet"
    assert standing["2020-01-01"]["CN"] == standing["2020-01-01"]["US"] == "meets_definition"
    assert standing["2025-07-17"]["US"] == "meets_definition"


def test_a_name_alone_finds_listings_and_precursors_and_says_what_was_not_asked(terminal: Terminal) -> None:
    told = terminal.run("screen", "--name", "ephedrine")
    assert "precursor: ephedrine" in told
    assert "UK: needs a structure: not asked" in told
    assert "UN: listed (Convention against Illicit Traffic" in told
    assert "source: " in told and ", as of 1988-12-20" in told
    assert "not controlled" not in told


def test_silence_says_how_far_the_lists_are_known(terminal: Terminal) -> None:
    told = terminal.run("screen", CAFFEINE, "--on", "2026-11-28")
    assert "US: not named on lists that are complete to 2026-09-21" in told
    assert "UK: not known here" in told
    assert "21 CFR 1308.11: complete to 2026-09-21" in told


def test_beside_a_rule_that_takes_it_out_it_is_said_that_the_lists_prove_nothing(terminal: Terminal) -> None:
    told = terminal.run("screen", "CC(NC(C)(C)C)C(=O)c1cccc(Cl)c1", "--only", "UK")
    assert "Its lists are known here in part: they give no verdict." in told


def test_a_structure_comes_from_a_file_or_from_standard_input(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "found.smi"
    path.write_text(CAFFEINE)
    (answer,) = terminal.json("screen", "--file", str(path))["answers"]
    assert answer["structure"]["formula"] == "C8H10N4O2"
    with path.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert terminal.json("screen", "-")["answers"] == [answer]


def test_rules_that_an_authority_published_are_laid_over(terminal: Terminal, tmp_path: Path) -> None:
    """The next version of a known rule holds from its day on, the old one before; other jurisdictions do not change."""
    shipped = yaml.safe_load((DATA / "generic-controls.yaml").read_text())
    rule = next(row for row in shipped["rules"] if row["id"] == "DE-NPSG6")
    coming = rule | {
        "title": "Coming version",
        "in_force": [{"from": "2027-01-01", "to": None, "basis": "notice"}],
    }
    path = tmp_path / "change.yaml"
    path.write_text(yaml.safe_dump({**shipped, "rules": [coming]}, sort_keys=False))
    ketamine = "CNC1(CCCCC1=O)c1ccccc1Cl"
    titles = {}
    for on in ("2026-11-26", "2027-01-02"):
        (answer,) = terminal.json("screen", ketamine, "--on", on, "--rules", str(path))["answers"]
        rows = next(row for row in answer["screening"]["jurisdictions"] if row["jurisdiction"] == "DE")[
            "rules"
        ]
        titles[on] = {
            row["title"] for row in rows if row["rule_id"] == "DE-NPSG6" and row["phase"] == "in_force"
        }
    assert titles == {"2026-11-26": {rule["title"]}, "2027-01-02": {"Coming version"}}
    path.write_text("rules: [{id: X}]")
    told = terminal.run("screen", ketamine, "--rules", str(path), expect=exits.USAGE)
    assert "change.yaml holds no rules that can be used: " in told


def test_only_the_asked_jurisdictions_are_shown(terminal: Terminal) -> None:
    told = terminal.run("screen", FENTANYL, "--only", "DE")
    assert "\nDE: " in told
    assert "\nCN: " not in told


def test_several_at_once_are_asked_for_a_case_only(terminal: Terminal) -> None:
    for verb in ("screen", "similar"):
        told = terminal.run(verb, FENTANYL, CAFFEINE, expect=exits.USAGE)
        assert "for a case only" in told
    assert terminal.record == []
    answers_ = terminal.json("screen", FENTANYL, CAFFEINE, "--case", "XD 12/26", "--as", "officer-7")
    assert len(answers_["answers"]) == 2
    assert terminal.record == [
        {
            "at": terminal.record[0]["at"],
            "verb": "screen",
            "count": 2,
            "case": "XD 12/26",
            "officer": "officer-7",
        }
    ]
    assert "Ask about 1 to" in terminal.run(
        "screen", *[CAFFEINE] * (AT_ONCE + 1), "--case", "XD 12/26", expect=exits.USAGE
    )


def test_every_question_stands_in_the_record_and_no_content_does(terminal: Terminal, tmp_path: Path) -> None:
    spectrum = tmp_path / "seized-carisoprodol.msp"
    spectrum.write_text(SPECTRA[0])
    terminal.run("screen", FENTANYL, "--name", "fentanyl")
    terminal.run("similar", FENTANYL)
    terminal.run("match", str(spectrum))
    text = (terminal.home / FILE).read_text()
    assert [line["verb"] for line in terminal.record] == ["screen", "similar", "match"]
    assert not any(word in text for word in (FENTANYL, "fentanyl", "carisoprodol", "C22H28"))
    assert (terminal.home / FILE).stat().st_mode & 0o077 == 0


def test_a_question_that_cannot_be_recorded_is_not_answered(terminal: Terminal) -> None:
    terminal.run("screen", CAFFEINE)
    (terminal.home / FILE).chmod(0o644)
    assert "chmod 600" in terminal.run("screen", CAFFEINE, expect=exits.LOCAL)


@pytest.mark.parametrize(
    ("structure", "sentence"),
    [
        ("C(C)(C)(C)(C)C", "an atom has more bonds than it can have"),
        ("C1CC", "Structure: "),
        ("not a structure", "Structure: "),
        ("*CC", "open place"),
        ("CC>>CO", "reaction"),
        ("C" * 5000, "Structure: "),
    ],
)
def test_what_cannot_be_read_is_a_sentence_with_a_remedy(
    terminal: Terminal, structure: str, sentence: str
) -> None:
    told = terminal.run("screen", structure, expect=exits.USAGE)
    assert sentence in told
    assert structure not in told


def test_a_name_or_number_that_is_wrong_is_said(terminal: Terminal) -> None:
    told = terminal.run("screen", CAFFEINE, "--name", "fentanyl")
    assert (
        "! The name belongs to another substance; the structure is caffeine. Correct one of the two." in told
    )
    assert "The name belongs to another structure; the structure decided." in told
    for wrong in ("437-38-8", "437387", "58-08-2 "):
        code = exits.OK if wrong == "58-08-2 " else exits.USAGE
        told = terminal.run("screen", CAFFEINE, "--cas", wrong, expect=code)
        assert ("check digit is wrong" in told) == (code != exits.OK)


def test_a_name_of_look_alike_letters_is_not_simply_unknown(terminal: Terminal) -> None:
    told = terminal.run("screen", "--name", "f\u0435ntanyl", expect=exits.USAGE)
    assert told == "accord: Name: letters that look like Latin ones stand among them; type it again.\n"
    for name in ("αPVP", "β'-phenylfentanyl", "芬太尼", "фентанил", "Fentanyl"):
        terminal.run("screen", "--name", name)


def test_of_several_the_one_that_cannot_be_read_is_named_by_its_number(terminal: Terminal) -> None:
    for verb in ("screen", "similar"):
        told = terminal.run(verb, FENTANYL, "C1CC", "--case", "XD 12/26", expect=exits.USAGE)
        assert "Number 2 of 2: Structure: " in told


def test_an_archive_is_told_from_a_structure(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "exhibit.mol"
    path.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 4)
    assert "Structure: this is an archive" in terminal.run("screen", "--file", str(path), expect=exits.USAGE)


def test_a_refusal_is_json_where_json_was_asked_for(terminal: Terminal) -> None:
    told = json.loads(terminal.run("screen", "C1CC", "--json", expect=exits.USAGE))
    assert told["error"] == "RequestError"
    assert told["message"].startswith("Structure: ")


def test_similar_structures_come_from_the_reference_set_and_from_ones_own(
    terminal: Terminal, tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    own.write_text(f"name,smiles\nour exhibit 4,{FLUORO}\n")
    asked = ("similar", FENTANYL, "--own", str(own), "--limit", "30", "--case", "XD 12/26")
    (answer,) = terminal.json(*asked)["answers"]
    names = [one["name"] for one in answer["similar"]]
    assert names[0] == "fentanyl"
    assert "our exhibit 4" in names
    assert all(one["drug_class"] == "fentanyl" for one in answer["similar"][:10] if one["source"] != "own")
    assert "US-FRS" in terminal.run("similar", FENTANYL)


def test_own_structures_are_compared_for_a_case_only_and_no_rule_is_told_of_them(
    terminal: Terminal, tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    rows = "".join(f"exhibit {n},{FLUORO}\n" for n in range(60))
    own.write_text(f"name,smiles\n{rows}")
    refused = terminal.run("similar", FENTANYL, "--own", str(own), expect=exits.USAGE)
    assert "for a case only: name it with --case" in refused
    assert terminal.record == []
    asked = ("similar", FENTANYL, "--own", str(own), "--limit", "50", "--case", "XD 12/26")
    (answer,) = terminal.json(*asked)["answers"]
    assert [(line["count"], line["case"]) for line in terminal.record] == [(61, "XD 12/26")]
    ours = [one for one in answer["similar"] if one["source"] == "own"]
    known = [one for one in answer["similar"] if one["source"] != "own"]
    assert ours and known[0]["same_rules"]
    for one in ours:
        assert (one["same_rules"], one["same_clauses"]) == ([], [])
        assert one["score"] == pytest.approx((one["similarity_a"] + one["similarity_b"]) / 2, abs=0.001)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("a,b\n1,2\n", "name and smiles"), ("name,smiles\nx,C1CC\n", "Own structures, line 2: Structure: "), ("", "name and smiles")],
)  # fmt: skip
def test_own_structures_that_cannot_be_read_are_named_by_their_line(
    terminal: Terminal, tmp_path: Path, text: str, sentence: str
) -> None:
    own = tmp_path / "own.csv"
    own.write_text(text)
    asked = ("similar", FENTANYL, "--own", str(own), "--case", "XD 12/26")
    assert sentence in terminal.run(*asked, expect=exits.USAGE)


def test_a_spectrum_finds_its_compound_and_isomers_are_never_excluded(
    terminal: Terminal, tmp_path: Path
) -> None:
    path = tmp_path / "query.msp"
    path.write_text(SPECTRA[0])
    told = terminal.run("match", str(path))
    assert "carisoprodol" in told
    assert "CC BY" in told
    assert "A mass spectrum alone never excludes isomers." in told
    (answer,) = terminal.json("match", str(path), "--any-mass")["answers"]
    assert answer["matches"]["hits"][0]["name"] == "carisoprodol"
    assert answer["matches"]["compared"] > 30


def test_own_libraries_are_searched_too(terminal: Terminal, tmp_path: Path) -> None:
    query, library = tmp_path / "query.msp", tmp_path / "library.msp"
    query.write_text(SPECTRA[1])
    library.write_text(SPECTRA[1].replace("NAME: ", "NAME: our own "))
    (answer,) = terminal.json("match", str(query), "--library", str(library))["answers"]
    assert answer["matches"]["library_size"] == 39


def test_a_file_of_several_spectra_needs_a_case(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "queries.msp"
    path.write_text("\n\n".join(SPECTRA[:3]) + "\n")
    assert "for a case only" in terminal.run("match", str(path), expect=exits.USAGE)
    assert len(terminal.json("match", str(path), "--case", "XD 12/26")["answers"]) == 3


def test_profiles_are_compared_with_their_error_rates_and_as_a_lead(
    terminal: Terminal, tmp_path: Path
) -> None:
    samples = read_samples((DATA / "profiles-dev.csv").read_bytes()).samples
    method = shipped_methods()[0]
    forms = [
        {"method": method.id, "version": method.version, "values": list(sample.values)}
        for sample in samples
        if sample.source == "src04"
    ]
    query, own = tmp_path / "query.json", tmp_path / "own.json"
    query.write_text(json.dumps(forms[0]))
    own.write_text(json.dumps({"ours": forms[-1], "short": forms[-1] | {"values": forms[-1]["values"][:-1]}}))
    told = terminal.run("compare", str(query), "--own", str(own))
    assert "ours: linked; score 0." in told
    assert "28680 pairs of 40 sources behind it" in told
    assert "short: not comparable (another number of targets)" in told
    assert told.endswith("A lead, not proof.\n")
    plain = terminal.json("compare", str(query), "--own", str(own))
    assert plain["label"] == "lead_not_proof"
    signed = forms[0] | {"values": [value and str(value) for value in forms[0]["values"]]}
    query.write_text(json.dumps({"md": "x", "alert": {"title": "Query", "profile": signed}}))
    assert terminal.json("compare", str(query), "--own", str(own)) == plain
    query.write_text(json.dumps(forms[0] | {"values": [0, *forms[0]["values"][1:]]}))
    assert "absent means below detection" in terminal.run(
        "compare", str(query), "--own", str(own), expect=exits.USAGE
    )
    query.write_text('{"method": "a", "version": "1", "values": [NaN, 1]}')
    assert "plain numbers" in terminal.run("compare", str(query), "--own", str(own), expect=exits.USAGE)
    query.write_text('{"method": "a"\n "version": "1"}')
    said = terminal.run("compare", str(query), "--own", str(own), expect=exits.USAGE)
    assert "line 2, column 2: Expecting ',' delimiter" in said


def test_a_file_that_is_not_there_or_too_large_is_named(terminal: Terminal, tmp_path: Path) -> None:
    assert "cannot be read" in terminal.run("match", str(tmp_path / "nowhere.msp"), expect=exits.USAGE)
    large = tmp_path / "large.msp"
    with large.open("wb") as file:
        file.truncate(9 * 1024 * 1024)
    assert "larger than 8 MiB" in terminal.run("match", str(large), expect=exits.USAGE)


def test_every_code_of_the_core_has_its_words() -> None:
    for table, codes in (
        (sciencewords.STANDINGS, results.STANDINGS),
        (sciencewords.DECISIONS, results.SENTENCES),
        (sciencewords.LIMITS, results.LIMITS),
        (sciencewords.VERDICTS, verdicts.VERDICTS),
        (sciencewords.CLAUSES, verdicts.FINDING_CODES),
        (sciencewords.REASONS, verdicts.REASON_CODES),
        (sciencewords.MATCH_REASONS, answers.REASONS),
    ):
        assert set(table) >= set(codes)


def test_who_does_not_ask_loads_nothing_of_it(tmp_path: Path) -> None:
    """The client's daily work needs neither the core nor a toolkit, and asking loads no chemistry in this process."""
    script = (
        "import sys, json; from accord.cli.main import main; main(['--version']); "
        "parts = lambda: sorted({name.partition('.')[0] for name in sys.modules} & {'substances', 'rdkit', 'numpy', 'yaml'}); "
        "before = parts(); code = main(['screen', 'CCO', '--json', '--home', sys.argv[1]]); "
        "print(json.dumps([before, code, parts()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, code, after = json.loads(done.stdout.splitlines()[-1])
    assert before == []
    assert code == exits.OK
    assert "rdkit" not in after
