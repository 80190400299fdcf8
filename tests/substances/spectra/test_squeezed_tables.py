# SPDX-License-Identifier: Apache-2.0
"""Squeezed JCAMP-DX tables come out as the numbers that went in; each form of the standard gives the same."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substances.errors import InputRefusedError
from substances.spectra.formats.asdf import ordinates_of

SQUEEZED = ("@ABCDEFGHI", "abcdefghi")
DIFFERENCE = ("%JKLMNOPQR", "jklmnopqr")
REPEATED = "STUVWXYZs"


def signed(value: int, digits: tuple[str, str]) -> str:
    """Write a whole number with its first digit and sign as one letter."""
    text = str(abs(value))
    first = digits[0][int(text[0])] if value >= 0 else digits[1][int(text[0]) - 1]
    return first + text[1:]


def times(count: int) -> str:
    text = str(count)
    return REPEATED[int(text[0]) - 1] + text[1:]


def written(values: list[int], *, width: int, repeats: bool) -> list[str]:
    """Write values in the DIFDUP form, `width` to a line; each further line begins with the check of the last."""
    lines = []
    for start in range(0, len(values), width):
        head = values[start - 1] if start else values[0]
        rest = values[start : start + width] if start else values[1:width]
        steps = [b - a for a, b in zip([head, *rest], rest, strict=False)]
        groups = [(step, len(list(group))) for step, group in groupby(steps)]
        words = [
            signed(step, DIFFERENCE) + (times(count) if count > 1 else "")
            if repeats
            else signed(step, DIFFERENCE) * count
            for step, count in groups
        ]
        lines.append(f"{start}{signed(head, SQUEEZED)}{''.join(words)}")
    return lines


VALUES = st.lists(st.one_of(st.integers(-99_999, 99_999), st.just(7)), min_size=2, max_size=60)


@given(VALUES, st.integers(2, 12), st.booleans())
def test_what_was_squeezed_comes_out_again(values: list[int], width: int, repeats: bool) -> None:
    lines = written(values, width=width, repeats=repeats)
    assert ordinates_of(list(enumerate(lines, start=1))) == [float(value) for value in values]


@pytest.mark.parametrize(
    "line",
    [
        "99 1 2 3 3 2 1 0 -1 -2 -3",
        "99+1+2+3+3+2+1+0-1-2-3",
        "99ABCCBA@abc",
        "99AJJ%jjjjjj",
        "99AJJ%jX",
    ],
)
def test_the_same_values_are_read_in_each_form_of_the_standard(line: str) -> None:
    assert ordinates_of([(1, line)]) == [1, 2, 3, 3, 2, 1, 0, -1, -2, -3]


@pytest.mark.parametrize("count", ["Z99999999", "s9", "X0000"])
def test_a_count_of_repeats_takes_no_memory_beyond_the_limit(count: str) -> None:
    with pytest.raises(InputRefusedError) as caught:
        ordinates_of([(1, f"0A{count}")], most=50)
    assert caught.value.code == "too_many_peaks"
