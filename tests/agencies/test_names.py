# SPDX-License-Identifier: Apache-2.0
"""Names that are accepted, names that look alike, and the places in which joiners are allowed."""

import pytest
from django.core.exceptions import ValidationError

from agencies.accession import admit_agency
from agencies.models import Agency
from agencies.similar_names import similar_names_of
from alerts.document.characters import hidden_characters
from callers.directory import AGENCY_ID
from callers.errors import InputError
from callers.names import check_name, misplaced_joiners, mixes_scripts, resemble
from tests.agencies.world import NOW
from tests.builders import OPERATOR


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Forensic Laboratory", "Forensic Laborat\u043ery", True),
        ("Illinois Police", "lllinois Police", True),
        ("Modern Lab", "Modem Lab", True),
        ("Customs A", "CUSTOMS  \u00c1", True),
        ("Forensic Laboratory", "Forensic Institute", False),
        ("Agency xe-drugs", "Agency xf-drugs", False),
    ],
)
def test_names_that_no_reader_tells_apart_resemble(one: str, other: str, alike: bool) -> None:
    assert resemble(one, other) is resemble(other, one) is alike


@pytest.mark.parametrize(
    "text",
    ["\u6771\u4eac\u30bf\u30ef\u30fc", "na\u00efve", "\u041c\u043e\u0441\u043a\u0432\u0430", "\u00b5mol"],
)
def test_a_word_of_one_script_or_of_scripts_written_together_is_not_mixed(text: str) -> None:
    assert not mixes_scripts(text)


@pytest.mark.parametrize(
    "text",
    ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0915\u094d\u200d\u0937"],
    ids=["Persian", "Hindi"],
)
def test_a_joiner_stays_where_its_script_is_written_with_it(text: str) -> None:
    assert misplaced_joiners(text) == ()
    assert hidden_characters(text, lines=False) == ()
    check_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "Lab\u200doratory",
        "a\u200cb",
        "\u200dab",
        "\u0645\u06cc\u200c\u200c\u062e",
        "\u0645\u06cc\u200c",
        "\u041b\u200c\u0430",
    ],
    ids=ascii,
)
def test_a_joiner_anywhere_else_is_refused(text: str) -> None:
    assert hidden_characters(text, lines=False)
    with pytest.raises(ValidationError):
        check_name(text)


@pytest.mark.parametrize("text", ["xa-lab\n", "xa-lab\r", "\nxa-lab", "xa-lab\u2028"], ids=ascii)
def test_no_line_break_passes_in_an_agency_id(text: str) -> None:
    with pytest.raises(ValidationError):
        AGENCY_ID(text)


@pytest.mark.django_db
class TestTwins:
    def admit(self, agency_id: str, name: str, *, resembles: bool = False) -> Agency:
        return admit_agency(
            OPERATOR,
            agency_id,
            name=name,
            kind="laboratory",
            country="XA",
            timezone="UTC",
            language="en",
            custody="hub",
            resembles=resembles,
            now=NOW,
        )

    def test_a_name_like_another_needs_the_operator_s_word_beside_its_twin(self) -> None:
        self.admit("xa-lab", "Forensic Laboratory")
        name = "FORENSIC LAB\u00d3RATORY"
        assert [twin.pk for twin in similar_names_of(name)] == ["xa-lab"]
        with pytest.raises(InputError) as refused:
            self.admit("xb-lab", name)
        assert refused.value.field == "resembles"
        assert name in refused.value.problem and "Forensic Laboratory (xa-lab)" in refused.value.problem
        assert self.admit("xb-lab", name, resembles=True).name == name

    def test_a_name_of_its_own_needs_no_word(self) -> None:
        self.admit("xa-lab", "Forensic Laboratory")
        assert self.admit("xb-health", "Health Authority").pk == "xb-health"
