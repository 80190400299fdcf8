# SPDX-License-Identifier: Apache-2.0
"""The agency's policy in JSON: stricter at once, weaker as a change of power that waits."""

import re
from dataclasses import asdict, replace
from typing import Any, ClassVar, Final

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.errors import RevisionRequiredError, StaleTagError
from callers.capabilities import Capability
from callers.markings import LEVELS
from callers.reading import read_body
from desk.web.api_answers import AgencyView, tag_of
from ledger.retention import KEEP_DAYS
from officers.policy import CEILING_ROLES, MFA_ROLES, change_policy, waiting_policy
from officers.policy_in_force import Policy, policy_of
from peers.models import Agency

_TAG: Final = re.compile(r'"([A-Za-z0-9_-]{43})(?:\.[A-Za-z0-9_-]{43})?"')
IF_SEEN: Final = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": f"^{_TAG.pattern}$"},
    OpenApiParameter.HEADER,
    required=True,
    description="The policy's ETag as last read: nothing is changed that was not seen.",
)
_CEILINGS: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {role.value: {"type": "string", "enum": list(LEVELS)} for role in CEILING_ROLES},
}


@extend_schema_field(_CEILINGS)
class Ceilings(s.DictField):
    """The highest TLP by role."""


class PolicyIn(s.Serializer[Any]):
    """Changes of the policy. A role that `role_ceilings` leaves out has no limit."""

    four_eyes = s.BooleanField(required=False)
    flash_single_releaser = s.BooleanField(required=False)
    bare_code_single_releaser = s.BooleanField(required=False)
    role_ceilings = Ceilings(child=s.ChoiceField(list(LEVELS)), required=False)
    case_number_required = s.BooleanField(required=False)
    mfa_required_roles = s.ListField(
        child=s.ChoiceField([role.value for role in MFA_ROLES]), required=False, max_length=len(MFA_ROLES)
    )
    audit_keep_days = s.IntegerField(required=False, min_value=KEEP_DAYS[0], max_value=KEEP_DAYS[1])


class PolicyOut(s.Serializer[Any]):
    """The whole policy; `waiting` is the id of the change of power that would loosen it."""

    four_eyes = s.BooleanField()
    flash_single_releaser = s.BooleanField()
    bare_code_single_releaser = s.BooleanField()
    role_ceilings = Ceilings()
    case_number_required = s.BooleanField()
    mfa_required_roles = s.ListField(child=s.CharField())
    audit_keep_days = s.IntegerField()
    waiting = s.UUIDField(allow_null=True)


class PolicyView(AgencyView):
    capability: ClassVar = {"GET": Capability.OFFICER_READ, "PATCH": Capability.AGENCY_MANAGE}

    @extend_schema(responses={200: PolicyOut}, operation_id="policy_retrieve")
    def get(self, request: Request) -> Response:
        """Show the agency's policy: releases with a second person, TLP ceilings, reasons for opening, second factors."""
        return self.answer_policy()

    @extend_schema(
        parameters=[IF_SEEN],
        request=PolicyIn,
        responses={200: PolicyOut},
        operation_id="policy_partial_update",
    )
    def patch(self, request: Request) -> Response:
        """Change the policy. Stricter rules count at once.

        Weaker ones wait, once the agency has released, until a second agency admin agrees or a day passes in which
        nobody who was told stops them (`/powers`).
        """
        body, seen = read_body(PolicyIn, request), _seen_in(request)

        def change() -> None:
            standing = self.standing()
            if standing.digest != seen:
                raise StaleTagError
            wanted = replace(standing, **_sorted(body))
            change_policy(self.officer, self.agency, wanted, seen=seen, now=self.now)

        self.act(change)
        return self.answer_policy()

    def answer_policy(self) -> Response:
        """Answer the present policy, tagged by its own digest and that of the answer."""
        policy, waiting = self.standing(), waiting_policy(self.agency)
        shown = PolicyOut({**asdict(policy), "waiting": waiting.pk if waiting else None}).data
        return Response(shown, headers={"ETag": f'"{policy.digest}.{tag_of(shown)[1:-1]}"'})

    def standing(self) -> Policy:
        """Return the policy as it is in the database."""
        return policy_of(Agency.objects.get(pk=self.agency.pk))


def _seen_in(request: Request) -> str:
    match = _TAG.fullmatch(request.headers.get("If-Match", "").strip())
    if match is None:
        raise RevisionRequiredError
    return match[1]


def _sorted(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with each role once, in the order in which a policy keeps them."""
    roles = body.get("mfa_required_roles")
    return body if roles is None else body | {"mfa_required_roles": sorted(set(roles))}


urlpatterns = [
    path("policy", PolicyView.as_view(), name="policy-one"),
]
