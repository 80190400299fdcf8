# SPDX-License-Identifier: Apache-2.0
"""Agencies as the desk knows them, its own and others."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models

from callers.binding import BoundRow
from callers.directory import AGENCY_ID, AgencyKind, AgencyStatus, Custody
from callers.names import check_name
from callers.timezones import check_timezone
from peers.credential_rows import KnownCredential as KnownCredential  # noqa: PLC0414
from peers.feed_rows import FeedCursor as FeedCursor  # noqa: PLC0414
from peers.feed_rows import HeldStatement as HeldStatement  # noqa: PLC0414
from peers.mirror_rows import LastVerdicts as LastVerdicts  # noqa: PLC0414
from peers.mirror_rows import PeerAgreement as PeerAgreement  # noqa: PLC0414
from peers.mirror_rows import PeerCircle as PeerCircle  # noqa: PLC0414
from peers.mirror_rows import PeerKeyset as PeerKeyset  # noqa: PLC0414
from peers.mirror_rows import PeerRevocation as PeerRevocation  # noqa: PLC0414
from peers.mirror_rows import SeenAgreements as SeenAgreements  # noqa: PLC0414
from peers.mirror_rows import SeenLedger as SeenLedger  # noqa: PLC0414
from peers.outgoing_rows import Outgoing as Outgoing  # noqa: PLC0414
from peers.outgoing_rows import OutgoingBlob as OutgoingBlob  # noqa: PLC0414
from peers.outgoing_rows import OutgoingState as OutgoingState  # noqa: PLC0414
from peers.own_exchange_rows import OwnExchange as OwnExchange  # noqa: PLC0414
from peers.sent_rows import DeliveriesPlace as DeliveriesPlace  # noqa: PLC0414
from peers.sent_rows import SentDelivery as SentDelivery  # noqa: PLC0414
from peers.sent_rows import SentEnvelope as SentEnvelope  # noqa: PLC0414
from peers.sent_rows import SubmissionsPlace as SubmissionsPlace  # noqa: PLC0414
from peers.sent_rows import UnsentEnvelope as UnsentEnvelope  # noqa: PLC0414
from peers.visibility import DirectoryQuerySet


class Agency(BoundRow):
    """An agency at this desk: what the exchange says of it, and what the desk itself knows. `peers.entries` keeps it.

    A row that was altered outside the program is not used for a decision.
    """

    id = models.CharField(primary_key=True, max_length=23, validators=[AGENCY_ID])
    name = models.CharField(max_length=120, validators=[check_name])
    kind = models.CharField(max_length=20, choices=AgencyKind)
    country = models.CharField(max_length=2, validators=[RegexValidator(r"\A[A-Z]{2}\Z")])
    timezone = models.CharField(max_length=64, default="UTC", validators=[check_timezone])
    language = models.CharField(max_length=16, default="en")
    custody = models.CharField(max_length=12, choices=Custody)
    status = models.CharField(max_length=9, choices=AgencyStatus, default=AgencyStatus.ENTERING)
    root_fingerprint = models.CharField(
        max_length=64, blank=True, validators=[RegexValidator(r"\A[0-9a-f]{64}\Z")]
    )
    """Fingerprint of the root in force, as the exchange says; not used for a decision once there is a keyset."""
    duty_phone = models.CharField(max_length=40, blank=True, validators=[check_name])
    """Number as the exchange first named it, or as a key officer has accepted it since."""
    phone_said = models.CharField(max_length=40, blank=True, validators=[check_name])
    """Number as the exchange names it now."""
    is_hosted = models.BooleanField(default=False)
    """Whether its keys are, or are to be, in this desk's vault: the desk signs and opens for it, and its officers sign in here."""
    admitted_at = models.DateTimeField()
    """When it was taken in at this desk, or first listed."""
    first_release_at = models.DateTimeField(null=True, blank=True)
    """When its first actual alert was sent from this desk, or came in; until then changes of power do not wait."""
    gone_at = models.DateTimeField(null=True, blank=True)
    """Since when the exchange no longer lists it."""
    heard_at = models.DateTimeField(null=True, blank=True)
    """When the exchange last listed it; no code covers it."""

    objects = DirectoryQuerySet.as_manager()

    BOUND = (
        *("id", "name", "kind", "country", "timezone", "language", "custody", "status", "root_fingerprint"),
        *("duty_phone", "phone_said", "is_hosted", "admitted_at", "first_release_at", "gone_at"),
    )

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name

    @property
    def is_suspended(self) -> bool:
        """Tell whether the operator has stopped new flow to and from this agency."""
        return self.status == AgencyStatus.SUSPENDED

    @property
    def is_other_phone_said(self) -> bool:
        """Tell whether the exchange names another telephone number than the one that counts here."""
        return self.phone_said != self.duty_phone
