# SPDX-License-Identifier: Apache-2.0
"""A private key among the sources is found in any format."""

from pathlib import Path

import pytest

from demo.ticks import StepFailedError
from devtool.leakcheck import check_leaks
from devtool.secretstore import draw_secrets

# Assembled here, so that this file does not contain a key itself.
KEYS = {
    "a PEM file": "-----BEGIN " + "PRIVATE KEY-----\nMC4CAQ\n",
    "a ledger key": draw_secrets().ledger_keys["exchange"],
    "an age identity": "AGE-SECRET-" + "KEY-1" + "Q" * 58,
}


@pytest.mark.parametrize("case", sorted(KEYS))
def test_finds(case: str, tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(f'KEY = """{KEYS[case]}"""\n')
    with pytest.raises(StepFailedError) as found:
        check_leaks(tmp_path)
    assert found.value.what == "settings.py: holds a private key"


def test_published_vectors_may_hold_keys(tmp_path: Path) -> None:
    vectors = tmp_path / "tests" / "vectors"
    vectors.mkdir(parents=True)
    (vectors / "rfc.pem").write_text(KEYS["a PEM file"])
    assert check_leaks(tmp_path) == ["1 files"]


def test_this_tree_holds_none() -> None:
    assert check_leaks()
