# SPDX-License-Identifier: Apache-2.0
"""docs/spec/envelope.md agrees with the code: its example, its limits, its members and words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from accord.envelope import encoding, keys, manifest, vocabulary
from accord.envelope.content import MAX_FILENAME_BYTES, MAX_MEDIA_TYPE_CHARS, PADDED_SIZES
from accord.envelope.errors import Failure
from accord.envelope.fingerprints import MAX_LIST_BYTES
from accord.envelope.jws import MAX_SIGNATURES
from accord.envelope.keysets import MAX_KEYSET_SECS, RECOVERY_DELAY_SECS
from accord.envelope.reopening import MAX_REOPENING_BYTES
from accord.envelope.slices import MAX_PATH
from accord.envelope.statements import bodies
from accord.envelope.tree.notes import MAX_NOTE_SIZE_BYTES
from accord.envelope.tree.receipts import MAX_LEAF_SIZE_BYTES, MAX_PATH_LENGTH
from accord.envelope.verifying import CLOCK_SLACK_SECS
from tests.envelope.kit import formulas
from tests.envelope.kit.cases import cases_of

PAGE: Final = (Path(__file__).parents[2] / "docs" / "spec" / "envelope.md").read_text("utf-8")
SECTIONS: Final = {
    head.split(".")[0]: body
    for head, _, body in (part.partition("\n") for part in re.split(r"(?m)^## ", PAGE)[1:])
}


def test_the_example_is_the_kits() -> None:
    (case,) = (case for case in cases_of("opening") if case.name == "PQ1: an alert with a file")
    value = json.loads(case.given["slice"])
    payload = formulas.unb64u(value["manifest"]["payload"]).decode()
    (shown,) = re.findall(r"```json\n(.*?)```", SECTIONS["1"], re.DOTALL)
    assert formulas.compact(json.loads(shown)) == payload
    assert case.expect["ok"]["md"] in SECTIONS["1"]
    for text in (value["jwe"]["protected"], *value["path"], value["receipts"][0]["leaf"]["d"]):
        assert text in SECTIONS["1"]


LIMITS: dict[str, tuple[str, int]] = {
    "an envelope": ("2", encoding.MAX_ENVELOPE_BYTES),
    "a manifest": ("2", encoding.MAX_MANIFEST_BYTES),
    "an inner JWS": ("2", encoding.MAX_INNER_JWS_BYTES),
    "a statement": ("2", encoding.MAX_STATEMENT_BYTES),
    "a release": ("2", encoding.MAX_RELEASE_BYTES),
    "entries": ("2", encoding.MAX_ENTRIES_BYTES),
    "a slice": ("2", encoding.MAX_SLICE_BYTES),
    "a header": ("2", encoding.MAX_HEADER_BYTES),
    "depth": ("2", encoding.MAX_DEPTH),
    "a leaf": ("2", MAX_LEAF_SIZE_BYTES),
    "a note": ("2", MAX_NOTE_SIZE_BYTES),
    "a keyset's life": ("3", MAX_KEYSET_SECS),
    "a recovery": ("3", RECOVERY_DELAY_SECS),
    "keys of a keyset": ("3", bodies.MAX_KEYS),
    "signatures": ("4", MAX_SIGNATURES),
    "entries of an envelope": ("5", vocabulary.MAX_RECIPIENTS + 1),
    "RED": ("5", vocabulary.MAX_RED_AGENCIES + 1),
    "named officers": ("5", manifest.MAX_NAMED),
    "attachments": ("5", manifest.MAX_ATTACHMENTS),
    "a blob": ("5", manifest.MAX_BLOB_BYTES),
    "all blobs": ("5", manifest.MAX_BLOBS_BYTES),
    "the smallest blob": ("5", manifest.MIN_BLOB_BYTES),
    "the path of an entry": ("5", MAX_PATH),
    "the window back": ("5", vocabulary.MAX_IAT_AGE_SECS),
    "the window ahead": ("5", vocabulary.MAX_CLOCK_AHEAD_SECS),
    "the path of a leaf": ("7", MAX_PATH_LENGTH),
    "slack of a kept checkpoint": ("7", CLOCK_SLACK_SECS),
    "parties": ("8", bodies.MAX_PARTIES),
    "a reopening": ("8", MAX_REOPENING_BYTES),
    "a list of fingerprints": ("8", MAX_LIST_BYTES),
    "a file name": ("5", MAX_FILENAME_BYTES),
    "a media type": ("5", MAX_MEDIA_TYPE_CHARS),
} | {f"payload {size}": ("5", size) for size in PADDED_SIZES}


@pytest.mark.parametrize("what", LIMITS)
def test_limits_are_the_codes(what: str) -> None:
    section, limit = LIMITS[what]
    assert re.search(rf"(?<![\d,]){limit:,}(?![\d,]*\d)", SECTIONS[section]), limit


def test_small_order_points_are_the_codes() -> None:
    for number in (*keys._SMALL_ORDER_Y, *keys._SMALL_ORDER_U):
        named = number in (0, 1, keys._P25519 - 1) or str(number) in SECTIONS["3"]
        assert named or str(keys._P25519 - number) in SECTIONS["3"]


def members_in(section: str) -> set[str]:
    """The words in backquotes, without those of formulas."""
    text = re.sub(r"```.*?```", "", SECTIONS[section], flags=re.DOTALL)
    spans = re.findall(r"`([^`]+)`", text)
    return {word for span in spans for word in re.findall(r"[a-z_0-9]+", span)}


CLOSED: list[tuple[str, Any]] = [
    ("5", manifest.MANIFEST_MEMBERS),
    ("5", {"aud", "names", "nonce", "alert", "att", "pad", "n", "sha256", "len", "size", "cty", "fn", "k"}),
    ("5", {"protected", "aad", "iv", "ciphertext", "tag", "recipients", "encrypted_key", "ek", "epk", "kid"}),
    ("5", {"v", "manifest", "jwe", "via", "path", "index", "receipts"}),
    ("8", {"v", "k", "suite", "iss", "id", "iat", "exp", "nonce", "signers", "sub", "act", "cp", "body"}),
    (
        "3",
        {"ver", "prev", "root", "nroot", "custody", "low", "keys", "jwk", "use", "nbf", "exp", "st", "since"},
    ),
    ("9", {"parent", "aud", "rn", "rr", "rel", "purpose", "cond", "code"}),
    ("7", {"leaf", "index", "path", "checkpoint"}),
]


@pytest.mark.parametrize("section, members", CLOSED)
def test_every_member_is_named(section: str, members: Any) -> None:
    assert set(members) - members_in(section) == set()


WORDS: list[tuple[str, Any]] = [
    ("5", vocabulary.KINDS),
    ("5", vocabulary.STATUSES),
    ("5", vocabulary.TLPS),
    ("5", vocabulary.LANES),
    ("5", vocabulary.PURPOSES),
    ("5", vocabulary.PRIORITIES),
    ("5", vocabulary.RELS),
    ("3", vocabulary.CUSTODIES),
    ("3", vocabulary.KEY_STATES),
    ("8", bodies.ACK_CODES),
    ("8", bodies.RETRACT_CODES),
    ("8", bodies.ANSWER_CODES),
    ("8", bodies.UNRELEASE_CODES),
    ("8", bodies.REVOKE_CODES),
    ("8", set(bodies.KIND_RULES)),
    ("9", bodies.RELEASE_CODES),
    ("9", bodies.CONDITIONS),
    ("11", {str(failure) for failure in Failure}),
]


@pytest.mark.parametrize("section, words", WORDS)
def test_every_word_of_a_list_stands_on_the_page(section: str, words: Any) -> None:
    text = SECTIONS[section]
    assert {word for word in words if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)} == set()


def test_every_typ_stands_on_the_page() -> None:
    for typ in (vocabulary.TYP_MANIFEST, vocabulary.TYP_INNER, vocabulary.TYP_JWE, vocabulary.TYP_CHALLENGE):
        assert typ in SECTIONS["4"]


def test_sections_that_the_page_names_are_there() -> None:
    heads = set(re.findall(r"(?m)^#{2,3} (\d+(?:\.\d+)?)", PAGE))
    named = set(
        re.findall(
            r"\b[Ss]ections? (\d+(?:\.\d+)?)(?! of the RFC)", re.sub(r"RFC \d+ section [\d.]+", "", PAGE)
        )
    )
    assert named - heads - {"2.1"} == set()
