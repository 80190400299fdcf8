# SPDX-License-Identifier: Apache-2.0
"""The code of the first start: new at each start, kept as a digest alone, deleted once the first start is over."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from devtool.errors import DevtoolError
from devtool.owndesk.firststart import FirstStart, require_address


def test_the_folder_holds_the_digest_of_the_code_and_not_the_code(tmp_path: Path) -> None:
    first_start = FirstStart(tmp_path)
    code = first_start.draw_code()
    assert code is not None
    assert re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", code)
    kept = first_start.digest_file.read_text()
    assert kept.strip() == sha256(code.replace("-", "").encode()).hexdigest()
    assert first_start.digest_file.stat().st_mode & 0o777 == 0o600
    for file in tmp_path.iterdir():
        assert code not in file.read_text()
        assert code.replace("-", "") not in file.read_text()


def test_each_start_draws_another_one(tmp_path: Path) -> None:
    assert len({FirstStart(tmp_path).draw_code() for _ in range(20)}) == 20


def test_once_it_is_over_there_is_no_code_and_no_digest(tmp_path: Path) -> None:
    FirstStart(tmp_path).draw_code()
    (tmp_path / "first-start-closed").touch()
    after = FirstStart(tmp_path)
    assert not after.is_open
    assert after.draw_code() is None
    assert not after.digest_file.exists()


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "127.0.0.2"])
def test_a_network_is_listened_to_only_once_it_is_over(address: str, tmp_path: Path) -> None:
    first_start = FirstStart(tmp_path)
    first_start.require_listening("127.0.0.1")
    with pytest.raises(DevtoolError, match="The first start is not over") as refusal:
        first_start.require_listening(address)
    assert refusal.value.remedy
    (tmp_path / "first-start-closed").touch()
    first_start.require_listening(address)


def test_an_address_is_given_by_number() -> None:
    assert require_address("192.0.2.1") == "192.0.2.1"
    with pytest.raises(DevtoolError, match="is no address"):
        require_address("desk.agency.example")
