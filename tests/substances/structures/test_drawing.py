# SPDX-License-Identifier: Apache-2.0
"""A drawing obeys a policy without inline styles, has a title, and tells marked atoms apart."""

import re
from typing import get_args
from xml.etree import ElementTree

import pytest

from substances.errors import InputRefusedError
from substances.structures.drawing import MAX_MARKS, draw_structure, lay_out
from substances.structures.shapes import TONES, Mark, Tone

FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
ALLOWED = {
    "svg": {"class", "width", "height", "viewBox", "role", "fill", "stroke", "color", "aria-hidden"},
    "title": set(),
    "path": {"class", "d", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "fill"},
    "circle": {"class", "cx", "cy", "r", "fill"},
    "text": {
        "class", "x", "y", "fill", "font-size", "font-family", "font-weight", "text-anchor", "dominant-baseline",
    },
}  # fmt: skip
MARKS = tuple(Mark((place,), tone, str(place)) for place, tone in enumerate(get_args(Tone)))


def _elements(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter())  # noqa: S314 -- our own drawing


@pytest.mark.parametrize(
    "smiles", [FENTANYL, "C[C@H](N)Cc1ccccc1.Cl", "[2H]C([2H])([2H])[N+](=O)[O-]", "O", "[Na+].[Cl-]"]
)
def test_only_shapes_with_presentation_attributes_and_classes(smiles: str) -> None:
    marks = MARKS if smiles == FENTANYL else ()
    for element in _elements(draw_structure(smiles, marks=marks, title="<a & b>")):
        name = element.tag.removeprefix("{http://www.w3.org/2000/svg}")
        assert set(element.attrib) <= ALLOWED[name]


def test_ink_takes_the_colour_of_the_text_around_it() -> None:
    inked = [element for element in _elements(draw_structure(FENTANYL)) if element.tag.endswith("path")]
    colours = {element.get("stroke") or element.get("fill") for element in inked}
    assert colours == {"currentColor"}


def test_a_title_is_said_and_without_one_the_picture_is_decoration() -> None:
    titled, bare = draw_structure("CC", title="<Ethane>"), draw_structure("CC")
    assert "<title>&lt;Ethane&gt;</title>" in titled
    assert 'role="img"' in titled
    assert 'aria-hidden="true"' in bare
    assert "<title>" not in bare


def test_each_tone_has_its_class_and_its_label() -> None:
    svg = draw_structure(FENTANYL, marks=MARKS)
    for place, tone in enumerate(TONES):
        assert f"mol-mark-{tone}" in svg
        assert re.search(rf'class="mol-label mol-label-{tone}"[^>]*>{place}</text>', svg)


@pytest.mark.parametrize(
    ("tone", "has_contour"), [("denied", True), ("review", True), ("allowed", False), ("core", False)]
)
def test_what_needs_a_look_is_told_apart_without_colours(tone: Tone, has_contour: bool) -> None:
    svg = draw_structure(FENTANYL, marks=[Mark((0, 1, 2), tone)])
    assert ("mol-rim" in svg) is has_contour


def test_a_mark_lies_on_its_own_atoms() -> None:
    drawing = lay_out("CCO", (Mark((2,), "core"),))
    whole = lay_out("CCO", (Mark((0, 1, 2), "core"),))
    places = [(shape.x, shape.y) for shape in whole.shapes if shape.ink == "halo"]
    assert [(shape.x, shape.y) for shape in drawing.shapes if shape.ink == "halo"] == [places[2]]
    assert len([shape for shape in whole.shapes if shape.ink == "link"]) == 2


def test_stereo_is_drawn() -> None:
    inks = {smiles: [shape.ink for shape in lay_out(smiles).shapes] for smiles in ("C[C@H](N)O", "CC(N)O")}
    assert len(inks["C[C@H](N)O"]) > len(inks["CC(N)O"])
    assert lay_out("C[C@H](N)CC").shapes != lay_out("C[C@@H](N)CC").shapes


def test_all_components_of_a_salt_are_drawn() -> None:
    def glyphs(smiles: str) -> int:
        return sum(shape.ink == "glyph" for shape in lay_out(smiles).shapes)

    assert glyphs("CCN") < glyphs("CCN.Cl") < glyphs("CCN.Cl.Cl")


def test_the_same_structure_is_drawn_alike() -> None:
    assert draw_structure(FENTANYL) == draw_structure(FENTANYL)


def test_labels_stay_in_the_picture() -> None:
    for side in (90, 160, 320):
        drawing = lay_out(
            FENTANYL, tuple(Mark((atom,), "allowed", str(atom)) for atom in range(25)), side, side
        )
        labels = [shape for shape in drawing.shapes if shape.ink == "label"]
        assert all(0 < shape.x < side and 0 < shape.y < side for shape in labels)


@pytest.mark.parametrize(
    ("smiles", "marks", "code"),
    [
        ("C(", (), "unreadable"),
        ("", (), "unreadable"),
        ("C" * 1500, (), "too_many_atoms"),
        ("CC", (Mark((2,), "core"),), "no_such_atom"),
        ("CC", (Mark((-1,), "core"),), "no_such_atom"),
        ("CC", (Mark((0,), "core"),) * (MAX_MARKS + 1), "too_many"),
    ],
)
def test_what_cannot_be_drawn_is_refused(smiles: str, marks: tuple[Mark, ...], code: str) -> None:
    with pytest.raises(InputRefusedError, match=code):
        lay_out(smiles, marks)


def test_a_picture_is_small() -> None:
    assert len(draw_structure(FENTANYL, marks=MARKS, title="x")) < 20_000
