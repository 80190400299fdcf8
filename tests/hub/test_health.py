# SPDX-License-Identifier: Apache-2.0
"""Alive is not ready: the hub is ready only when it has lately heard of its sequencer."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ledger.halting import halt_sequencer
from sharing.models import FeedMark

pytestmark = pytest.mark.django_db


def test_alive_whatever_its_neighbours_do(client: Client) -> None:
    assert client.get("/livez").status_code == 200


def test_not_ready_before_the_sequencer_was_ever_heard(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["sequencer"])


@pytest.mark.parametrize(("silent_seconds", "status"), [(1, 200), (30, 503), (-3600, 503)])
def test_ready_while_the_sequencer_is_heard(client: Client, silent_seconds: int, status: int) -> None:
    FeedMark.objects.create(beat=timezone.now() - timedelta(seconds=silent_seconds))
    assert client.get("/readyz").status_code == status


def test_not_ready_while_the_sequencer_is_halted_for_its_clock(client: Client) -> None:
    FeedMark.objects.create(beat=timezone.now())
    halt_sequencer("the clock of ntp://time.example is 400 days behind this sequencer's")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["clock"])
    assert "time.example" not in answer.content.decode()
