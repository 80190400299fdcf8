# SPDX-License-Identifier: Apache-2.0
"""A long history is judged in pieces: nothing twice, nothing left out, and no piece read before it is asked for."""

import itertools
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries

from alerts.sending.own_name import in_rounds
from peers.models import Agency
from tests.builders import Hub


@pytest.mark.parametrize("size", [1, 2, 4, 5, 6])
def test_the_rounds_hold_every_row_once_and_in_order(tmp_path: Path, db: None, size: int) -> None:
    names = [f"xa-n{n}" for n in range(5)]
    Hub(tmp_path / "ledger").make_agencies(*names, suites=["EC1"])
    rounds = list(in_rounds(Agency.objects.order_by("id"), size=size))
    assert [row.pk for row in itertools.chain.from_iterable(rounds)] == names
    assert all(0 < len(rows) <= size * 2**n for n, rows in enumerate(rounds))


def test_a_round_is_read_when_it_is_asked_for(
    tmp_path: Path, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Hub(tmp_path / "ledger").make_agencies("xa-n0", "xa-n1", "xa-n2", suites=["EC1"])
    with django_assert_num_queries(1):
        next(in_rounds(Agency.objects.order_by("id"), size=2))
