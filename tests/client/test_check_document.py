# SPDX-License-Identifier: Apache-2.0
"""`accord check` names each fault by line, member and remedy; a document with a fault is never sealed."""

import json
from pathlib import Path
from typing import Any

import pytest

from accord.cli.exits import OK, USAGE
from accord.cli.main import main
from accord.client.errors import DocumentError
from accord.client.fitting import require_fit
from tests.client.conftest import DOCUMENT, alert_to

EVIDENCE = {
    "technique": "ms",
    "method": None,
    "reference": "certified",
    "conclusion": "identified",
    "file": "run.msp",
    "note": None,
}
WRONG = """{
  "schema": "accord-alert/1",
  "titel": "Blue tablets",
  "title": "x",
  "place_country": "UK",
  "severity": "sever",
  "route": [
    {"country": "XB", "part": "origin"}
  ]
}
"""
NOON = 1_800_014_400
"""2027-01-15 12:00 in UTC."""


def written(folder: Path, text: str | bytes) -> str:
    file = folder / "alert.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


def test_each_member_is_named_with_its_line_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, WRONG)
    assert main(["check", file], {}) == USAGE
    assert capsys.readouterr().err.splitlines()[1:] == [
        "  line 1, /alert_type: it is missing; add it.",
        "  line 3, /titel: there is no such member. Is title meant?",
        "  line 4, /title: use at least 3 characters; it has 1.",
        "  line 5, /place_country: choose a listed code, like NL.",
        "  line 6, /severity: choose one of extreme, severe, moderate, minor, unknown, not_graded. Is severe meant?",
        "  line 8, /route/0/basis: it is missing; add it.",
    ]


BEYOND_THE_SCHEMA = """{
  "schema": "accord-alert/1",
  "alert_type": "new_substance",
  "title": "Tabs",
  "event_date": "2999-01-01",
  "cas_rn": "58-08-3",
  "inchi": "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3",
  "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
  "formula": "C2H7O",
  "identity_state": "tentative",
  "quantity": "12.5",
  "concealment": "in a \U000e0041 book"
}
"""


def test_check_digits_days_ahead_and_contradictions_are_named_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", written(tmp_path, BEYOND_THE_SCHEMA)], {}) == USAGE
    assert capsys.readouterr().err.splitlines()[1:] == [
        "  line 1, /preferred_name: a tentative or confirmed identity has a name; add it or lower the identity.",
        "  line 1, /unit: the quantity has no unit; choose one.",
        "  line 4, /title: use at least 5 characters; 3 are enough only in Chinese, Japanese or Korean.",
        "  line 5, /event_date: it lies in the future; write a day up to today.",
        "  line 6, /cas_rn: the check digit is wrong; compare the source.",
        "  line 8, /inchikey: it is not the key of the InChI; correct one.",
        "  line 9, /formula: it counts other atoms than the InChI; correct one.",
        "  line 12, /concealment: delete the hidden characters (U+E0041) or retype it.",
    ]


def test_a_program_reads_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", written(tmp_path, WRONG), "--json"], {}) == USAGE
    said = capsys.readouterr()
    printed, error = json.loads(said.out), json.loads(said.err)
    assert (printed["fits"], printed["findings"]) == (False, error["findings"])
    assert {"pointer": "/titel", "line": 3, "remedy": "there is no such member. Is title meant?"} in error[
        "findings"
    ]


def test_what_fits_is_said_to_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", written(tmp_path, json.dumps(DOCUMENT))], {}) == OK
    assert "fits accord-alert/1" in capsys.readouterr().out


def test_the_whole_order_is_checked_around_its_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = {
        "alert": DOCUMENT | {"title": ""},
        "to": ["B"],
        "tpl": "RED",
        "lane": "sea",
        "names": ["xb-bravo"],
    }
    assert main(["check", written(tmp_path, json.dumps(order, indent=1))], {}) == USAGE
    pointers = [
        line.partition(", ")[2].partition(":")[0] for line in capsys.readouterr().err.splitlines()[1:]
    ]
    assert pointers == ["/alert/title", "/to", "/tpl", "/lane", "/names/0"]


def test_a_file_that_the_document_names_is_attached(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(DOCUMENT | {"evidence": [EVIDENCE]}))
    (tmp_path / "run.msp").write_text("NAME: etizolam\n")
    assert main(["check", file], {}) == USAGE
    assert main(["check", file, "--attach", str(tmp_path / "run.msp")], {}) == OK


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"title": "x",\n "quantity": 1.5}', 'line 2, /quantity: write it as a text: "1.5".'),
        (b'{"title": "x",\n "title": "y"}', "line 2, /title: it stands there twice; leave one out."),
        (b'{"title": "x"\n "quantity": 1}', "line 2, column 2: Expecting ',' delimiter."),
        (b'{"route": [\n1, -0, NaN]}', "line 2, /route/1: write a whole number of at most 15 digits."),
        (
            b'{"title":\n "\\ud800"}',
            "line 2, /title: it holds half of a character (a lone surrogate); write it whole.",
        ),
        (b'{"a":' + b"[" * 30 + b"]" * 30 + b"}", "it is nested more than 16 deep."),
        (b"\xef\xbb\xbf{}", "line 1: it begins with a byte order mark; save it without one."),
        (b'{\n"title": "\xff"}', "line 2: it is not UTF-8; save it in that encoding."),
    ],
)
def test_a_file_that_is_no_strict_json_names_the_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes, said: str
) -> None:
    assert main(["check", written(tmp_path, text)], {}) == USAGE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["submit"], ["seal", "--out", "sealed"]], ids=["submit", "seal"])
def test_sending_refuses_with_the_same_words_before_it_asks_for_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    file = written(tmp_path, WRONG)
    main(["check", file], {})
    checked = capsys.readouterr().err
    options = [
        "--to",
        "xb-bravo",
        "--lane",
        "science",
        "--purpose",
        "science",
        "--home",
        str(tmp_path / "none"),
    ]
    assert main([verb[0], file, *verb[1:], *options], {}) == USAGE
    assert capsys.readouterr().err == checked


@pytest.mark.parametrize(
    "alert",
    [
        {"schema": "accord-alert/1"},
        DOCUMENT | {"schema": "accord-alert/2"},
        DOCUMENT | {"evidence": [EVIDENCE]},
        DOCUMENT | {"cas_rn": "58-08-3"},
        DOCUMENT | {"event_date": "2027-01-17"},
    ],
    ids=[
        "nothing in it",
        "another schema",
        "a file that is not attached",
        "a wrong check digit",
        "a day ahead",
    ],
)
def test_the_library_refuses_it_too(alert: dict[str, Any]) -> None:
    with pytest.raises(DocumentError) as refused:
        require_fit(alert_to("xb-bravo", alert=alert), now=NOON)
    assert refused.value.findings and "sender" not in str(refused.value)


def test_a_day_counts_as_begun_when_it_has_begun_somewhere() -> None:
    """Machine and officer may be in different zones; the 15th begins at 10:00 UTC of the 14th in the earliest zone."""
    alert = alert_to("xb-bravo", alert=DOCUMENT | {"event_date": "2027-01-15"})
    require_fit(alert, now=NOON - 26 * 3600)
    with pytest.raises(DocumentError):
        require_fit(alert, now=NOON - 26 * 3600 - 1)
