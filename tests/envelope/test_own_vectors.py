# SPDX-License-Identifier: Apache-2.0
"""The files of the test kit: made again alike, or frozen; small, explained, with a case for every word of refusal."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from accord.envelope.errors import Failure
from tests.envelope.kit.building import expand, render, shrink
from tests.envelope.kit.cases import KIT, all_cases, load, opening_cases, topics
from tests.envelope.kit.operations import OPERATIONS
from tests.envelope.make_vectors import FROZEN, REGENERATED, frozen_text, text_of

# Keysets and PQ1 signatures are large (14 and 4 kB in base64url). The first files have 1.5 MB. The *_further ones,
# whose cases each break one rule of succession, signing or release, add a third of a megabyte. Each file with
# keysets of its own needs 30 kB, a root's statements for its desk 26, each with statements of an agency about itself a few.
MAX_KIT_BYTES = 2_060_000
# Files of the first edition, whose makers kept no signing keys.
INHERITED = {"opening"}
PAGE = Path(__file__).parents[2] / "docs" / "spec" / "envelope.md"
SUMS = KIT / "SHA256SUMS"


@pytest.mark.parametrize("topic", sorted(REGENERATED))
def test_is_regenerated_octet_for_octet(topic: str) -> None:
    assert (KIT / f"{topic}.json").read_text("utf-8") == text_of(topic)


def frozen_files() -> list[str]:
    return sorted({*FROZEN, *INHERITED})


@pytest.mark.parametrize("topic", frozen_files())
def test_frozen_files_are_what_they_were(topic: str) -> None:
    digest = hashlib.sha256((KIT / f"{topic}.json").read_bytes()).hexdigest()
    assert f"{digest}  {topic}.json" in SUMS.read_text("utf-8").splitlines()


@pytest.mark.parametrize("topic", sorted(FROZEN))
def test_what_would_be_frozen_today_comes_out_alike(topic: str) -> None:
    """Every maker gives the result of its frozen file again, with new signatures and encryptions."""
    made = json.loads(frozen_text(topic))
    assert made.keys() == load(topic).keys()
    if "cases" in made:
        outcomes = {case["name"]: "ok" in case["expect"] or case["expect"] for case in made["cases"]}
        frozen = {case["name"]: "ok" in case["expect"] or case["expect"] for case in load(topic)["cases"]}
        assert outcomes == frozen


def test_every_file_is_made_by_somebody() -> None:
    assert {*topics(), "agencies"} == {*REGENERATED, *FROZEN, *INHERITED}


def test_every_operation_has_good_and_bad_cases() -> None:
    found = {(case.do, "ok" in case.expect) for case in all_cases()}
    harmless = {
        "aad", "challenge-aad", "credential-aad", "ct", "header", "kdf", "od", "padme", "pd", "rr", "blob-length", "seed", "tree-root",
    }  # fmt: skip
    assert {do for do, _ in found} == set(OPERATIONS)
    assert {do for do, good in found if not good} == set(OPERATIONS) - harmless


# Failures about facts that the exchange alone has, or that no operation of the kit can give.
NOT_IN_THE_KIT = {
    Failure.KEY_NOT_CURRENT: "tests/envelope/test_key_rule.py",
    Failure.KEY_ENDING: "tests/envelope/test_key_rule.py",
    Failure.SUITE_BELOW_LOW: "tests/envelope/test_key_rule.py",
}


def test_every_word_of_refusal_is_in_the_kit_or_has_a_reason() -> None:
    words = {case.expect["refused"] for case in all_cases() if "refused" in case.expect}
    expected = {str(failure) for failure in Failure} - {str(failure) for failure in NOT_IN_THE_KIT}
    assert words == expected | {"too-large", "key-refused"}
    for path in NOT_IN_THE_KIT.values():
        assert (PAGE.parents[2] / path).is_file()


def test_the_page_explains_every_word_and_every_stage() -> None:
    text = PAGE.read_text("utf-8")
    words = {case.expect["refused"] for case in all_cases() if "refused" in case.expect}
    stages = {case.expect["stage"] for case in all_cases() if "stage" in case.expect}
    assert {word for word in words | stages if f"`{word}`" not in text} == set()


def test_the_readme_explains_every_file_and_operation() -> None:
    text = (KIT / "README.md").read_text("utf-8")
    assert {topic for topic in topics() if f"`{topic}.json`" not in text} == set()
    assert {do for do in OPERATIONS if f"`{do}`" not in text} == set()


def test_the_kit_is_small() -> None:
    assert sum(path.stat().st_size for path in KIT.glob("*.json")) < MAX_KIT_BYTES


@pytest.mark.parametrize("topic", topics())
def test_files_are_written_in_their_one_form(topic: str) -> None:
    written = json.loads((KIT / f"{topic}.json").read_text("utf-8"))
    assert render(written) == (KIT / f"{topic}.json").read_text("utf-8")
    assert expand(shrink(load(topic))) == load(topic)


def test_openers_have_something_to_open_and_to_refuse_in_both_suites() -> None:
    for suite in ("PQ1", "EC1"):
        outcomes = ["ok" in case.expect for case in opening_cases(suite)]
        assert outcomes.count(True) >= 4 and outcomes.count(False) >= 15, suite


def test_names_of_cases_are_words() -> None:
    for case in all_cases():
        assert re.fullmatch(r"[\w .,:;()'+=^*/-]{2,90}", case.name), case.name
