# SPDX-License-Identifier: Apache-2.0
"""The drills in small: the fuzzer's targets under plain random changes, and the list of settled mutants."""

import random
import tomllib
from pathlib import Path

import pytest

from devtool.drills.fuzz_targets import TARGETS, Target
from devtool.drills.json_mutator import mutate_json
from devtool.environments import ROOT

INPUTS_A_PARSER = 150


def changed(data: bytes, chance: random.Random) -> bytes:
    """Change JSON as JSON, and anything else in an octet or two."""
    if chance.random() < 0.7:
        try:
            return mutate_json(data, chance.getrandbits(32))
        except (ValueError, RecursionError):
            pass
    octets = bytearray(data or b"\x00")
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    return bytes(octets[: chance.choice((len(octets), chance.randrange(len(octets) + 1)))])


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_no_parser_answers_a_changed_input_with_anything_but_a_refusal(target: Target) -> None:
    chance = random.Random(target.name)  # noqa: S311 (the same inputs every time)
    seeds = list(target.seeds())
    for seed in seeds:
        target.try_input(seed)
    for _ in range(INPUTS_A_PARSER):
        target.try_input(changed(chance.choice(seeds), chance))


SEEDS_REFUSED = frozenset(
    # Their signatures, keys or answers are invented; the fuzzer tries the code before that check.
    {"keyset-verifying", "revoke-payload", "pop-payload", "release-entries", "challenge-opening", "state-file",
     "blob", "proof-hashes"}
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(TARGETS) - SEEDS_REFUSED))
def test_the_fuzzer_starts_from_what_the_parser_accepts(name: str) -> None:
    assert any(TARGETS[name].try_input(seed) for seed in TARGETS[name].seeds())


def test_every_settled_mutant_has_a_reason_and_a_function_that_exists() -> None:
    settled = tomllib.loads((ROOT / "tests" / "envelope" / "settled_mutants.toml").read_text())["settled"]
    for group in settled:
        assert len(group["reason"]) > 20
        for item in group["mutants"]:
            source = (
                Path(ROOT, "accord", "envelope", *item["module"].split(".")).with_suffix(".py").read_text()
            )
            assert f"def {item['function'].rpartition('.')[2]}(" in source, item
