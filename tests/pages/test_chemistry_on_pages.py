# SPDX-License-Identifier: Apache-2.0
"""The chemistry of an alert on its pages: structure, analyses, spectra, control status; written without script, read in words."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.document.fields import Step
from alerts.drafting.drafts import attach_file, create_draft, read_draft, save_revision
from alerts.models import Alert, ReceivedAlert
from ledger.models import AuditEvent
from substances.errors import WorkerLostError
from substances.sandbox import sandboxed
from tests.page_queries import reads_of, without_checks
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld, Stage

SMILES = "CCN(CC)CCN1C2=CC=CC=C2N=C1CC1=CC=C(OC)C=C1"
NITAZENE: dict[str, Any] = {"structure": SMILES, "preferred_name": "metodesnitazene"}
RECORDS = (
    (Path(__file__).parents[2] / "substances" / "data" / "spectra-dev.msp")
    .read_text(encoding="utf-8")
    .split("\n\n")
)
QUININE = next(record for record in RECORDS if "quinine" in record.lower())
WORD = re.compile(r"<[^>]+>")


def words(page: str, anchor: str) -> str:
    """Return the text of one section of an alert page."""
    section = page.split(f'id="{anchor}"')[1].split("</section>\n    \n", maxsplit=1)[0]
    return " ".join(WORD.sub(" ", section).split())


def field_of(name: str, record: str) -> str:
    found = re.search(rf"^{name}: (.*)$", record, re.MULTILINE)
    assert found is not None
    return found[1].strip()


@pytest.fixture
def author(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


@pytest.fixture
def reader(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.aroha)


def opened(reader: Client, received: ReceivedAlert, query: str = "") -> str:
    reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"})
    return reader.get(f"/inbox/{received.pk}/{query}").content.decode()


def send_nitazene(desk: DeskWorld) -> None:
    desk.send(desk.draft(**NITAZENE))


def lost(*_args: Any, **_kwargs: Any) -> None:
    raise WorkerLostError


class TestWriting:
    """The pages of analysis and files, without any script too."""

    def saved(self, author: Client, draft: Alert, **fields: Any) -> str:
        draft.refresh_from_db()
        posted = {"revision": draft.current, "go": "save", "shown": list(fields), **fields}
        answer = author.post(f"/drafts/{draft.pk}/9/", posted, follow=True)
        assert answer.status_code == 200, answer.content
        return answer.content.decode()

    def test_saving_draws_the_structure_and_fills_its_identifiers(
        self, desk: DeskWorld, author: Client
    ) -> None:
        draft = create_draft(desk.ilka, alert_type="new_substance", now=desk.tick())
        page = self.saved(author, draft, structure=SMILES, inchikey="", formula="")
        assert '<svg class="mol"' in page and 'value="C21H27N3O"' in page
        assert 'value="SFNKTTXBZXVGOH-UHFFFAOYSA-N"' in page and "337.2154 Da" in page

    def test_a_file_is_read_in_place_of_the_text(self, desk: DeskWorld, author: Client) -> None:
        draft = create_draft(desk.ilka, alert_type="new_substance", now=desk.tick())
        file = SimpleUploadedFile("found.smi", b"OCC ethanol\n")
        self.saved(author, draft, **{"structure": "", "structure-file": file})
        assert read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).data["structure"] == "CCO"

    def test_what_is_typed_is_drawn_without_being_saved(self, desk: DeskWorld, author: Client) -> None:
        draft = create_draft(desk.ilka, alert_type="new_substance", now=desk.tick())
        answer = author.post(f"/drafts/{draft.pk}/structure/", {"structure": "OCC"}).json()
        assert answer["fills"]["structure"] == "CCO" and "<svg" in answer["html"]
        bad = author.post(f"/drafts/{draft.pk}/structure/", {"structure": "C1CC("}).json()
        assert bad["fills"] == {} and "Structure:" in bad["html"]
        draft.refresh_from_db()
        assert draft.current == 1 and read_draft(desk.ilka, draft).data["structure"] is None

    def test_nobody_elses_draft_is_drawn_into(self, desk: DeskWorld, reader: Client) -> None:
        draft = create_draft(desk.ilka, alert_type="new_substance", now=desk.tick())
        assert reader.post(f"/drafts/{draft.pk}/structure/", {"structure": "OCC"}).status_code == 404

    def test_lines_of_evidence_are_kept_and_judged(self, desk: DeskWorld, author: Client) -> None:
        draft = create_draft(desk.ilka, alert_type="new_substance", now=desk.tick())
        rows = {
            "evidence-technique": ["ms", "", "nmr"],
            "evidence-method": ["GC-MS (EI)", "", "1H NMR"],
            "evidence-reference": ["literature", "", "certified"],
            "evidence-conclusion": ["identified", "", "identified"],
            "evidence-file": ["", "", ""],
            "evidence-note": ["", "", "600 MHz"],
        }
        page = self.saved(author, draft, **rows, shown=["evidence"])
        kept = read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).data["evidence"]
        assert [(row["technique"], row["note"]) for row in kept] == [("ms", None), ("nmr", "600 MHz")]
        assert "Meets the minimum scheme" in page and "Analysed by" not in page

    def test_a_spectrum_that_does_not_fit_is_said_before_it_is_sent(
        self, desk: DeskWorld, author: Client
    ) -> None:
        draft = desk.draft(**NITAZENE)
        other = re.sub(r"^(NAME|SMILES|INCHIKEY|FORMULA): .*\n", "", QUININE, flags=re.MULTILINE)
        attach_file(desk.ilka, draft, base=1, filename="main.msp", data=other.encode(), now=desk.tick())
        page = author.get(f"/drafts/{draft.pk}/10/").content.decode()
        assert "It does not fit the structure of this alert" in page
        assert (
            "It does not fit the structure of this alert"
            in author.get(f"/drafts/{draft.pk}/4/").content.decode()
        )

    def test_where_structures_cannot_be_read_the_form_still_saves(
        self, desk: DeskWorld, author: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draft = create_draft(desk.ilka, alert_type="new_substance", now=desk.tick())
        monkeypatch.setattr(sandboxed, "run", lost)
        page = self.saved(author, draft, structure=SMILES)
        assert "could not be read just now" in page
        assert read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).data["structure"] == SMILES

    def test_confirmed_by_the_spectrum_of_another_substance_is_stopped(
        self, desk: DeskWorld, author: Client
    ) -> None:
        line = {"technique": "ms", "method": "LC-HRMS", "reference": "certified", "conclusion": "identified"}
        lines = [{**line, "file": "main.msp"}, {**line, "technique": "nmr", "method": "1H NMR"}]
        draft = desk.draft(**NITAZENE | {"identity_state": "confirmed", "evidence": lines})
        attach_file(desk.ilka, draft, base=1, filename="main.msp", data=QUININE.encode(), now=desk.tick())
        said = "Evidence: “main.msp” is of another substance than the one named"
        page = author.get(f"/drafts/{draft.pk}/4/").content.decode()
        assert said in page and "Does not meet the minimum scheme." in page
        assert "Not counted, of another substance: main.msp." in page
        analysis = author.get(f"/drafts/{draft.pk}/{Step.ANALYSIS:d}/").content.decode()
        assert "Does not meet the minimum scheme." in analysis
        lines = [lines[0] | {"file": ""}, lines[1]]
        save_revision(desk.ilka, draft, data={"evidence": lines}, base=2, now=desk.tick())
        page = author.get(f"/drafts/{draft.pk}/4/").content.decode()
        assert said not in page and "Meets the minimum scheme." in page and "Not counted" not in page


class TestReading:
    """The page at the agency that received the alert."""

    @pytest.fixture
    def stage(self) -> Stage:
        return send_nitazene

    @pytest.fixture
    def received(self, desk: DeskWorld) -> ReceivedAlert:
        return desk.received(desk.aroha)

    def test_every_line_of_the_verdict_is_there_and_no_substance_in_an_address_or_in_the_audit(
        self, reader: Client, received: ReceivedAlert
    ) -> None:
        page = opened(reader, received)
        section = words(page, "controlled")
        assert "Replayed, same" in words(page, "verification") and "Replayed" not in section
        assert "Meets the definition" in section
        assert "How we read it" in section and "confidence" not in section.lower()
        assert "illegal" not in page.lower()
        assert "The identity is tentative, and so is this status." in section
        assert 'class="mol-mark mol-mark-core"' in page and 'class="mol-mark mol-mark-allowed"' in page
        assert not re.findall(r'(?:href|action|src)="[^"]*(?:SFNK|nitazene|CCN)', page)
        told = str(list(AuditEvent.objects.values_list("detail", "subject", "reason")))
        assert "nitazene" not in told and "SFNK" not in told

    def test_a_rule_is_said_not_to_be_met_only_where_its_scaffold_is_there(
        self, reader: Client, received: ReceivedAlert
    ) -> None:
        section = opened(reader, received).split('id="controlled"')[1].split("</section>")[0]
        rules = re.findall(
            r'<details class="science-rule" id="rule-([^"]*)".*?</dl></div></div></details>',
            section,
            re.DOTALL,
        )
        not_met = [
            rule
            for rule in re.findall(
                r'<details class="science-rule".*?</dl></div></div></details>', section, re.DOTALL
            )
            if "Does not meet the definition" in rule
        ]
        assert "UK-NITA" in rules and len(not_met) == 1 and "UK-FENT" not in rules
        assert 'data-tone="core">Scaffold<' in not_met[0]
        assert "none of their scaffolds is present" in section, "the others are named without a verdict"

    def test_another_day_is_a_matter_of_the_address_and_of_a_day_only(
        self, reader: Client, received: ReceivedAlert
    ) -> None:
        page = opened(reader, received, "?on=2018-01-01")
        assert "On 1 Jan 2018" in page and "Not yet" in words(page, "controlled")
        assert "Day: enter one from 1961 on." in opened(reader, received, "?on=1899-01-01")
        assert opened(reader, received, "?on=tomorrow").count("Day: enter one from 1961 on.") == 1

    def test_where_nobody_can_compute_it_the_rest_of_the_page_holds(
        self, reader: Client, received: ReceivedAlert, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"})
        monkeypatch.setattr(sandboxed, "run", lost)
        page = reader.get(f"/inbox/{received.pk}/").content.decode()
        assert "could not be computed just now" in page and "Nine people collapsed" in page
        assert "What the signed alert states" in page, "what was signed needs no computing"


@pytest.mark.parametrize(
    ("identity", "tone", "says"),
    [
        ("tentative", "quiet", "Meets the minimum scheme; identity not confirmed."),
        ("confirmed", "ok", "Meets the minimum scheme."),
    ],
)
def test_a_scheme_that_is_met_gets_a_tick_where_the_identity_is_confirmed(
    desk: DeskWorld, reader: Client, identity: str, tone: str, says: str
) -> None:
    line = {"technique": "ms", "method": "LC-HRMS", "reference": "certified", "conclusion": "identified"}
    lines = [line, {**line, "technique": "nmr", "method": "1H NMR"}]
    desk.send(desk.draft(**NITAZENE | {"identity_state": identity, "evidence": lines}))
    page = opened(reader, desk.received(desk.aroha))
    assert f'chem-scheme" data-tone="{tone}"' in page and says in page
    assert "An indication was counted." not in page


def test_a_spectrum_is_plotted_with_its_source_and_a_file_that_is_none_says_why(
    desk: DeskWorld, reader: Client
) -> None:
    line = {"technique": "ms", "method": "LC-HRMS", "reference": "certified", "conclusion": "identified"}
    draft = desk.draft(
        structure=field_of("SMILES", QUININE),
        preferred_name="quinine",
        evidence=[{**line, "file": "q.msp"}],
    )
    for base, (name, data) in enumerate(
        (
            ("q.msp", QUININE.encode()),
            ("bad.msp", b"Name: x\nNum Peaks: 2\n10 -5\n"),
            ("costs.csv", b"item,price\nbox,3\n"),
        ),
        start=1,
    ):
        attach_file(desk.ilka, draft, base=base, filename=name, data=data, now=desk.tick())
        draft.refresh_from_db()
    desk.send(draft)
    page = opened(reader, desk.received(desk.aroha))
    section = words(page, "evidence")
    assert "Mass spectrum: q.msp" in section and "CC BY" in section
    assert field_of("AUTHORS", QUININE)[:12] in section
    assert "LC-HRMS, Certified standard, Identified" in section
    assert "Nothing in it speaks against the structure of this alert." in section
    assert "data-peaks" in page and len(page) < 150_000
    assert "Spectrum: " in section
    assert "costs.csv" in page and page.count('class="chem-spectrum"') == 2
    with CaptureQueriesContext(connection) as asked:
        reader.get(f"/inbox/{desk.received(desk.aroha).pk}/")
    assert len(without_checks(reads_of(asked))) <= 21, "three of them are the session's"


def test_the_second_person_sees_the_same_before_anything_is_sent(desk: DeskWorld, as_officer: SignIn) -> None:
    alert = desk.submit(desk.draft(**NITAZENE))
    page = as_officer(desk.benno).get(f"/queue/{alert.pk}/").content.decode()
    assert "The signed alert carries this answer and the rule set" in page
    assert "Meets the definition" in page and '<svg class="mol"' in page


def test_an_order_is_screened_for_precursors(desk: DeskWorld, reader: Client) -> None:
    order: dict[str, Any] = {
        "alert_type": "suspicious_order",
        "lane": "trade",
        "purpose": "regulatory_control",
        "preferred_name": "NPP",
        "kyc_result": "not_done",
        "parties": "unknown",
        "cases_non_fatal": None,
        "cases_fatal": None,
    }
    desk.hub.make_agreement("G7", "xa-lab", "xb-health", lanes=["trade"], title="Trade")
    desk.send(desk.draft(**order, recipients=["xb-health"]))
    section = words(opened(reader, desk.received(desk.aroha)), "controlled")
    assert "Precursor" in section and "NPP" in section
