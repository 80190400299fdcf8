# SPDX-License-Identifier: Apache-2.0
"""A partner's system that calls the exchange over HTTP."""

from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from agencies.entrykeys import issue_entry_key
from tests.agencies.world import OPERATOR, OwnKeys, admit


class Partner:
    """A partner's system with its own keys and an API key, which is the entry key until `enter` replaces it."""

    def __init__(self, agency_id: str = "xd-reg") -> None:
        self.now: datetime = timezone.now()
        self.keys = OwnKeys.draw(agency_id, now=self.now)
        self.agency = admit(agency_id, fingerprint=self.keys.root.fingerprint, now=self.now)
        self.api_key = issue_entry_key(OPERATOR, self.agency.pk, client="case system", now=self.now)[1]
        self.client = Client()
        self.path = f"/api/v1/agencies/{agency_id}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Api-Key {self.api_key}"}

    def challenge(self) -> dict[str, Any]:
        answer = self.client.post(
            f"{self.path}/challenges",
            {"keys": self.keys.offered()},
            content_type="application/json",
            headers=self.headers,
        )
        assert answer.status_code == 201, answer.content
        body: dict[str, Any] = answer.json()
        return body

    def hand_in(self, *, pop: bytes | None, keyset: bytes | None, **headers: str) -> Any:
        parts = {"pop": pop, "keyset": keyset}
        files = {name: part(name, content) for name, content in parts.items() if content is not None}
        return self.client.post(f"{self.path}/keysets", files, headers=self.headers | headers)

    def read(self, path: str = "", **headers: str) -> Any:
        return self.client.get(path or f"{self.path}/keyset", headers=self.headers | headers)

    def post_statement(self, jws: bytes) -> Any:
        """Post a signed statement."""
        return self.client.post(
            "/api/v1/statements", jws, content_type="application/jose+json", headers=self.headers
        )


def enter_over_http(partner: Partner) -> None:
    """Bring the keys in, and continue with the API key that the answer holds."""
    pop = partner.keys.pop(partner.challenge(), now=partner.now)
    answer = partner.hand_in(pop=pop, keyset=partner.keys.keyset(now=partner.now))
    assert answer.status_code == 201, answer.content
    partner.api_key = partner.keys.first_api_key(answer.json())


def part(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{name}.json", content, "application/jose+json")
