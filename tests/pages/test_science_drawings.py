# SPDX-License-Identifier: Apache-2.0
"""A drawing from the process that reads strangers' input can do nothing in a page."""

from science.structures.drawings import inert_svg

SVG = '<svg xmlns="http://www.w3.org/2000/svg" class="mol" viewBox="0 0 10 10">{}</svg>'


def test_shapes_text_and_classes_stay() -> None:
    drawn = inert_svg(
        SVG.format('<title>A &lt; B</title><path class="mol-bond" d="M 1,1 L 2,2"/><text x="1">N</text>')
    )
    assert 'class="mol-bond"' in drawn
    assert "<title>A &lt; B</title>" in drawn
    assert 'd="M1,1L2,2"' in drawn


HOSTILE = (
    "<script>alert(1)</script>",
    '<path d="M 1,1" onload="alert(1)"/>',
    '<a href="javascript:alert(1)"><text>x</text></a>',
    '<image href="https://elsewhere.example/x.png"/>',
    '<path d="M 1,1" style="fill:url(https://elsewhere.example)"/>',
    '<path d="M 1,1" fill="url(https://elsewhere.example)"/>',
    '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml">x</body></foreignObject>',
    '<use xlink:href="#x" xmlns:xlink="http://www.w3.org/1999/xlink"/>',
    "<set attributeName='href' to='javascript:alert(1)'/>",
)
NO_DRAWINGS = (
    "",
    "no drawing",
    "<svg",
    "<html><svg/></html>",
    '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>',
    SVG.format("<g>" * 1000 + "</g>" * 1000)[:-4],
    SVG.format("x" * 500_000),
)
ACTING = ("script", "onload", "href", "elsewhere", "style", "foreign", "<set")


def test_nothing_that_acts_or_loads_stays() -> None:
    for hostile in HOSTILE:
        drawn = inert_svg(SVG.format(hostile))
        assert not any(word in drawn for word in ACTING), hostile


def test_what_is_no_drawing_becomes_nothing() -> None:
    for text in NO_DRAWINGS:
        assert inert_svg(text) == "", text[:40]


def test_a_deep_one_is_cut() -> None:
    assert inert_svg(SVG.format("<g>" * 1000 + "</g>" * 1000)).count("<g") <= 20
