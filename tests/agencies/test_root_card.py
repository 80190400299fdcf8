# SPDX-License-Identifier: Apache-2.0
"""The public half of a root, as an agency's head hands it to the desk."""

from typing import Any

import pytest

from accord.envelope.keys import show_fingerprint
from accord.envelope.private import Root
from callers.errors import InputError
from tests.agencies.heads import card_file
from vault.changes import read_root_card

CARDS: dict[str, dict[str, Any]] = {
    "one key": {"root": []},
    "no list": {"root": {}},
    "a number": {"nroot": 7},
    "another kind": {"kind": "accord-key"},
    "another version": {"v": 2},
    "a member more": {"x": 1},
}


@pytest.mark.parametrize("changed", CARDS.values(), ids=CARDS.keys())
def test_a_file_that_is_no_public_root_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        read_root_card(card_file(Root.generate(), **changed), announce="ab" * 32)
    assert refused.value.field == "root"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"{}" * 9000])
def test_something_else_is_no_public_root(data: bytes) -> None:
    with pytest.raises(InputError):
        read_root_card(data, announce="ab" * 32)


def test_the_keys_of_a_root_have_their_order() -> None:
    root = Root.generate()
    with pytest.raises(InputError):
        read_root_card(card_file(root, root=[key.jwk for key in reversed(root.public)]), announce="ab" * 32)


def test_the_next_root_is_announced_by_the_file_or_from_paper() -> None:
    root, successor = Root.generate(), Root.generate()
    shown = show_fingerprint(successor.fingerprint).upper()
    assert read_root_card(card_file(root), announce=shown).nroot == successor.fingerprint
    stated = card_file(root, nroot=successor.fingerprint)
    assert read_root_card(stated).nroot == successor.fingerprint
    for data, announce in (
        (card_file(root), ""),
        (card_file(root), root.fingerprint),
        (card_file(root), "ab" * 31),
        (stated, "ab" * 32),
    ):
        with pytest.raises(InputError) as refused:
            read_root_card(data, announce=announce)
        assert refused.value.field == "announce"
