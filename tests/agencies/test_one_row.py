# SPDX-License-Identifier: Apache-2.0
"""The one row that a unique value names is read without an order."""

import pytest

from callers.rows import one_of
from officers.models import Officer
from tests.agencies.world import admit, enrol

pytestmark = pytest.mark.django_db


def test_one_of_many_or_none() -> None:
    agency = admit("xa-lab")
    assert one_of(Officer.objects.all()) is None
    officer = enrol(agency, "author")
    assert one_of(Officer.objects.filter(pk=officer.pk)) == officer
