# SPDX-License-Identifier: Apache-2.0
"""The tokens of the look, and the contrast of every pair of them, as WCAG 2.2 computes it."""

import re
from pathlib import Path

from django.apps import apps

SHARED, DESKS = (Path(apps.get_app_config(room).path) / "static/accord" for room in ("callers", "desk"))
SHEET = (SHARED / "accord.css").read_text(encoding="utf-8")
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\(#(\w{6}), #(\w{6})\)", SHEET)
}
TEXT_COLOURS = ("text", "muted", "accent", "danger", "ok", "warn")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_words_and_controls_can_be_read_in_both_themes() -> None:
    for theme in (0, 1):
        for ground in ("page", "surface"):
            below = TOKENS[ground][theme]
            for colour in TEXT_COLOURS:
                assert contrast(TOKENS[colour][theme], below) >= 4.5, (colour, ground, theme)
            assert contrast(TOKENS["control"][theme], below) >= 3, (ground, theme)
        for fill in ("accent", "danger"):
            assert contrast(TOKENS["on-fill"][theme], TOKENS[fill][theme]) >= 4.5, (fill, theme)


def test_a_progress_bar_stands_out_from_its_track() -> None:
    tracks = re.findall(
        r"progress(?: \{[^}]*?|::-webkit-progress-bar \{) ?background: var\(--([\w-]+)\)", SHEET
    )
    bars = re.findall(
        r"progress::-(?:webkit-progress-value|moz-progress-bar) \{ background: var\(--([\w-]+)\)", SHEET
    )
    assert (len(tracks), len(bars)) == (2, 2)
    for theme in (0, 1):
        for track, bar in zip(tracks, bars, strict=True):
            assert contrast(TOKENS[bar][theme], TOKENS[track][theme]) >= 3, (bar, track, theme)


def test_markings_keep_the_colours_of_tlp_2_on_black() -> None:
    colours = dict(re.findall(r'\.tlp\[data-tlp="([A-Z]+)"\][^{]*\{ color: #(\w{6})', SHEET))
    assert colours == {"RED": "ff2b2b", "AMBER": "ffc000", "GREEN": "33ff00"}
    for colour in (*colours.values(), "ffffff"):
        assert contrast(colour, "000000") >= 4.5


def test_only_logical_sides_are_named_so_that_right_to_left_works() -> None:
    assert not re.findall(r"(?:margin|padding|border)-(?:left|right)|text-align: (?:left|right)", SHEET)
    assert not re.search(r"[{;]\s*(?:left|right): ", SHEET)


def test_a_link_beside_the_one_that_covers_its_row_can_be_pressed() -> None:
    """Other links and buttons of the row must lie above `.row-link`, which spreads over the whole row."""
    rules = [
        rule
        for sheet in sorted((*SHARED.glob("*.css"), *DESKS.glob("*.css")))
        for rule in re.findall(r"[^{}]*\.above \{[^}]*\}", sheet.read_text(encoding="utf-8"))
    ]
    assert len(rules) >= 2
    assert [rule for rule in rules if "position: relative" not in rule or "z-index: 1" not in rule] == []


def test_a_grid_of_fields_is_no_wider_than_its_panel() -> None:
    """A column without a bound grows to the width that an input prefers, and sticks out at 360 pixels."""
    sheets = "".join((DESKS / f"{name}.css").read_text(encoding="utf-8") for name in ("science", "chem"))
    for name in ("science-two", "chem-intake"):
        rule = re.search(rf"\.{name} \{{ display: grid;([^}}]*)\}}", sheets)
        assert rule is not None and "grid-template-columns: minmax(0, 1fr)" in rule[1], name
