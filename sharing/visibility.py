# SPDX-License-Identifier: Apache-2.0
"""Row visibility: the only way from a request into the exchange's tables.

An officer sees those of its agency's rows that concern an alert within the officer's ceiling (`officers.ceilings`); a system
sees all rows of its agency.
"""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q

from callers.actors import SystemActor
from callers.capabilities import Capability
from callers.markings import rows_within
from sharing.states import VISIBLE_STATES

if TYPE_CHECKING:
    from callers.actors import Actor
    from sharing.models import (  # noqa: F401 - named as text below, since models import this file
        Agreement,
        Circle,
        Delivery,
        Envelope,
        FeedItem,
        Statement,
    )


def _reads_content(actor: "Actor") -> bool:
    """Tell whether the actor reads content: by scope, by role, or as the agency's desk-worker; never without an agency."""
    granted = {Capability.ENVELOPE_READ, Capability.ALERT_READ} & actor.capabilities
    return actor.agency_id is not None and (bool(granted) or isinstance(actor, SystemActor))


def _reads_agreements(actor: "Actor") -> bool:
    granted = {Capability.AGREEMENT_READ, Capability.DIRECTORY_READ} & actor.capabilities
    return actor.agency_id is not None and bool(granted)


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, actor: "Actor") -> "AgreementQuerySet":
        """Return the agreements of the actor's agency, for officers who may and for the system that reads the directory."""
        if not _reads_agreements(actor):
            return self.none()
        return self.filter(versions__parties__agency_id=actor.agency_id).distinct()


class CircleQuerySet(models.QuerySet["Circle"]):
    def visible_to(self, actor: "Actor") -> "CircleQuerySet":
        """Return the circles that the actor's agency is a member of."""
        return self.filter(members=actor.agency_id) if _reads_agreements(actor) else self.none()


class EnvelopeQuerySet(models.QuerySet["Envelope"]):
    def visible_to(self, actor: "Actor") -> "EnvelopeQuerySet":
        """Return the agency's own envelopes, and those with a number in its feed."""
        if not _reads_content(actor) or actor.agency_id is None:
            return self.none()
        return self.known_to(actor.agency_id).filter(rows_within(actor))

    def known_to(self, agency: str) -> "EnvelopeQuerySet":
        """Return the envelopes that an agency has sent, or has a number for in its feed."""
        from sharing.models import Delivery

        reached = Delivery.objects.filter(recipient_id=agency, state__in=VISIBLE_STATES)
        return self.filter(Q(iss_id=agency) | Q(md__in=reached.values("envelope_id")))

    def originated_by(self, actor: "Actor") -> "EnvelopeQuerySet":
        """Return the envelopes that the actor's agency has sent."""
        return self.filter(rows_within(actor), iss_id=actor.agency_id) if actor.agency_id else self.none()


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, actor: "Actor") -> "DeliveryQuerySet":
        """Return the deliveries to the actor's agency that have a number."""
        return self.received_by(actor) if _reads_content(actor) else self.none()

    def received_by(self, actor: "Actor") -> "DeliveryQuerySet":
        """Return the deliveries with a number in the feed of the actor's agency."""
        if not actor.agency_id:
            return self.none()
        return self.filter(
            rows_within(actor, "envelope__"), recipient_id=actor.agency_id, state__in=VISIBLE_STATES
        )

    def originated_by(self, actor: "Actor") -> "DeliveryQuerySet":
        """Return the deliveries of envelopes that the actor's agency has sent."""
        if not actor.agency_id:
            return self.none()
        return self.filter(rows_within(actor, "envelope__"), iss=actor.agency_id)


class StatementQuerySet(models.QuerySet["Statement"]):
    def visible_to(self, actor: "Actor") -> "StatementQuerySet":
        """Return the statements that the actor's agency has issued or has a number for."""
        from sharing.models import StatementDelivery

        if not _reads_content(actor):
            return self.none()
        reached = StatementDelivery.objects.filter(recipient_id=actor.agency_id, number__isnull=False)
        mine = Q(iss_id=actor.agency_id) | Q(od__in=reached.values("statement_id"))
        return self.filter(mine)._about_what_is_within(actor)

    def issued_by(self, actor: "Actor") -> "StatementQuerySet":
        """Return the statements that the actor's agency has issued."""
        if not actor.agency_id:
            return self.none()
        return self.filter(iss_id=actor.agency_id)._about_what_is_within(actor)

    def _about_what_is_within(self, actor: "Actor") -> "StatementQuerySet":
        """Leave out statements about an alert above the actor's ceiling, and statements about those."""
        from sharing.models import Envelope, Statement

        within = rows_within(actor)
        if not within:
            return self
        above = Envelope.objects.filter(pk=OuterRef("sub_d")).exclude(within)
        answers = Statement.objects.filter(pk=OuterRef("sub_d")).filter(Exists(above))
        words = Statement.objects.filter(pk=OuterRef("sub_d")).filter(Exists(answers))
        return self.exclude(Exists(above)).exclude(Exists(answers)).exclude(Exists(words))


class FeedItemQuerySet(models.QuerySet["FeedItem"]):
    def visible_to(self, actor: "Actor") -> "FeedItemQuerySet":
        """Return the feed of the actor's agency."""
        may = Capability.FEED_READ in actor.capabilities or _reads_content(actor)
        return self.filter(recipient=actor.agency_id) if may and actor.agency_id else self.none()
