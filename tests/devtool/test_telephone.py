# SPDX-License-Identifier: Apache-2.0
"""The demonstration's telephone shows the codes of RFC 4226, each once."""

from pathlib import Path

import pytest

from demo.telephone import Telephone, code_of_step

# RFC 4226, appendix D: the secret "12345678901234567890" and the codes of its first counters.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(("step", "code"), [(0, "755224"), (1, "287082"), (2, "359152"), (9, "520489")])
def test_the_codes_are_those_of_the_standard(step: int, code: str) -> None:
    assert code_of_step(SECRET, step) == code


def test_a_code_is_shown_once_and_the_secret_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "telephones" / "benno"
    telephone = Telephone(path)
    telephone.keep("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ")
    assert path.stat().st_mode & 0o077 == 0
    first = telephone.code()
    secret, shown = path.read_text().split()
    assert (secret, code_of_step(secret, int(shown))) == (SECRET, first)
    assert Telephone(path).code() != first
    assert int(path.read_text().split()[1]) > int(shown)
