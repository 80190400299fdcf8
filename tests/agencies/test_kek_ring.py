# SPDX-License-Identifier: Apache-2.0
"""The key-encryption ring: read once, taken out of the environment, refused when malformed."""

import base64
import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from vault.errors import KekUnknownError
from vault.kek import VARIABLE, KekRing, held_ring, parse_ring, take_from_environment

ONE, TWO = bytes(range(32)), bytes(range(1, 33))


def text_of(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def test_the_first_key_is_the_current_one() -> None:
    ring = parse_ring(f"k2:{text_of(TWO)},k1:{text_of(ONE)}")
    assert (ring.current, ring.key("k2"), ring.key("k1")) == ("k2", TWO, ONE)


def test_a_key_that_is_not_in_the_ring_is_named_not_guessed() -> None:
    with pytest.raises(KekUnknownError) as refused:
        parse_ring(f"k1:{text_of(ONE)}").key("k9")
    assert refused.value.kek == "k9"


MALFORMED = {
    "no id": text_of(ONE),
    "an empty id": f":{text_of(ONE)}",
    "an id with a space": f"k 1:{text_of(ONE)}",
    "an id twice": f"k1:{text_of(ONE)},k1:{text_of(TWO)}",
    "one key under two ids": f"k1:{text_of(ONE)},k2:{text_of(ONE)}",
    "31 octets": f"k1:{text_of(ONE[:31])}",
    "33 octets": f"k1:{text_of(ONE + b'x')}",
    "padding": f"k1:{text_of(ONE)}=",
    "the other alphabet": f"k1:{base64.b64encode(bytes([255] * 31 + [254])).decode()}",
    "hexadecimal": f"k1:{ONE.hex()}",
    "all zeros": f"k1:{text_of(bytes(32))}",
    "nothing after the comma": f"k1:{text_of(ONE)},",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_ring_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        parse_ring(text)
    assert text_of(ONE)[:20] not in str(refused.value)
    assert ONE.hex()[:20] not in str(refused.value)


def test_no_key_shows_in_repr() -> None:
    shown = repr(KekRing("k1", {"k1": ONE}))
    assert repr(ONE) not in shown
    assert "k1" in shown


def test_this_process_took_its_ring_and_left_nothing_in_the_environment() -> None:
    assert len(held_ring().keys) == 1
    assert VARIABLE not in os.environ
    assert f"{VARIABLE}_FILE" not in os.environ


def test_the_ring_is_taken_from_a_file_too(tmp_path: Path) -> None:
    held = held_ring()
    path = tmp_path / "ring"
    path.write_text(f"{held.current}:{text_of(held.key(held.current))}\n")
    environment = {f"{VARIABLE}_FILE": str(path), "OTHER": "stays"}
    take_from_environment("desk", environment)
    assert environment == {"OTHER": "stays"}
    assert held_ring() == held


def test_a_malformed_ring_leaves_the_environment_all_the_same() -> None:
    environment = {VARIABLE: "nonsense"}
    with pytest.raises(ImproperlyConfigured):
        take_from_environment("desk", environment)
    assert environment == {}
