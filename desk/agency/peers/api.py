# SPDX-License-Identifier: Apache-2.0
"""Peers and the comparison of their fingerprints, in JSON."""

from collections.abc import Callable
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from accord.envelope.keysets import CHANGED, RECOVERED
from alerts.peers.comparing import PeerTrust, compare_fingerprint, peer_of, peers_of, undo_comparison
from alerts.peers.newcomers import confirm_circle_member
from alerts.peers.pins import Origin
from alerts.peers.telephones import take_said_telephone
from callers.capabilities import Capability
from callers.reading import read_body
from desk.web.api_answers import AgencyView
from peers.models import Agency


class FingerprintIn(s.Serializer[Any]):
    fingerprint = s.CharField(
        max_length=120, help_text="As read from the peer's paper: 64 digits, spaces allowed."
    )


class TelephoneIn(s.Serializer[Any]):
    telephone = s.CharField(
        max_length=40, allow_blank=True, help_text="The number that the exchange says, as you saw it."
    )


class CirclesIn(s.Serializer[Any]):
    circles = s.ListField(
        child=s.CharField(max_length=60), min_length=1, max_length=500, help_text="Names of circles."
    )


class NewInOut(s.Serializer[Any]):
    """A circle in which a peer is not confirmed yet."""

    circle = s.CharField()
    since = s.DateTimeField(help_text="When the circle was recorded, or its members last changed.")


class PeerOut(s.Serializer[Any]):
    """The agency's trust in a peer's keys."""

    agency = s.CharField()
    name = s.CharField()
    fingerprint = s.CharField(allow_blank=True, help_text="Of the root in force; empty where there is none.")
    origin = s.ChoiceField(Origin.values)
    telephone = s.CharField(allow_blank=True, help_text="The number to call in an alarm.")
    telephone_said = s.CharField(
        allow_blank=True,
        help_text="As the exchange says now; another one counts once a key officer takes it.",
    )
    waiting = s.BooleanField(help_text="One officer has compared; another one has to.")
    problem = s.CharField(allow_blank=True, help_text="Which check its keys failed; empty where they hold.")
    root_changed = s.ChoiceField(
        [CHANGED, RECOVERED],
        allow_null=True,
        help_text="How another root took the place of the one pinned here: `changed` by the old one, or `recovered` without it.",
    )
    new_in = NewInOut(many=True, help_text="Nothing goes to it until it is confirmed there.")


class PeersOut(s.Serializer[Any]):
    items = PeerOut(many=True)


def _shown(trust: PeerTrust) -> dict[str, Any]:
    return {
        "agency": trust.agency.pk,
        "name": trust.agency.name,
        "fingerprint": trust.shown,
        "origin": str(trust.pin.origin),
        "telephone": trust.agency.duty_phone,
        "telephone_said": trust.agency.phone_said,
        "waiting": trust.pin.waiting is not None,
        "problem": trust.problem,
        "root_changed": trust.root_change.succession if trust.root_change else None,
        "new_in": [{"circle": place.circle, "since": place.since} for place in trust.new_in],
    }


class PeersView(AgencyView):
    capability = Capability.KEY_READ

    @extend_schema(responses={200: PeersOut}, operation_id="peers_list")
    def get(self, request: Request) -> Response:
        """List every other agency by name, with the origin of the trust in its keys."""
        return self.answer({"items": [_shown(trust) for trust in peers_of(self.officer, now=self.now)]})


class ComparedView(AgencyView):
    capability = Capability.PEER_COMPARE

    def change(self, agency_id: str, do: Callable[[Agency], object]) -> Response:
        """Do the act on the peer; answer its state afterwards."""
        peer = peer_of(self.officer, agency_id, now=self.now).agency
        self.act(lambda: do(peer))
        return self.answer(_shown(peer_of(self.officer, agency_id, now=self.now)))


class CompareView(ComparedView):
    @extend_schema(request=FingerprintIn, responses={200: PeerOut}, operation_id="peers_compare")
    def post(self, request: Request, agency_id: str) -> Response:
        """State that these digits stand on the peer's paper; after the second officer's comparison alerts can go to it."""
        digits = read_body(FingerprintIn, request)["fingerprint"]
        return self.change(
            agency_id, lambda peer: compare_fingerprint(self.officer, peer, digits, now=self.now)
        )


class TelephoneView(ComparedView):
    capability = Capability.KEY_MANAGE

    @extend_schema(request=TelephoneIn, responses={200: PeerOut}, operation_id="peers_telephone")
    def post(self, request: Request, agency_id: str) -> Response:
        """Accept the telephone number that the exchange states, for every agency of this desk."""
        said = read_body(TelephoneIn, request)["telephone"]
        return self.change(
            agency_id, lambda peer: take_said_telephone(self.officer, peer, said, now=self.now)
        )


class UndoView(ComparedView):
    @extend_schema(request=None, responses={200: PeerOut}, operation_id="peers_undo")
    def post(self, request: Request, agency_id: str) -> Response:
        """Withdraw a first comparison, before the second."""
        return self.change(agency_id, lambda peer: undo_comparison(self.officer, peer, now=self.now))


class ConfirmView(ComparedView):
    capability = Capability.ALERT_VALIDATE

    @extend_schema(request=CirclesIn, responses={200: PeerOut}, operation_id="peers_confirm")
    def post(self, request: Request, agency_id: str) -> Response:
        """Confirm a peer that is new in these circles of yours, once; nothing goes to it before."""
        circles = read_body(CirclesIn, request)["circles"]
        return self.change(
            agency_id, lambda peer: confirm_circle_member(self.officer, peer, circles, now=self.now)
        )


_P: Final = "peers/<str:agency_id>"
urlpatterns = [
    path("peers", PeersView.as_view(), name="peers-list"),
    path(f"{_P}/compare", CompareView.as_view(), name="peers-compare"),
    path(f"{_P}/confirm", ConfirmView.as_view(), name="peers-confirm"),
    path(f"{_P}/telephone", TelephoneView.as_view(), name="peers-telephone"),
    path(f"{_P}/undo", UndoView.as_view(), name="peers-undo"),
]
