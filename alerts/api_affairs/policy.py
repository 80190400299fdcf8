# SPDX-License-Identifier: Apache-2.0
"""The agency's policy in JSON: stricter at once, weaker with a second agency admin."""

import re
import uuid
from dataclasses import asdict, replace
from typing import Any, ClassVar, Final

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.capabilities import Capability
from agencies.ceilings import LEVELS
from agencies.models import AUDIT_KEEP_DAYS
from agencies.policy import CEILING_ROLES, MFA_ROLES, Policy, waiting_request
from agencies.reading import read_body
from alerts.api_affairs.answering import AffairsView, tag_of
from alerts.errors import RevisionRequiredError, StaleTagError
from alerts.policychanges import change_own_policy, decide_on_own_policy, policy_of_now

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
    """What is to be different. A role that `role_ceilings` leaves out has no limit.

    `confirmed`: where there is no second admin, that the policy is to get weaker.
    """

    four_eyes = s.BooleanField(required=False)
    flash_single_releaser = s.BooleanField(required=False)
    role_ceilings = Ceilings(child=s.ChoiceField(list(LEVELS)), required=False)
    case_number_required = s.BooleanField(required=False)
    mfa_required_roles = s.ListField(
        child=s.ChoiceField([role.value for role in MFA_ROLES]), required=False, max_length=len(MFA_ROLES)
    )
    audit_keep_days = s.IntegerField(
        required=False, min_value=AUDIT_KEEP_DAYS[0], max_value=AUDIT_KEEP_DAYS[1]
    )
    confirmed = s.BooleanField(required=False, default=False)


class PolicyRequestOut(s.Serializer[Any]):
    """A change that waits for a second agency admin; old and new values by field."""

    id = s.UUIDField()
    changes = s.DictField()
    before = s.DictField()
    asked_by = s.CharField(source="asked_by.public_id")
    asked_at = s.DateTimeField()


class PolicyOut(s.Serializer[Any]):
    """All of the policy; `waiting` is shown to agency admins."""

    four_eyes = s.BooleanField()
    flash_single_releaser = s.BooleanField()
    role_ceilings = Ceilings()
    case_number_required = s.BooleanField()
    mfa_required_roles = s.ListField(child=s.CharField())
    audit_keep_days = s.IntegerField()
    waiting = PolicyRequestOut(allow_null=True)


class DecisionIn(s.Serializer[Any]):
    confirm = s.BooleanField()


class PolicyView(AffairsView):
    capability: ClassVar = {"GET": Capability.OFFICER_READ, "PATCH": Capability.AGENCY_MANAGE}

    @extend_schema(responses={200: PolicyOut}, operation_id="policy_retrieve")
    def get(self, request: Request) -> Response:
        """Show the agency's policy: who sends with whom, how strict a role may go, what opens, who needs a second factor."""
        return self.answer_policy()

    @extend_schema(
        parameters=[IF_SEEN],
        request=PolicyIn,
        responses={200: PolicyOut},
        operation_id="policy_partial_update",
    )
    def patch(self, request: Request) -> Response:
        """Change the policy. What makes it stricter counts at once.

        What weakens it stands in `waiting` until a second agency admin confirms it; where there is none, it is made
        with `confirmed` and told to all releasers.
        """
        body = read_body(PolicyIn, request)
        confirmed, seen = body.pop("confirmed"), _seen_in(request)

        def change() -> None:
            standing = policy_of_now(self.officer)
            if standing.digest != seen:
                raise StaleTagError
            wanted = replace(standing, **_sorted(body))
            change_own_policy(self.officer, wanted, seen=seen, confirmed=confirmed, now=self.now)

        self.act(change)
        return self.answer_policy()

    def answer_policy(self) -> Response:
        """As it stands now, tagged by its own digest and that of the answer."""
        policy = _standing(self)
        waiting = waiting_request(self.officer)
        shown = PolicyOut({**asdict(policy), "waiting": waiting}).data
        return Response(shown, headers={"ETag": f'"{policy.digest}.{tag_of(shown)[1:-1]}"'})


class PolicyDecisionView(PolicyView):
    capability: ClassVar[Any] = Capability.AGENCY_MANAGE
    http_method_names = ["post", "options"]

    @extend_schema(request=DecisionIn, responses={200: PolicyOut}, operation_id="policy_decide")
    def post(self, request: Request, request_id: uuid.UUID) -> Response:
        """Confirm or refuse what another admin asked for; who asked may only take it back."""
        confirm = read_body(DecisionIn, request)["confirm"]
        self.act(lambda: decide_on_own_policy(self.officer, request_id, confirm=confirm, now=self.now))
        return self.answer_policy()


def _standing(view: AffairsView) -> Policy:
    assert view.agency is not None
    return policy_of_now(view.officer)


def _seen_in(request: Request) -> str:
    match = _TAG.fullmatch(request.headers.get("If-Match", "").strip())
    if match is None:
        raise RevisionRequiredError
    return match[1]


def _sorted(body: dict[str, Any]) -> dict[str, Any]:
    """Roles in the order in which a policy keeps them, each once."""
    roles = body.get("mfa_required_roles")
    return body if roles is None else body | {"mfa_required_roles": sorted(set(roles))}


urlpatterns = [
    path("policy", PolicyView.as_view(), name="policy-one"),
    path("policy/requests/<uuid:request_id>", PolicyDecisionView.as_view(), name="policy-request"),
]
