# SPDX-License-Identifier: Apache-2.0
"""The page that screens a substance: its answers, their words, and the words that it never uses."""

import html
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from alerts.query_audit import SCREENED, WITHOUT_CASE_AN_HOUR, QueryReason, record_question
from ledger.models import AuditEvent
from science.answers.screening import PlaceShown, ScreeningShown, law_lines
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.science_files import record

FENTANYL_LIKE = "CCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1"
FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
TODAY = "2026-11-28"
ISOTODESNITAZENE = "CC(C)Oc1ccc(Cc2nc3ccccc3n2CCN(CC)CC)cc1"  # in no list by name
BUPROPION = "CC(NC(C)(C)C)C(=O)c1cccc(Cl)c1"
ALPRAZOLAM = "Cc1nnc2CN=C(c3ccccc3)c3cc(Cl)ccc3-n12"
BENTAZONE_LIKE = "CC(C)N1C(=O)c2ccccc2NS1(=O)=O"
NEVER_SAID = ("illegal", "memory", "remembered", "confidence", "licence:")
"""Words of no answer: it speaks of no memory, of no confidence and of no licence of ours."""


@pytest.fixture
def client(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


def asked(client: Client, **fields: object) -> str:
    given = {"on": "2025-07-17", "reason": "assigned", "structure": FENTANYL_LIKE} | fields
    page = re.sub(r"\s+", " ", client.post("/science/screen/", given).content.decode())
    answer = page.lower().partition("science-answer")[2].partition('<form class="panel')[0]
    assert answer or 'id="problems"' in page
    assert not [word for word in NEVER_SAID if word in answer]
    return page


def standings(page: str) -> dict[str, str]:
    """Return the table's text for each jurisdiction."""
    rows = re.findall(r'<th scope="row">([^<]+)</th> <td><span class="state"[^>]*>([^<]+)</span>', page)
    return {html.unescape(place): html.unescape(text) for place, text in rows}


def test_a_structure_is_drawn_identified_and_judged_clause_by_clause(client: Client) -> None:
    page = asked(client)
    assert "<svg" in page
    assert "C22H27FN2O" in page
    assert "Meets the definition" in page
    assert "Instrument" in page
    assert "How we read it" in page
    assert 'class="mol-mark' in page
    assert "Similar substances" in page
    assert re.search(r'class="science-printed[^>]*>Asked by <bdi>Ilka Torvane</bdi>, .*UTC</time></p>', page)
    assert '<span class="science-number">1</span>' in page
    for rule in re.findall(r'<details class="science-rule".*?</details>', page):
        drawn = set(re.findall(r'<text[^>]*class="mol-label[^"]*"[^>]*>(\d+)<', rule))
        listed = set(re.findall(r'<span class="science-number">(\d+)</span>', rule))
        assert drawn <= listed, rule[:300]


def test_a_name_alone_is_compared_with_lists_and_says_that_rules_need_a_structure(client: Client) -> None:
    page = asked(client, structure="", name="xylazine", on=TODAY)
    assert standings(page) == {
        "United Nations": "Not known here",
        "Canada": "Needs a structure: not asked",
        "China": "Needs a structure: not asked",
        "Germany": "Needs a structure: not asked",
        "United Kingdom": "Listed",
        "United States of America": "Needs a structure: not asked",
    }
    assert "This desk knows nothing of its law; ask at home." in page, "the reader's country, XA"
    assert "No list names it so. Give a structure to have lists and class rules asked." in page


def test_lists_that_do_not_name_it_are_told_apart_from_lists_that_are_not_covered(client: Client) -> None:
    page = asked(client, structure=BENTAZONE_LIKE, on=TODAY)
    assert standings(page) == {
        "United Nations": "Not known here",
        "Canada": "Not named on lists that are complete to 14 Jun 2026",
        "China": "Not known here",
        "Germany": "Not named on lists that are complete to 1 Apr 2026",
        "United Kingdom": "Not known here",
        "United States of America": "Not named on lists that are complete to 21 Sep 2026",
    }
    assert "Whether a law on analogues reaches it is for a court." in page
    assert "Its lists are known here in part: they give no verdict." in page
    assert "Not reached" not in page


def test_on_an_alert_the_own_country_stands_first_and_not_known_is_not_no_match() -> None:
    def place(code: str, standing: str, note: str = "") -> PlaceShown:
        tone = "law" if standing == "listed" else "quiet"
        return PlaceShown(code, code, standing, standing, (note,), tone, (), (), (), (), ())

    shown = ScreeningShown(
        on=date(2026, 11, 28),
        ruleset="",
        medicine="",
        places=(
            place("DE", "listed"),
            place("CN", "not_covered"),
            place("UN", "not_named"),
            place("US", "not_known_then"),
            place("XA", "not_covered", "None of its lists is known here."),
        ),
        precursors=(),
        limits=(),
        has_drawings=False,
    )
    lines = law_lines(shown, "XA")
    assert [(one.code, one.when) for one in lines.open] == [
        ("XA", "None of its lists is known here"),
        ("DE", ""),
    ]
    assert [one.code for one in lines.no_match] == ["UN"] and [one.code for one in lines.not_known] == ["CN"]
    assert [one.code for one in lines.not_then] == ["US"]
    assert [one.code for one in law_lines(shown, "").open] == ["DE"]


def test_a_day_before_the_texts_is_not_known(client: Client) -> None:
    page = asked(client, structure=BENTAZONE_LIKE, on="2016-01-01")
    assert (
        standings(page)["Germany"] == standings(page)["United States of America"] == "Not known for that date"
    )
    assert "The texts do not go back to that date." in page
    assert "Class rules are known here, for another time." in page


def test_beside_a_rule_that_takes_it_out_the_page_says_that_the_lists_prove_nothing(client: Client) -> None:
    page = asked(client, structure=BUPROPION, on=TODAY)
    assert standings(page)["United Kingdom"] == "Taken out by name"
    row = page.partition('<th scope="row">United Kingdom')[2].partition("</tr>")[0]
    assert "Its lists are known here in part: they give no verdict." in row


def test_each_entry_has_the_day_of_its_text_and_the_way_to_it(client: Client) -> None:
    page = asked(client, structure=FENTANYL, on=TODAY)
    assert "text as of 21 Sep 2026" in page
    assert page.count("N-aryl-N-acyl-4-aminopiperidine scaffold present") == 1, "a reason is printed once"
    for rule in re.findall(r'<details class="science-rule".*?</details>', page):
        assert rule.count("How we read it") <= 1
        assert "</dd> <dd" not in rule and "</dd><dd" not in rule, "one value a label, or the columns break"
    assert "https://www.ecfr.gov/current/title-21/chapter-II/part-1308" in page
    assert "Compilation: referencesource.org (CC BY 4.0)" in page, "what a licence asks to be said"


def test_a_medicine_is_named_as_one(client: Client) -> None:
    assert "Alprazolam is known as a medicine." in asked(client, structure=ALPRAZOLAM, on=TODAY)


def test_a_law_that_comes_later_is_told_with_its_day(client: Client) -> None:
    page = asked(client, structure=ISOTODESNITAZENE, on="2024-06-01")
    assert "Law reaches it from 15 Jan 2025." in page and "from a later day" not in page


def test_the_page_says_of_when_its_rules_and_its_lists_are(client: Client) -> None:
    page = asked(client, structure=BENTAZONE_LIKE, on="2027-02-01")
    assert "Class rules of November 2026, rule set" in page
    assert "complete to 21 Sep 2026" in page


def test_a_salt_with_an_organic_acid_says_which_part_was_found(client: Client) -> None:
    page = asked(client, structure="O=C1CCNCC1.OC(=O)C(O)(c1ccccc1)c1ccccc1")
    assert "in the part" in page
    assert "4-piperidone" in page


def test_a_salt_is_known_by_the_name_of_its_base(client: Client) -> None:
    page = asked(client, structure="CC(N)Cc1ccccc1.OC(=O)C(O)C(O)C(O)C(O)C(=O)O")
    assert re.search(r"Known as</dt><dd[^>]*><bdi[^>]*>[^<]*amphetamine", page)


def test_a_number_of_another_substance_is_named(client: Client) -> None:
    assert "The CAS number belongs to another substance." in asked(client, cas="103-79-7")


def test_the_law_of_the_day_is_applied(client: Client) -> None:
    before, after = asked(client, on="2018-01-01"), asked(client, on="2025-07-17")
    assert "not yet: from" in before
    assert before != after


BAD_INPUT = (
    ("structure", "C(C)(C)(C)(C)C", "more bonds than it can have"),
    ("structure", "PK\x03\x04 M  END", "archive"),
    ("structure", "CC\u043eC", "another script"),
    ("structure", "c1ccc", "Structure:"),
    ("cas", "437-38-8", "check digit wrong"),
    ("name", "fent\u0430nyl", "two scripts are mixed"),
)


def test_bad_input_is_named_at_its_field_with_the_remedy(client: Client) -> None:
    for field, value, sentence in BAD_INPUT:
        page = asked(client, **{"structure": "", field: value})
        assert sentence in page and f'href="#field-{field}"' in page, sentence


def test_the_thirty_first_question_of_an_hour_is_asked_for_a_case_and_the_field_says_so(
    client: Client, desk: DeskWorld
) -> None:
    for _ in range(WITHOUT_CASE_AN_HOUR):
        record_question(desk.ilka, SCREENED, QueryReason("assigned"), now=timezone.now())
    page = asked(client)
    assert "Case number: more than 30 questions an hour are asked for a case only" in page
    assert 'href="#field-reference"' in page and "C22H27FN2O" not in page
    assert "C22H27FN2O" in asked(client, reason="case_number", reference="XA-2026-118")


def test_several_structures_are_answered_and_counted_for_a_case_alone(client: Client) -> None:
    several = f"{CAFFEINE}\n{FENTANYL_LIKE}"
    refused = asked(client, structure=several)
    assert "Case number: several structures" in refused and 'href="#field-reference"' in refused
    assert not AuditEvent.objects.filter(act="substance.screened").exists()
    page = asked(client, structure=several, reason="case_number", reference="XA-2026-118")
    assert "2 substances" in page
    event = AuditEvent.objects.get(act="substance.screened")
    assert (event.reason, event.detail) == ("case_number: XA-2026-118", {"count": 2})


def test_what_is_wrong_with_a_file_is_told_at_the_file(client: Client) -> None:
    for address in ("/science/screen/", "/science/similar/"):
        file = SimpleUploadedFile("drawing.mol", b"PK\x03\x04zip")
        page = client.post(address, {"on": "2025-07-17", "reason": "assigned", "file": file}).content.decode()
        place = page.partition('id="field-file"')[2].partition('<div class="field')[0]
        assert "this is an archive or a picture" in place


def test_a_file_is_read_as_pasted_text_is(client: Client) -> None:
    file = SimpleUploadedFile("secret-name.smi", FENTANYL_LIKE.encode())
    page = asked(client, structure="", file=file)
    assert "C22H27FN2O" in page
    assert "secret-name" not in page


def test_nothing_asked_about_stands_in_the_session_or_in_the_audit(client: Client) -> None:
    asked(client, name="para-fluorofentanyl")
    told = repr(AuditEvent.objects.get(act="substance.screened").__dict__)
    assert "fluoro" not in told and "CCC" not in told
    assert FENTANYL_LIKE not in repr(dict(client.session.items()))


def test_a_long_answer_takes_at_most_twenty_queries_and_150_kilobytes(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """The engine over all addresses asks about ethanol, which no rule catches."""
    for address, fields in (
        ("/science/screen/", {"on": "2025-07-17"}),
        ("/science/similar/", {}),
        ("/science/spectra/", {"text": record("carisoprodol")}),
    ):
        with django_assert_max_num_queries(20):
            answer = client.post(address, {"reason": "assigned", "structure": FENTANYL_LIKE, **fields})
        assert b"science-answer" in answer.content and len(answer.content) <= 150_000, address
