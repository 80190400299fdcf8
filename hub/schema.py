# SPDX-License-Identifier: Apache-2.0
"""Parts of the API description that all operations have in common, stated once, so that no view can forget them.

A view describes its own answer, in its docstring and its serializers. From these come the summary, who may call, every
problem (RFC 9457) by its type, `Idempotency-Key` and `If-None-Match`; examples and links follow in `description`.
"""

from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from callers.answers import ProblemSerializer
from callers.capabilities import (
    ACCESSION_SCOPES,
    DESK_SCOPES,
    EXCHANGE_SCOPES,
    SENSITIVE,
    Capability,
    roles_with,
)
from callers.permissions import PUBLIC, declared_for
from callers.problems import PROBLEM_TYPE
from hub.deprecations import DEPRECATIONS
from hub.operation_problems import SAFE, problems_of
from hub.problems import ROWS

PREFIX: Final = "/api/v1/"
_KEYS: Final = {"API key": EXCHANGE_SCOPES | ACCESSION_SCOPES, "Key for the desk": DESK_SCOPES}
"""Scopes of the keys of systems: an API key at the exchange, a key for the desk at the desk."""
_TAGS: Final = {
    "agencies": "Directory",
    "alerts": "Desk",
    "caller": "Caller",
    "directory": "Directory",
    "ledger": "Ledger",
    "hub": "Operator",
    "keysets": "Directory",
    **dict.fromkeys(("account", "views"), "Account"),
    **dict.fromkeys(("profiles", "spectra", "substances"), "Science"),
    **dict.fromkeys(("api-keys", "audit", "doubts", "duty", "exchange-keys", "keys"), "Agency"),
    **dict.fromkeys(("notifications", "officers", "policy"), "Agency"),
}

IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,120}$"},
    OpenApiParameter.HEADER,
    description="Sent again within a day with the same key and body, the request is done once.",
)
IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match",
    {"type": "string"},
    OpenApiParameter.HEADER,
    description="The ETag of the last answer; 304 while it still holds.",
)


class ProblemAwareSchema(AutoSchema):
    """Schema of a view, with what holds for all operations of its kind."""

    def get_summary(self) -> str | None:
        """Return the first sentence of the docstring."""
        return self._told()[0]

    def get_description(self) -> str:  # type: ignore[override]
        """Return the rest of the docstring, and who may call."""
        return "\n\n".join(filter(None, (self._told()[1], self._who())))

    def get_tags(self) -> list[str]:
        return [_TAGS.get(self._address.partition("/")[0], "Exchange")]

    def is_deprecated(self) -> bool:
        return self._address in DEPRECATIONS

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return each security scheme with the scopes needed, as OpenAPI 3.1 allows for any scheme."""
        wanted = self._capabilities()
        ways = [set(way) for way in super().get_auth()]
        scopes = {
            "apiKey": wanted & _KEYS["API key"],
            "deskKey": wanted & _KEYS["Key for the desk"],
            "officerSession": {c for c in wanted if roles_with(c)},
        }
        return [{name: sorted(scopes[name])} for way in ways for name in way if scopes.get(name)]

    def get_override_parameters(self) -> list[Any]:
        """Return the view's parameters, and the header of a write or of a read."""
        parameters = list(super().get_override_parameters())
        return [*parameters, IDEMPOTENCY_KEY if self._is_write else IF_NONE_MATCH]

    def problem_slugs(self) -> frozenset[str]:
        """Return the types of problem that this operation may answer in this role; those of officers only at the desk."""
        own = (IDEMPOTENCY_KEY, IF_NONE_MATCH)
        given = [one for one in self.get_override_parameters() if one not in own]
        tags = [one for one in given if getattr(one, "name", "") == "If-Match"]
        found = problems_of(
            self.method,
            self._address,
            tagged=bool(tags),
            paged=any("cursor" in getattr(one, "_declared_fields", {}) for one in given),
            sensitive=bool(self._capabilities() & SENSITIVE),
        )
        return found & ROWS.keys()

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        describe: Any = self._get_response_for_code
        if direction != "response":
            return bodies
        bodies = {code: body for code, body in bodies.items() if int(code) < 400}
        by_status: dict[int, list[str]] = {}
        for slug in sorted(self.problem_slugs()):
            by_status.setdefault(ROWS[slug].status, []).append(slug)
        for status, slugs in by_status.items():
            described = OpenApiResponse(ProblemSerializer, ", ".join(slugs))
            bodies[str(status)] = describe(described, str(status), (PROBLEM_TYPE,)) | {"x-problems": slugs}
        if not self._is_write:
            bodies["304"] = {"description": "What the ETag names still holds."}
        return dict(sorted(bodies.items()))

    def _told(self) -> tuple[str, str]:
        head, _, rest = super().get_description().strip().partition("\n\n")
        return " ".join(head.split()), "\n\n".join(
            " ".join(part.split()) for part in rest.split("\n\n")
        ).strip()

    def _who(self) -> str:
        wanted = self._capabilities()
        said = [
            f"{key} with {', '.join(f'`{scope}`' for scope in sorted(wanted & scopes))}."
            for key, scopes in _KEYS.items()
            if wanted & scopes
        ]
        roles = sorted({role for capability in wanted for role in roles_with(capability)})
        return " ".join([*said, *([f"Officer: {', '.join(roles)}."] if roles else [])])

    def _capabilities(self) -> frozenset[Capability]:
        declared = declared_for(self.view, self.method)
        if declared is None or declared is PUBLIC:
            return frozenset()
        return frozenset({declared}) if isinstance(declared, Capability) else declared

    @property
    def _address(self) -> str:
        return str(self.path).removeprefix(PREFIX)

    @property
    def _is_write(self) -> bool:
        return self.method not in SAFE
