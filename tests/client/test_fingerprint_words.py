# SPDX-License-Identifier: Apache-2.0
"""The words of a fingerprint: the published list, all 256 bits, one way only."""

from hashlib import sha256

from accord.cli.showing import fingerprint_lines
from accord.fingerprintwords import fingerprint_words

PUBLISHED = "E58294F2E9A227486E8B061B31CC528FD7FA3F19"
"""The usual example of the list, twenty octets."""
WORDS = (
    "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa afflict bravado chatter "
    "revolver Dupont midsummer stopwatch whimsical cowbell bottomless"
)
DIGITS = "".join(f"{octet:02x}{octet:02x}" for octet in range(256))


def test_the_published_example_is_said_in_its_words() -> None:
    said = fingerprint_words(PUBLISHED)
    assert " ".join(words for _, words in said) == WORDS
    assert "".join(digits for digits, _ in said) == PUBLISHED.lower()


def test_each_octet_has_a_word_of_its_own_in_either_place() -> None:
    even, odd = zip(*(words.split() for _, words in fingerprint_words(DIGITS)), strict=True)
    assert len(set(map(str.lower, even + odd))) == 512, "no word stands in both lists, whatever its capitals"


def test_a_fingerprint_is_said_whole() -> None:
    fingerprint = sha256(b"a root").hexdigest()
    groups = fingerprint_words(fingerprint)
    assert len(groups) == 16 and sum(len(words.split()) for _, words in groups) == 32
    assert fingerprint_words(" ".join(digits for digits, _ in groups)) == groups


def test_the_command_says_the_words_below_the_digits() -> None:
    first, *words = fingerprint_lines("Root: ", PUBLISHED.lower() + "00" * 12)
    assert first.startswith("Root: e582 94f2 ")
    assert len(words) == 4 and words[0] == (
        "  in words: topmost Istanbul, Pluto vagabond, treadmill Pacific, brackish dictator"
    )
