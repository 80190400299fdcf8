# SPDX-License-Identifier: Apache-2.0
"""RFC 8785, restricted to ASCII member names and no floats, by its other published examples."""

import json
from pathlib import Path

import pytest

from accord.envelope.encoding import MAX_INTEGER, canonical
from accord.envelope.errors import MalformedError

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/rfc8785_jcs.json").read_text())
# They contain floats, or member names outside ASCII.
BEYOND_THE_RESTRICTION = {"french", "structures", "values", "weird"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_agrees_with_rfc_8785(vector: dict[str, str]) -> None:
    value = json.loads(vector["input"])
    if vector["name"] in BEYOND_THE_RESTRICTION:
        with pytest.raises(MalformedError):
            canonical(value)
    else:
        assert canonical(value).hex() == vector["output_hex"]


REFUSED = {
    "a float": 1.0,
    "an integer out of range": MAX_INTEGER + 1,
    "octets": b"x",
    "a set": {1},
    "a lone surrogate": "\ud800",
    "a lone surrogate in an object": {"a": ["\udfff"]},
    "a member name that is not ASCII": {"é": 1},
    "a member name that is no text": {1: 2},
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED.keys())
def test_refuses(value: object) -> None:
    with pytest.raises(MalformedError):
        canonical(value)


def test_refuses_what_no_parser_of_ours_would_read_back() -> None:
    value: list[object] = []
    for _ in range(16):
        value = [value]
    with pytest.raises(MalformedError):
        canonical(value)
