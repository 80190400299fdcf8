# SPDX-License-Identifier: Apache-2.0
"""Identifiers that can be checked without drawing a structure, and characters that deceive a reader."""

import pytest

from accord.document.chemistry import differs_from_structure, is_cas_number, is_formula, is_inchi
from accord.document.inchikeys import inchikey_of
from alerts.document.characters import hidden_characters
from alerts.document.values import read_values
from callers.names import mixes_scripts
from tests.alerts.test_alert_kinds import ETIZOLAM, errors


class TestChemistry:
    @pytest.mark.parametrize("text", ["58-08-2", "1071546-40-1", "40054-69-1"])
    def test_cas_numbers_with_a_right_digit(self, text: str) -> None:
        assert is_cas_number(text)
        assert not is_cas_number(text[:-1] + str((int(text[-1]) + 1) % 10))

    @pytest.mark.parametrize("text", ["H0", "C17h15", "17CH", "", "C 17", "Q", "C17H15ClN4S-"])
    def test_formulas_that_are_none(self, text: str) -> None:
        assert not is_formula(text)

    @pytest.mark.parametrize(
        ("formula", "inchi", "differs"),
        [
            ("C17H15ClN4S", ETIZOLAM, False),
            ("C17ClH15SN4", ETIZOLAM, False),
            ("C17H14DClN4S", ETIZOLAM, False),
            ("C17H15ClN4O", ETIZOLAM, True),
            ("CH5N2", "InChI=1S/CH4N2/c2-1-3/h1H,(H3,2,3)/p+1", False),
            ("C2H3O2Na", "InChI=1S/C2H4O2.Na/c1-2(3)4;/h1H3,(H,3,4);/q;+1/p-1", False),
            ("C4H6O4Ca", "InChI=1S/2C2H4O2.Ca/c2*1-2(3)4;/h2*1H3,(H,3,4);/q;;+2/p-2", False),
            ("C4H6O4Mg", "InChI=1S/2C2H4O2.Ca/c2*1-2(3)4;/h2*1H3,(H,3,4);/q;;+2/p-2", True),
        ],
    )
    def test_a_formula_is_compared_with_every_part_of_the_structure(
        self, formula: str, inchi: str, differs: bool
    ) -> None:
        assert is_formula(formula) and is_inchi(inchi)
        assert differs_from_structure(formula, inchi) is differs

    def test_a_long_text_that_is_no_inchi_is_told_at_once(self) -> None:
        assert not is_inchi("InChI=1S/C2H6O" + "/c1-2-3" * 130 + "é")

    @pytest.mark.parametrize(
        ("inchi", "key"),
        [
            (ETIZOLAM, "VMZUTJCNQWMAGF-UHFFFAOYSA-N"),
            ("InChI=1S/H2O/h1H2", "XLYOFNOQVPJJNP-UHFFFAOYSA-N"),
            ("InChI=1S/C3H7NO2/c1-2(4)3(5)6/h2H,4H2,1H3,(H,5,6)/t2-/m0/s1", "QNAYBMKLOCPYGJ-REOHCLBHSA-N"),
            ("InChI=1S/C2H4O2/c1-2(3)4/h1H3,(H,3,4)/p-1", "QTBSBXVTEAMEQO-UHFFFAOYSA-M"),
            ("InChI=1S/H3N/h1H3/p+1", "QGZKDVFQNNGYKY-UHFFFAOYSA-O"),
            ("InChI=1S/Na/q+1", "FKNQFGJONOIPTF-UHFFFAOYSA-N"),
        ],
        ids=["etizolam", "water", "L-alanine", "acetate", "ammonium", "sodium ion"],
    )
    def test_an_inchikey_is_the_digest_of_its_inchi(self, inchi: str, key: str) -> None:
        assert inchikey_of(inchi) == key
        assert errors("seizure", inchi=inchi, inchikey=key) == {}

    @pytest.mark.parametrize(
        "inchi",
        ["InChI=1/H2O/h1H2", "InChI=1S/H2O/h1H2/f/h1H", "InChI=1S/H2O//h1H2", "InChI=1S/H2O/h1H2/p+x"],
    )
    def test_what_is_no_standard_inchi_is_not_compared_or_breaks_nothing(self, inchi: str) -> None:
        assert inchikey_of(inchi) in {None, "XLYOFNOQVPJJNP-UHFFFAOYSA-N"}


class TestCharacters:
    def test_marks_that_only_give_a_direction_stay(self) -> None:
        assert hidden_characters("نص\u200f عربي \u061c", lines=False) == ()
        assert hidden_characters("می\u200cخواهم", lines=False) == ()
        assert errors("seizure", title="حبوب زرقاء\u200f في طرد") == {}

    def test_line_breaks_are_for_texts_of_several_lines(self) -> None:
        assert hidden_characters("one\ntwo\tthree", lines=True) == ()
        assert hidden_characters("one\ntwo", lines=False) == ("U+000A",)
        assert errors("seizure", title="Two\nlines") == {
            "title": "Title: use 5 to 120 characters on one line."
        }

    def test_what_a_copied_page_brings_along_is_dropped(self) -> None:
        assert read_values({"title": "\ufeffBlue\u200b tab\u00adlets"}) == {"title": "Blue tablets"}

    @pytest.mark.parametrize(
        "text", ["\u03b1-PVP", "N-\u044d\u0442\u0438\u043b", "4\u2032-methyl", "\u6c2f\u80faX"]
    )
    def test_scripts_side_by_side_are_not_mixed(self, text: str) -> None:
        assert not mixes_scripts(text)

    @pytest.mark.parametrize(
        "text", ["et\u0456zolam", "\u0391lprazolam", "\uff45tizolam", "x\U0001d44eylazine"]
    )
    def test_letters_of_one_word_from_two_scripts_are(self, text: str) -> None:
        assert mixes_scripts(text)
