# SPDX-License-Identifier: Apache-2.0
"""base64url with one encoding for each value, PADME, ids."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.envelope import encoding
from accord.envelope.errors import MalformedError
from tests.envelope.examples import examples

NOT_CANONICAL = {
    "padding": "QQ==",
    "the other alphabet": "+/8A",
    "stray last bits of one octet": "QR",
    "stray last bits of two octets": "QUJ",
    "a length that cannot be": "QUJDR",
    "a line feed": "QUJD\n",
    "a space": "QU JD",
    "four characters that are none": "QU!!!!JD",
    "a letter outside ASCII": "QUJÄ",
    "a number": 7,
    "octets": b"QQ",
    "null": None,
}


@pytest.mark.parametrize("text", NOT_CANONICAL.values(), ids=NOT_CANONICAL.keys())
def test_unb64u_refuses(text: object) -> None:
    with pytest.raises(MalformedError):
        encoding.unb64u(text)


def test_unb64u_demands_the_size() -> None:
    assert encoding.unb64u("QUI", size=2) == b"AB"
    with pytest.raises(MalformedError):
        encoding.unb64u("QUI", size=3)


@examples(80)
@given(st.binary(max_size=70))
def test_b64u_agrees_with_the_standard_library(data: bytes) -> None:
    text = encoding.b64u(data)
    assert text == base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert encoding.unb64u(text) == data


@examples(80)
@given(st.text("ABQRgw_-09", max_size=12))
def test_unb64u_accepts_one_spelling_only(text: str) -> None:
    try:
        data = encoding.unb64u(text)
    except MalformedError:
        return
    assert encoding.b64u(data) == text


def test_padme_follows_the_paper() -> None:
    sizes = {0: 0, 1: 1, 2: 2, 8: 8, 9: 10, 15: 16, 17: 18, 100: 104, 1000: 1024, 1025: 1088, 10**6: 1015808}
    assert {size: encoding.padme(size) for size in sizes} == sizes


@examples(100)
@given(st.integers(2, 2**32))
def test_padme_wastes_less_than_twelve_percent(size: int) -> None:
    padded = encoding.padme(size)
    assert size <= padded <= size * 1.12
    assert encoding.padme(padded) == padded


@pytest.mark.parametrize("agency", ["xa-lab", "xb-health2", "de-" + "a" * 20])
def test_accepts_agency_id(agency: str) -> None:
    assert encoding.agency_id(agency) == agency
    assert encoding.agency_ids([agency], "aud") == [agency]


@pytest.mark.parametrize(
    "agency", ["", "xa", "xa-", "xa-l", "XA-lab", "xa-lab\n", "xab-lab", "xa-" + "a" * 21, "xa-läb", None, 3]
)
def test_refuses_agency_id(agency: object) -> None:
    with pytest.raises(MalformedError):
        encoding.agency_id(agency)
    with pytest.raises(MalformedError):
        encoding.agency_ids([agency], "aud")


@pytest.mark.parametrize(
    "value", [["xb-b", "xa-a"], ["xa-aa", "xa-aa"], "xa-aa", {"xa-aa": 1}, [["xa-aa"]], None]
)
def test_agency_ids_are_a_sorted_set(value: object) -> None:
    with pytest.raises(MalformedError):
        encoding.agency_ids(value, "aud")


def test_uuid_of_another_version_is_refused() -> None:
    good = "01900000-0000-7000-8000-000000000000"
    assert encoding.uuid7(good, "jti") == good
    for bad in (good.replace("-7", "-4", 1), good.upper().replace("0", "A"), good[:-1], "{" + good + "}"):
        with pytest.raises(MalformedError):
            encoding.uuid7(bad, "jti")


def test_object_digest_binds_the_type() -> None:
    assert encoding.object_digest("a", b"x") != encoding.object_digest("b", b"x")
    assert encoding.object_digest("a", b"x") == encoding.b64u(encoding.sha256(b"a\x00x"))
