# SPDX-License-Identifier: Apache-2.0
"""A lookup whose SQL is kept finds the row of each call's own values, in each thread over that thread's connection."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callers.rows import Lookup, one_of
from officers.models import Officer
from tests.agencies.world import admit, enrol

pytestmark = pytest.mark.django_db
BY_ADDRESS = Lookup[Officer](
    lambda **values: Officer.objects.select_related("agency").filter(**values), email="example", unit="unit"
)


def test_each_call_finds_its_own_row_with_what_was_joined() -> None:
    lab, health = enrol(admit("xa-lab"), "author"), enrol(admit("xb-health"), "reader")
    assert BY_ADDRESS.one(email=lab.email, unit="elsewhere") is None
    for officer in (lab, health, lab):
        with CaptureQueriesContext(connection) as asked:
            found = BY_ADDRESS.one(email=officer.email, unit=officer.unit)
            assert (
                found is not None and found.agency == officer.agency and found.full_name == officer.full_name
            )
        assert (found, len(asked)) == (officer, 1)


def test_another_thread_asks_over_its_own_connection() -> None:
    officer = enrol(admit("xa-lab"), "author")
    values = {"email": officer.email, "unit": officer.unit}
    assert BY_ADDRESS.one(**values) == officer

    def ask() -> Officer | None:
        try:
            return BY_ADDRESS.one(**values)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(ask).result() is None, "the row is of this thread's open transaction"


def test_a_value_that_does_not_come_into_the_query_is_an_error() -> None:
    with pytest.raises(AssertionError, match="each value"):
        Lookup[Officer](lambda **_: Officer.objects.all(), email="example").one(email="another")


def test_one_of_many_or_none() -> None:
    agency = admit("xa-lab")
    assert one_of(Officer.objects.all()) is None
    officer = enrol(agency, "author")
    assert one_of(Officer.objects.filter(pk=officer.pk)) == officer
