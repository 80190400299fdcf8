# SPDX-License-Identifier: Apache-2.0
"""Ten thousand mutated profiles, pasted rows, files and isotope forms: read or refused by name, never another result."""

import json
import random
import time
from collections.abc import Callable

import pytest

from substances.errors import InputRefusedError
from substances.profiles.comparing import compare
from substances.profiles.reference import read_samples
from substances.profiles.region import read_region_evidence
from substances.profiles.vectors import read_numbers, read_profile, read_signed_profile
from tests.substances.profiles.shipped import CALIBRATION_SET

LONGEST_SECS = 1.0
NUMBERS = ["0.1", "", "nd", "0.3", "<0.01", "1e-3"] * 3
FORM = json.dumps(
    {"method": "reference-18", "version": "1", "values": [0.1, None, 0.3, "0.25"] * 4 + [0.2, None]}
)
ISOTOPES = json.dumps(
    {
        "ratios": [{"isotope": "d13C", "standard": "VPDB", "value": -28.4, "uncertainty": 0.2}],
        "region": "A",
        "certainty": "strong",
        "basis": "own set",
    }
)
SEEDS = {
    "numbers": ",".join(NUMBERS),
    "form": FORM,
    "isotopes": ISOTOPES,
    "file": "".join(CALIBRATION_SET.read_text().splitlines(keepends=True)[:12]),
}
PIECES = ("NaN", "Infinity", "-1", "0", "1e400", "9" * 400, "null", "true", '"', "{", "]", "\x00", "٣", ";", "\t", "\n", "é", "," * 300, "[" * 200)  # fmt: skip


def mutated(text: str, chance: random.Random) -> str:
    """Cut out or double some places, or replace them by texts that usually break a reader."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 1, 3, 20)))
        piece = chance.choice((*PIECES, text[start:end] * 2, chr(chance.randrange(1, 0x3000))))
        text = text[:start] + piece + text[end:]
    return text


def read_form(text: str) -> None:
    for reader in (read_profile, read_signed_profile):
        profile = reader(json.loads(text))
        assert compare(profile, profile).label == "lead_not_proof"


READERS: dict[str, Callable[[str], object]] = {
    "numbers": read_numbers,
    "form": read_form,
    "isotopes": lambda text: read_region_evidence(json.loads(text)),
    "file": lambda text: read_samples(text.encode("utf-8", "surrogatepass")),
}


@pytest.mark.parametrize("kind", READERS)
def test_whatever_is_written_is_read_or_refused_by_name(kind: str) -> None:
    chance = random.Random(f"profiles {kind}")  # noqa: S311 (the same mutations each time)
    refused = 0
    for _ in range(2_500):
        text = mutated(SEEDS[kind], chance)
        began = time.monotonic()
        try:
            READERS[kind](text)
        except InputRefusedError as refusal:
            refused += 1
            assert refusal.field in {"profile", "profiles", "isotopes"}
            assert len(refusal.code) < 40 and len(refusal.where) < 60
        except (ValueError, RecursionError) as broken:
            # Only the JSON reader may raise this; the science core never sees such a text.
            assert isinstance(broken, json.JSONDecodeError | RecursionError) or "digits" in str(broken)
        assert time.monotonic() - began < LONGEST_SECS
    assert refused > 100
