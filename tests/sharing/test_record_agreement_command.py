# SPDX-License-Identifier: Apache-2.0
"""`record_agreement`: a file becomes an agreement, or a sentence names the wrong field."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ledger.models import AuditEvent
from operators.enrolling import INSTALLER, invite_operator
from operators.models import Operator
from sharing.models import Agreement, AgreementVersion, Circle
from tests.builders import Hub
from tests.role_logins import under_login_of

NAME = "Noor Ashdene"
AGREED = {
    "ref": "G7",
    "title": "Early warning",
    "parties": ["xa-alpha", "xb-bravo"],
    "lanes": ["science", "trade"],
    "ceiling": "AMBER",
    "purposes": ["prevent"],
    "nbf": "2026-03-01T01:00:00+01:00",
    "until": "2099-01-01T00:00:00Z",
    "survive_lanes": ["science"],
    "survive_flash": True,
}


@pytest.fixture
def hub(db: None, tmp_path: Path) -> Hub:
    hub = Hub(tmp_path / "ledger")
    hub.make_agencies("xa-alpha", "xb-bravo", "xc-charlie")
    return hub


@pytest.fixture(autouse=True)
def operator(hub: Hub) -> Operator:
    invite_operator(INSTALLER, NAME, now=hub.now)
    return Operator.objects.get()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "agreement.json"


def record(file: Path, by: str = NAME, **changes: Any) -> str:
    given = {name: value for name, value in {**AGREED, **changes}.items() if value != "left out"}
    return record_text(file, json.dumps(given), by)


def record_text(file: Path, text: str, by: str = NAME) -> str:
    file.write_text(text, encoding="utf-8")
    out = StringIO()
    with under_login_of("operator"):
        call_command("record_agreement", str(file), "--by", by, stdout=out)
    return out.getvalue().strip()


def test_what_the_file_says_is_recorded(file: Path, operator: Operator) -> None:
    said = record(file)
    assert said == (
        "G7 version 1 is recorded; it counts from 2026-03-01 00:00 UTC until 2099-01-01 00:00 UTC."
    )
    version = AgreementVersion.objects.get()
    assert (version.agreement.ref, version.agreement.title) == ("G7", "Early warning")
    assert {party.agency_id for party in version.parties.all()} == {"xa-alpha", "xb-bravo"}
    assert {row.lane for row in version.lanes.all()} == {"science", "trade"}
    assert (version.ceiling, version.purposes) == ("AMBER", ["prevent"])
    assert (version.survive_lanes, version.survive_flash) == (["science"], True)
    assert AuditEvent.objects.get(act="agreement.recorded").actor == operator.audit_name


def test_what_may_be_left_out(file: Path) -> None:
    few = dict.fromkeys(("purposes", "until", "survive_lanes", "survive_flash"), "left out")
    assert record(file, **few) == "G7 version 1 is recorded; it counts from 2026-03-01 00:00 UTC."
    version = AgreementVersion.objects.get()
    assert (version.purposes, version.until, version.survive_lanes, version.survive_flash) == (
        [], None, [], False,
    )  # fmt: skip


def test_a_known_ref_gets_its_next_version(file: Path) -> None:
    record(file)
    assert record(file, parties=["xa-alpha", "xb-bravo", "xc-charlie"]).startswith("G7 version 2 ")
    assert Agreement.objects.count() == 1


def test_a_circle_is_all_parties_or_some(file: Path) -> None:
    record(file, circle={"name": "All"})
    record(file, circle={"name": "One", "members": ["xb-bravo"]})
    members = {circle.name: {row.pk for row in circle.members.all()} for circle in Circle.objects.all()}
    assert members == {"All": {"xa-alpha", "xb-bravo"}, "One": {"xb-bravo"}}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no ref": ({"ref": "left out"}, "ref: "),
    "a long ref": ({"ref": "G" * 21}, "ref: "),
    "no title": ({"title": ""}, "title: "),
    "one party": ({"parties": ["xa-alpha"]}, "parties: name 2 to 501 agencies"),
    "a party twice": ({"parties": ["xa-alpha", "xb-bravo", "xa-alpha"]}, "parties: named twice: xa-alpha"),
    "a party unknown": ({"parties": ["xa-alpha", "xz-none"]}, "parties: not on this hub: xz-none"),
    "parties as text": ({"parties": "xa-alpha xb-bravo"}, "parties: "),
    "a lane unknown": ({"lanes": ["sea"], "survive_lanes": []}, "lanes: "),
    "no lane": ({"lanes": [], "survive_lanes": []}, "lanes: "),
    "a ceiling unknown": ({"ceiling": "BLUE"}, "ceiling: "),
    "a purpose unknown": ({"purposes": ["curiosity"]}, "purposes: "),
    "a beginning without offset": ({"nbf": "2026-03-01T00:00:00"}, "nbf: write it like "),
    "a beginning that is no day": ({"nbf": "2026-02-30T00:00:00Z"}, "nbf: write it like "),
    "an end before the beginning": ({"until": "2026-01-01T00:00:00Z"}, "until: "),
    "a lane that survives and is not agreed": ({"survive_lanes": ["enforcement"]}, "survive_lanes: "),
    "neither yes nor no": ({"survive_flash": "perhaps"}, "survive_flash: "),
    "a field misspelt": ({"untill": "2030-01-01T00:00:00Z"}, "untill: not a field of this file"),
    "a circle without a name": ({"circle": {}}, "circle.name: "),
    "a circle of a stranger": ({"circle": {"name": "C", "members": ["xc-charlie"]}}, "members: "),
    "a circle too early": (
        {"circle": {"name": "C"}, "nbf": "2098-01-01T00:00:00Z"},
        "circle: record it once the agreement has begun",
    ),
}


def test_a_refusal_names_the_field_and_records_nothing(file: Path, subtests: pytest.Subtests) -> None:
    for sentence, (changes, said) in REFUSED.items():
        with subtests.test(sentence):
            with pytest.raises(CommandError) as refused:
                record(file, **changes)
            assert str(refused.value).startswith(said)
            assert "\n" not in str(refused.value)
            assert not Agreement.objects.exists()
            assert not Circle.objects.exists()


def test_a_circle_s_name_is_given_once(file: Path) -> None:
    record(file, circle={"name": "C"})
    with pytest.raises(CommandError, match=r"^circle\.name: a circle of this name stands already$"):
        record(file, circle={"name": "C"})
    assert AgreementVersion.objects.count() == 1


def test_a_known_ref_keeps_its_title(file: Path) -> None:
    record(file)
    with pytest.raises(CommandError, match=r"^title: G7 stands under the title Early warning$"):
        record(file, title="Late warning")


def test_a_file_that_is_no_agreement(file: Path, subtests: pytest.Subtests) -> None:
    for text, said in [
        ("{", "is no JSON that can be read"),
        ("[]", "file: "),
        ('{"ref": "G7", "ref": "G8"}', "ref: stands twice in the file"),
    ]:
        with subtests.test(f"{text} {said}"):
            with pytest.raises(CommandError) as refused:
                record_text(file, text)
            assert said in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("record_agreement", str(tmp_path / "none.json"), "--by", NAME)


def test_only_an_operator_records(hub: Hub, file: Path, operator: Operator) -> None:
    with pytest.raises(
        CommandError, match=r"^No operator is called Ada Alpha\. Make one with invite_operator\.$"
    ):
        record(file, by="Ada Alpha")
    Operator.objects.update(ended_at=hub.now)
    with pytest.raises(CommandError, match="No operator is called"):
        record(file)
    assert not Agreement.objects.exists()


def circle(*words: str) -> str:
    out = StringIO()
    with under_login_of("operator"):
        call_command("record_circle", *words, "--by", NAME, stdout=out)
    return out.getvalue().strip()


def test_a_circle_is_recorded_changed_and_ended_by_a_command_of_its_own(file: Path) -> None:
    record(file)
    assert circle("C", "--agreement", "G7", "--member", "xa-alpha", "--member", "xb-bravo") == (
        "C: xa-alpha, xb-bravo."
    )
    assert circle("C", "--member", "xb-bravo") == "C: xb-bravo."
    assert circle("C") == "C is ended."
    with pytest.raises(CommandError, match=r"^members: "):
        circle("C", "--member", "xc-charlie")
    with pytest.raises(CommandError, match=r"^name: no circle"):
        circle("D", "--member", "xb-bravo")
