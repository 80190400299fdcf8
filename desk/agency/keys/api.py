# SPDX-License-Identifier: Apache-2.0
"""The keys of an agency whose vault is the hub's, in JSON: the present keys, each change of the wizard, the head's proposals.

A change names the version of the keyset that it was made from. Where the agency's head holds the root it becomes a
proposal, whose octets are fetched, signed offline and handed in.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accord.envelope.encoding import MAX_STATEMENT_BYTES
from accord.envelope.statements.form import parse_statement
from alerts.agency.key_impact import impact_of_revoking
from alerts.exchange_errors import exchange_errors
from alerts.sending.sending_stopped import holder_shown
from callers.capabilities import Capability
from callers.directory import Custody
from callers.errors import AbsentError, InputError
from callers.octets import SIGNED, octets_of
from callers.reading import read_body, read_query
from desk.agency.keys.acts import Act, do_act, is_proposal
from desk.agency.keys.forms import CODES, SUITES, USES
from desk.agency.keys.wizard import key_of, open_facts
from desk.web.api_answers import AgencyView
from officers.keyfacts import KeyFact, KeyFacts, check_typed, key_facts
from peers.models import Agency
from vault import outgoing, proposing
from vault.changes import MAX_ROOT_CARD_BYTES, read_root_card
from vault.instances import Holder, take_over

VERBS: Final = (
    *("create", "renew", "rotate", "move", "retire", "revoke", "suspend"),
    *("change_root", "recover_root", "cancel_recovery"),
)
ABOUT_A_KEY: Final = frozenset({"retire", "revoke", "suspend"})
ABOUT_A_ROOT: Final = frozenset({"create", "change_root", "recover_root"})


class KeyOut(s.Serializer[KeyFact]):
    """One key. `since` is the moment from which a revoked key does not count; null for others."""

    kid = s.CharField()
    use = s.CharField()
    alg = s.CharField()
    suite = s.CharField()
    state = s.CharField()
    begins = s.DateTimeField()
    until = s.DateTimeField()
    since = s.DateTimeField(allow_null=True)


class KeysetOut(s.Serializer[Any]):
    """The keyset that the next change follows; fingerprints in groups of four."""

    version = s.IntegerField()
    od = s.CharField()
    low = s.CharField()
    until = s.DateTimeField()
    is_logged = s.BooleanField()
    root = s.CharField()  # type: ignore[assignment]
    next_root = s.CharField()


class RecoveryOut(s.Serializer[Any]):
    """A recovered root that waits; `from_at` is null until the ledger has logged it."""

    version = s.IntegerField()
    from_at = s.DateTimeField(allow_null=True)
    root = s.CharField()  # type: ignore[assignment]


class ProposalOut(s.Serializer[Any]):
    """A proposal that waits for the head's signature."""

    od = s.CharField()
    k = s.CharField()
    change = s.CharField()
    kid = s.CharField()
    made_at = s.DateTimeField()
    sign_until = s.DateTimeField()


class QueuedStatementOut(s.Serializer[Any]):
    """A keyset or revocation that waits for the exchange; `trouble` is the latest obstacle, `cause` the reason of a refusal."""

    od = s.CharField()
    k = s.CharField()
    kid = s.CharField()
    act = s.CharField()
    made_at = s.DateTimeField()
    tried_at = s.DateTimeField(allow_null=True)
    trouble = s.ChoiceField(["", "away", "busy", "key-refused", "unclear", "held-elsewhere", "altered"])
    cause = s.CharField()


class HolderOut(s.Serializer[Holder]):
    """Another desk or command that holds the agency's identity at the exchange, in its own words; empty if it did not say.

    `since`: when this desk first heard of it; `free_at`: when the exchange releases the identity, if the holder stays
    silent.
    """

    holder = s.CharField()
    software = s.CharField()
    free_at = s.DateTimeField(allow_null=True)
    since = s.DateTimeField()


class KeysOut(s.Serializer[Any]):
    """The keys. `verbs`: changes open to this officer now; `proposals` are for key officers; `to_send` waits for the exchange.

    `held_elsewhere`: null while this desk holds the agency's identity; else nothing is sent from here.
    """

    custody = s.CharField()
    keyset = KeysetOut(allow_null=True)
    keys = KeyOut(many=True)
    waiting = RecoveryOut(allow_null=True)
    verbs = s.ListField(child=s.CharField())
    proposals = ProposalOut(many=True)
    to_send = QueuedStatementOut(many=True)
    held_elsewhere = HolderOut(allow_null=True)


class KeyChangeIn(s.Serializer[Any]):
    """A change, made from `version` (0 before the first keyset); the other members as its verb takes them.

    `kid` for one key; `since` and `code` to revoke it; `suites` of the first keys; `uses` to rotate; `root`, the
    text of a root's public file, and `announce` where the head holds it; `typed`, the last four characters of
    the key or root, where it cannot be undone.
    """

    verb = s.ChoiceField(VERBS)
    version = s.IntegerField(min_value=0, max_value=2**31 - 1)
    kid = s.CharField(required=False, default="", allow_blank=True, max_length=43)
    suites = s.ListField(child=s.ChoiceField([code for code, _text in SUITES]), required=False, max_length=2)
    uses = s.ListField(child=s.ChoiceField([code for code, _text in USES]), required=False, max_length=2)
    since = s.DateTimeField(required=False)
    code = s.ChoiceField([code for code, _text in CODES], required=False)
    root = s.CharField(required=False, max_length=MAX_ROOT_CARD_BYTES)  # type: ignore[assignment]
    announce = s.CharField(required=False, default="", allow_blank=True, max_length=200)
    typed = s.CharField(required=False, default="", allow_blank=True, max_length=20)


class TakeOverIn(s.Serializer[Any]):
    """The holder that was shown; no other one is replaced."""

    holder = s.UUIDField()


class ImpactQuery(s.Serializer[Any]):
    since = s.DateTimeField(
        required=False, help_text="From when the key would not count; now, where left out."
    )


class ImpactOut(s.Serializer[Any]):
    """The numbers of alerts and statements, signed with the key and logged since then, that would stop counting."""

    alerts = s.IntegerField()
    statements = s.IntegerField()


class KeysView(AgencyView):
    capability = Capability.KEY_READ

    @extend_schema(responses={200: KeysOut}, operation_id="keys_list")
    def get(self, request: Request) -> Response:
        """Show the agency's keyset and keys, and the changes open to the officer."""
        return self.answer_keys()

    def answer_keys(self) -> Response:
        facts = key_facts(self.officer, now=self.now)
        signs_offline = facts.may_manage and facts.custody != Custody.HUB
        waiting = proposing.list_proposals(self.officer, facts.agency, now=self.now) if signs_offline else []
        shown = {name: getattr(facts, name) for name in ("custody", "keyset", "keys", "waiting")}
        shown["held_elsewhere"] = holder_shown(facts.agency.pk)
        lists = {"proposals": waiting, "to_send": outgoing.list_untaken(facts.agency.pk)}
        return self.answer(KeysOut({**shown, **lists, "verbs": sorted(facts.verbs)}).data)


class KeyChangeView(KeysView):
    capability = Capability.KEY_MANAGE
    http_method_names = ["post", "options"]

    @extend_schema(request=KeyChangeIn, responses={200: KeysOut}, operation_id="keys_change")
    def post(self, request: Request) -> Response:
        """Change the agency's keys, or propose the change to its head; a change is logged within about a second.

        While the exchange cannot be reached the change waits, in `to_send`.
        """
        body = read_body(KeyChangeIn, request)

        def change() -> None:
            verb, kid = body["verb"], body["kid"] if body["verb"] in ABOUT_A_KEY else ""
            facts = open_facts(self.officer, verb, now=self.now)
            key = key_of(facts, verb, kid) if verb in ABOUT_A_KEY else None
            values = _values(facts, key, body)
            do_act(Act(self.officer, facts, verb, kid, body["version"], values), now=self.now)

        self.act(change)
        return self.answer_keys()


class TakeOverView(KeysView):
    capability = Capability.KEY_MANAGE
    http_method_names = ["post", "options"]

    @extend_schema(request=TakeOverIn, responses={200: KeysOut}, operation_id="keys_take_over")
    def post(self, request: Request) -> Response:
        """Take the agency's identity over from another holder, once a person knows that it has stopped.

        The exchange replaces it with this desk. A holder that has announced itself again stays in `held_elsewhere`.
        """
        holder = str(read_body(TakeOverIn, request)["holder"])

        def take() -> None:
            with exchange_errors(self.agency.pk):
                take_over(self.officer, self.agency.pk, holder, now=self.now)

        self.act(take)
        return self.answer_keys()


class ImpactView(AgencyView):
    capability = Capability.KEY_MANAGE

    @extend_schema(parameters=[ImpactQuery], responses={200: ImpactOut}, operation_id="keys_impact")
    def get(self, request: Request, kid: str) -> Response:
        """Count the alerts and statements that revoking a key since a time would affect."""
        since: datetime = read_query(ImpactQuery, request).get("since", self.now)
        return self.answer(ImpactOut(impact_of_revoking(self.officer, kid, since, now=self.now)).data)


class QueuedStatementView(KeysView):
    capability = Capability.KEY_MANAGE
    http_method_names = ["post", "delete", "options"]

    @extend_schema(request=None, responses={200: KeysOut}, operation_id="keys_send_again")
    def post(self, request: Request, od: str) -> Response:
        """Send a waiting keyset or revocation to the exchange at once; the worker also sends it by itself."""
        self.act(lambda: outgoing.send_again(self.officer, self.agency.pk, od, now=self.now))
        return self.answer_keys()

    @extend_schema(responses={200: KeysOut}, operation_id="keys_give_up")
    def delete(self, request: Request, od: str) -> Response:
        """Give up a waiting keyset or revocation, or dismiss a refused one; those that the exchange has accepted stand."""
        self.act(lambda: outgoing.give_up(self.officer, self.agency.pk, od, now=self.now))
        return self.answer_keys()


class ProposalView(KeysView):
    capability = Capability.KEY_MANAGE
    parser_classes = SIGNED

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, operation_id="keys_proposal")
    def get(self, request: Request, od: str) -> HttpResponse:  # type: ignore[override]
        """Fetch the exact octets that the agency's head signs."""
        octets = proposing.read_proposal(self.officer, self._headed(), od, now=self.now)
        return HttpResponse(octets, content_type="application/json")

    @extend_schema(
        request={"application/jose+json": OpenApiTypes.OBJECT},
        responses={200: KeysOut},
        operation_id="keys_proposal_accept",
    )
    def post(self, request: Request, od: str) -> Response:
        """Hand in the proposal that the head has signed."""
        signed, agency = octets_of(request).strip(), self._headed()

        def accept() -> None:
            if parse_statement(signed[: MAX_STATEMENT_BYTES + 1]).od != od:
                raise AbsentError
            proposing.accept_proposal(self.officer, agency, signed, now=self.now)

        self.act(accept)
        return self.answer_keys()

    @extend_schema(responses={204: None}, operation_id="keys_proposal_discard")
    def delete(self, request: Request, od: str) -> Response:
        """Withdraw a proposal; a signature of the head on it is then refused."""
        self.act(
            lambda: proposing.discard_proposal(self.officer, self._headed(), od, now=self.now),
            code=status.HTTP_204_NO_CONTENT,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _headed(self) -> Agency:
        """Return the officer's agency; raises AbsentError where no head signs for it."""
        if self.agency.custody == Custody.HUB:
            raise AbsentError
        return self.agency


class PreviousView(ProposalView):
    http_method_names = ["get", "options"]

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, operation_id="keys_proposal_previous")
    def get(self, request: Request, od: str) -> HttpResponse:  # type: ignore[override]
        """Fetch the keyset that a proposal follows, for the agency's head to compare; 404 before the first."""
        agency = self._headed()
        proposing.read_proposal(self.officer, agency, od, now=self.now)
        before = proposing.previous_keyset(self.officer, agency, now=self.now)
        if before is None:
            raise AbsentError
        return HttpResponse(before, content_type="application/json")


def _values(facts: KeyFacts, key: KeyFact | None, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the wizard's forms give to an act; raises InputError on the member that is missing."""
    verb = body["verb"]
    if verb == "revoke" and key is not None:
        check_typed(key.kid, body["typed"])
        return {"at": _needed(body, "since"), "code": _needed(body, "code")}
    if verb == "recover_root" and facts.keyset is not None:
        check_typed(facts.keyset.root, body["typed"])
    values: dict[str, Any] = {"suites": body.get("suites") or ["PQ1", "EC1"]}
    if verb == "rotate":
        values["uses"] = _needed(body, "uses")
    takes_root = verb == "move" and facts.elsewhere == Custody.HUB
    if takes_root or (verb in ABOUT_A_ROOT and is_proposal(facts, verb)):
        values["card"] = read_root_card(_needed(body, "root").encode(), announce=body["announce"])
    return values


def _needed(body: Mapping[str, Any], name: str) -> Any:
    if not body.get(name):
        raise InputError(name, _("This action needs it."))
    return body[name]


_K: Final = "keys/proposals/<str:od>"
urlpatterns = [
    path("keys", KeysView.as_view(), name="keys-list"),
    path("keys/holder", TakeOverView.as_view(), name="keys-holder"),
    path("keys/changes", KeyChangeView.as_view(), name="keys-change"),
    path("keys/<str:kid>/impact", ImpactView.as_view(), name="keys-impact"),
    path("keys/to-send/<str:od>", QueuedStatementView.as_view(), name="keys-to-send"),
    path(_K, ProposalView.as_view(), name="keys-proposal"),
    path(f"{_K}/previous", PreviousView.as_view(), name="keys-proposal-previous"),
]
