# SPDX-License-Identifier: Apache-2.0
"""Which rows an actor may know of: the only way into the exchange's tables from a request."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from agencies.actors import SystemActor
from agencies.capabilities import Capability
from sharing.states import VISIBLE_STATES

if TYPE_CHECKING:
    from agencies.actors import Actor
    from sharing.models import (  # noqa: F401 - named as text below, since models import this file
        Agreement,
        Circle,
        Delivery,
        Envelope,
        FeedItem,
        Notification,
        Statement,
    )


def _reads_content(actor: "Actor") -> bool:
    """By scope, by role, or as the agency's own process (desk-worker); never without an agency."""
    granted = {Capability.ENVELOPE_READ, Capability.ALERT_READ} & actor.capabilities
    return actor.agency_id is not None and (bool(granted) or isinstance(actor, SystemActor))


def _reads_agreements(actor: "Actor") -> bool:
    granted = {Capability.AGREEMENT_READ, Capability.DIRECTORY_READ} & actor.capabilities
    return actor.agency_id is not None and bool(granted)


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, actor: "Actor") -> "AgreementQuerySet":
        """Its parties see an agreement, nobody else: officers who may, and the system that reads the directory."""
        if not _reads_agreements(actor):
            return self.none()
        return self.filter(versions__parties__agency_id=actor.agency_id).distinct()


class CircleQuerySet(models.QuerySet["Circle"]):
    def visible_to(self, actor: "Actor") -> "CircleQuerySet":
        """Its members see a circle."""
        return self.filter(members=actor.agency_id) if _reads_agreements(actor) else self.none()


class EnvelopeQuerySet(models.QuerySet["Envelope"]):
    def visible_to(self, actor: "Actor") -> "EnvelopeQuerySet":
        """The originator sees its own; a recipient what has a number in its feed."""
        if not _reads_content(actor) or actor.agency_id is None:
            return self.none()
        return self.known_to(actor.agency_id)

    def known_to(self, agency: str) -> "EnvelopeQuerySet":
        """What an agency has sent, or has a number for in its feed."""
        from sharing.models import Delivery

        reached = Delivery.objects.filter(recipient_id=agency, state__in=VISIBLE_STATES)
        return self.filter(Q(iss_id=agency) | Q(md__in=reached.values("envelope_id")))

    def originated_by(self, actor: "Actor") -> "EnvelopeQuerySet":
        """What the actor's own agency has sent."""
        return self.filter(iss_id=actor.agency_id) if actor.agency_id else self.none()


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, actor: "Actor") -> "DeliveryQuerySet":
        """A recipient sees its own, once it has a number."""
        if not _reads_content(actor):
            return self.none()
        return self.filter(recipient_id=actor.agency_id, state__in=VISIBLE_STATES)

    def originated_by(self, actor: "Actor") -> "DeliveryQuerySet":
        """What became of the envelopes of the actor's own agency."""
        return self.filter(envelope__iss_id=actor.agency_id) if actor.agency_id else self.none()


class StatementQuerySet(models.QuerySet["Statement"]):
    def visible_to(self, actor: "Actor") -> "StatementQuerySet":
        """Its issuer sees a statement, and those it was numbered for."""
        from sharing.models import StatementDelivery

        if not _reads_content(actor):
            return self.none()
        reached = StatementDelivery.objects.filter(recipient_id=actor.agency_id, number__isnull=False)
        return self.filter(Q(iss_id=actor.agency_id) | Q(od__in=reached.values("statement_id")))

    def issued_by(self, actor: "Actor") -> "StatementQuerySet":
        """What the actor's own agency has stated."""
        return self.filter(iss_id=actor.agency_id) if actor.agency_id else self.none()


class FeedItemQuerySet(models.QuerySet["FeedItem"]):
    def visible_to(self, actor: "Actor") -> "FeedItemQuerySet":
        """An agency sees its own feed."""
        may = Capability.FEED_READ in actor.capabilities or _reads_content(actor)
        return self.filter(recipient=actor.agency_id) if may and actor.agency_id else self.none()


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, actor: "Actor") -> "NotificationQuerySet":
        """An agency sees whom the hub told for it."""
        if Capability.NOTICE_READ not in actor.capabilities or actor.agency_id is None:
            return self.none()
        return self.filter(recipient_id=actor.agency_id)
