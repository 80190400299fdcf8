# SPDX-License-Identifier: Apache-2.0
"""The second try of failed tests, and the seed by which both tries draw the same."""

import os
import random
import secrets
import uuid

import pytest

from devtool.retesting import MOST_FLAKY, judge
from tests.failed_tests import NEVER_RETRIED
from tests.one_seed import draw_as, drawn_as

TABLE = "| `tests/a.py::test_known` | 1 | 2026-11 | mended |"


class Tries:
    """A stand-in that runs tests alone: it fails the named ones and records the calls."""

    def __init__(self, *failing: str) -> None:
        self.failing, self.asked = failing, list[tuple[str, str]]()

    def __call__(self, test: str, seed: str) -> bool:
        self.asked.append((test, seed))
        return test not in self.failing


def test_a_test_that_passes_alone_is_printed_as_flaky_with_its_seed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tries = Tries()
    assert judge({"tests/a.py::test_new": True}, seed="5eed", known_flaky=TABLE, passes=tries) == 0
    assert tries.asked == [("tests/a.py::test_new", "5eed")]
    assert "FLAKY tests/a.py::test_new seed=5eed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("failed", "failing", "tried"),
    {
        "fails again": ({"tests/a.py::test_new": True}, ("tests/a.py::test_new",), 1),
        "may not be retried": ({"tests/a.py::test_new": False}, (), 0),
        "was flaky before": ({"tests/a.py::test_known": True}, (), 0),
        "more than the most": ({f"tests/a.py::test_{n}": True for n in range(MOST_FLAKY + 1)}, (), 0),
        "one of two may not": ({"tests/a.py::test_1": True, "tests/b.py::test_2": False}, (), 0),
    }.values(),
    ids=["fails-again", "not-retried", "flaky-before", "too-many", "one-of-two"],
)
def test_the_run_stays_failed(failed: dict[str, bool], failing: tuple[str, ...], tried: int) -> None:
    tries = Tries(*failing)
    assert judge(failed, seed="5eed", known_flaky=TABLE, passes=tries) == 1
    assert len(tries.asked) == tried


def test_tests_of_security_are_never_retried() -> None:
    assert "tests/security/test_matrix.py".startswith(NEVER_RETRIED)
    assert not "tests/pages/test_compose.py".startswith(NEVER_RETRIED)


def _draws() -> tuple[object, ...]:
    return os.urandom(8), secrets.token_hex(8), uuid.uuid4(), random.random()  # noqa: S311 - test data


def test_one_name_draws_the_same_each_time_and_another_name_something_else() -> None:
    draw_as("one")
    first = _draws()
    with drawn_as("other"):
        other = _draws()
    second = _draws()
    draw_as("one")
    assert (_draws(), _draws()) == (first, second)
    assert not {*first} & {*other}


def test_a_run_that_failed_without_a_failed_test_has_failed() -> None:
    assert judge({}, seed="5eed", known_flaky=TABLE, passes=lambda test, seed: True) == 1
