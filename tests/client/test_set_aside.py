# SPDX-License-Identifier: Apache-2.0
"""The client's watch sets an item aside that makes this version fail."""

import pytest

from accord.client.errors import ClientError, ItemUnreadableError, UnreachableError, WatchStoppedError
from accord.client.set_aside import STOPS_AFTER, SetAside
from accord.version import VERSION


def test_an_item_that_fails_of_itself_is_named_without_the_error_s_text() -> None:
    aside = SetAside().take(KeyError("octets of a document"))
    assert isinstance(aside, ItemUnreadableError) and aside.cause == "KeyError"
    assert VERSION in str(aside) and "octets" not in str(aside)


@pytest.mark.parametrize(
    "failed",
    [OSError("disk"), MemoryError(), TimeoutError(), UnreachableError("gone"), ClientError("own")],
    ids=repr,
)
def test_what_any_item_would_meet_is_raised(failed: Exception) -> None:
    with pytest.raises(type(failed)):
        SetAside().take(failed)


def test_ten_in_a_row_stop_the_watch_and_one_that_is_read_begins_anew() -> None:
    aside = SetAside()
    for _ in range(STOPS_AFTER - 1):
        aside.take(ValueError())
    aside.went_well()
    for _ in range(STOPS_AFTER - 1):
        aside.take(ValueError())
    with pytest.raises(WatchStoppedError):
        aside.take(ValueError())
