# SPDX-License-Identifier: Apache-2.0
"""An agency's first actual alert is noted with it: from then on changes of power there wait."""

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from peers.models import Agency
from tests.builders import Hub

pytestmark = pytest.mark.django_db


def test_the_first_actual_alert_is_noted_once_and_an_exercise_is_none(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "ledger")
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo")
    hub.make_agreement("G1", alpha, bravo)

    def noted() -> object:
        return Agency.objects.get(pk=alpha.id).first_release_at

    hub.deliver(alpha, bravo, status="exercise")
    assert noted() is None
    hub.deliver(alpha, bravo)
    first = noted()
    assert first == hub.now
    hub.later(hours=1)
    hub.deliver(alpha, bravo)
    assert noted() == first
    assert Agency.objects.get(pk=bravo.id).first_release_at is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Agency.objects.filter(pk=alpha.id).update(first_release_at=None)
