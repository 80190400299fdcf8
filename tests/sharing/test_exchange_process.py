# SPDX-License-Identifier: Apache-2.0
"""The blind exchange and the sequencer as real processes, each with the application's database login."""

import json
from typing import Any

import pytest
import urllib3
from django.utils import timezone

from accord.envelope.seal import SealedEnvelope
from devtool.processes import wait_until
from hub.roles import EXCHANGE
from sharing.models import Delivery, FeedItem
from tests.builders import Hub
from tests.conftest import HubProcesses

pytestmark = pytest.mark.slow


class Partner:
    """A partner's system over HTTP."""

    def __init__(self, exchange: str, authorization: str) -> None:
        self._api = f"{exchange}/api/v1"
        self._headers = {"Authorization": authorization}
        self._pool = urllib3.PoolManager()

    def get(self, path: str) -> Any:
        answer = self._pool.request("GET", f"{self._api}/{path}", headers=self._headers)
        assert answer.status == 200, answer.data
        return json.loads(answer.data)

    def post_envelope(self, sealed: SealedEnvelope) -> int:
        parts = {"manifest": ("m.json", sealed.manifest), "jwe": ("j.json", sealed.jwe)}
        answer = self._pool.request("POST", f"{self._api}/envelopes", fields=parts, headers=self._headers)
        return answer.status

    def post_statement(self, jws: bytes) -> int:
        headers = self._headers | {"Content-Type": "application/jose+json"}
        answer = self._pool.request("POST", f"{self._api}/statements", body=jws, headers=headers)
        return answer.status


def test_an_envelope_and_its_acknowledgement_travel_between_processes(hub_processes: HubProcesses) -> None:
    hub = Hub(hub_processes.world.ledger_state_dirs[EXCHANGE], timezone.now())
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo")
    hub.make_agreement("G1", alpha, bravo)
    exchange = hub_processes.world.exchange_url
    sender, reader = (Partner(exchange, hub.api_key(agency)) for agency in (alpha, bravo))
    hub_processes.sequencer()
    hub_processes.exchange()

    hub.now = timezone.now()
    sealed = hub.alert_to(bravo, sender=alpha)
    assert sender.post_envelope(sealed) == 202
    wait_until(FeedItem.objects.exists, "a number", timeout_seconds=90)
    assert sender.get(f"submissions/{sealed.md}")["receipt"]["leaf"]["d"] == sealed.md
    assert [item["digest"] for item in reader.get("inbox")["items"]] == [sealed.md]
    assert reader.get(f"envelopes/{sealed.md}")["v"] == 1

    hub.now = timezone.now()
    assert reader.post_statement(hub.acknowledgement(bravo, sealed)) == 202
    wait_until(
        lambda: FeedItem.objects.filter(what="statement").exists(),
        "the acknowledgement's number",
        timeout_seconds=90,
    )
    assert Delivery.objects.get().state == "acknowledged"
    (delivery,) = sender.get(f"submissions/{sealed.md}")["deliveries"]
    assert (delivery["state"], delivery["acknowledged_at"] is not None) == ("acknowledged", True)
    assert [item["what"] for item in sender.get("inbox")["items"]] == ["statement"]
