# SPDX-License-Identifier: Apache-2.0
"""A partner's system for the exchange: requests with an API key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accord.envelope.seal import SealedEnvelope


class Answer(Protocol):
    """A response of the test client."""

    status_code: int
    content: bytes

    def json(self) -> Any: ...

    def getvalue(self) -> bytes: ...

    def items(self) -> Any: ...

    def __getitem__(self, header: str) -> str: ...

    def __contains__(self, header: object) -> bool: ...


@dataclass(frozen=True)
class Caller:
    """One agency's system; `authorization` is its header, `headers` are further ones as `HTTP_...`."""

    authorization: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, **options: Any) -> Answer:
        return cast(Answer, self._client().get(f"/api/v1/{path}", **options))

    def head(self, path: str) -> Answer:
        return cast(Answer, self._client().head(f"/api/v1/{path}"))

    def post_envelope(self, sealed: SealedEnvelope) -> Answer:
        parts = {"manifest": sealed.manifest, "jwe": sealed.jwe}
        return self.post_parts(parts | {f"blob-{n}": blob for n, blob in enumerate(sealed.blobs)})

    def post_parts(self, parts: dict[str, bytes], path: str = "envelopes") -> Answer:
        files = {name: SimpleUploadedFile(f"{name}.bin", octets) for name, octets in parts.items()}
        return cast(Answer, self._client().post(f"/api/v1/{path}", files, format="multipart"))

    def post_release(self, jws: bytes, entries: bytes) -> Answer:
        return self.post_parts({"release": jws, "entries": entries}, "releases")

    def post_fields(self, fields: dict[str, str]) -> Answer:
        return cast(Answer, self._client().post("/api/v1/envelopes", fields, format="multipart"))

    def post_json(self, path: str, body: object) -> Answer:
        return cast(Answer, self._client().post(f"/api/v1/{path}", body, format="json"))

    def post_octets(self, path: str, octets: bytes, content_type: str) -> Answer:
        return cast(Answer, self._client().post(f"/api/v1/{path}", octets, content_type=content_type))

    def put_octets(self, path: str, octets: bytes, content_type: str) -> Answer:
        return cast(Answer, self._client().put(f"/api/v1/{path}", octets, content_type=content_type))

    def post_statement(self, jws: bytes, content_type: str = "application/jose+json") -> Answer:
        return cast(Answer, self._client().post("/api/v1/statements", jws, content_type=content_type))

    def delete(self, path: str) -> Answer:
        return cast(Answer, self._client().delete(f"/api/v1/{path}"))

    def _client(self) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=self.authorization, **self.headers)
        return client


def slug(response: Answer) -> str:
    """Return the last word of a problem's type, after a check that the response is a problem."""
    body: dict[str, Any] = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert body["status"] == response.status_code
    return str(body["type"]).rsplit(":", 1)[-1]
