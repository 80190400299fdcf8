# SPDX-License-Identifier: Apache-2.0
"""The reference format of profiles: malformed text is refused with its line."""

import pytest

from substances.errors import InputRefusedError
from substances.profiles.reference import read_samples
from tests.substances.profiles.shipped import CALIBRATION_SET

HEAD = "sample,lab,source,batch,p1,p2,p3\n"
ROWS = "S1,l1,a,b0,0.5,0.00000,0.5\nS2,l1,b,b0,0.5,0.2,0.3\n"


def test_nought_in_the_file_is_below_detection() -> None:
    found = read_samples((HEAD + ROWS).encode())
    assert found.samples[0].values == (0.5, None, 0.5)
    assert found.targets == ("p1", "p2", "p3")
    assert len(read_samples(CALIBRATION_SET.read_bytes()).samples) == 240


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("", "columns", "line 1"),
        ("a,b,c\n1,2,3\n", "columns", "line 1"),
        (HEAD, "samples", "0"),
        (HEAD + ROWS + "S3,l1,a,b0,0.5,0.5\n", "length", "line 4"),
        (HEAD + ROWS + "S3,l1,a,b0,0.5,x,0.5\n", "number", "line 4"),
        (HEAD + ROWS + "S3,l1,a,b0,0.5,nan,0.5\n", "not_finite", "line 4"),
        (HEAD + ROWS + "S3,l1,a,b0,0.5,-0.1,0.5\n", "negative", "line 4"),
        (HEAD + ROWS + "S3,l1,,b0,0.5,0.1,0.5\n", "identity", "line 4"),
        (HEAD + ROWS + "S3,l1,a,b0,0,0,0\n", "nothing_detected", "line 4"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(text: str, code: str, where: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        read_samples(text.encode())
    assert (refused.value.code, refused.value.where) == (code, where)


def test_octets_that_are_no_text_are_refused() -> None:
    with pytest.raises(InputRefusedError) as refused:
        read_samples(b"\xff\xfe\x00sample")
    assert refused.value.code == "not_csv"
