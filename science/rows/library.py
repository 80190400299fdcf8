# SPDX-License-Identifier: Apache-2.0
"""Spectra that an agency can search: its own library, and those that came with alerts. Part of `science.models`.

Each record is sealed under the agency's row key, with its authors and licence. An import waits, unused, until
somebody confirms it.
"""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from callers.capabilities import Capability
from peers.models import Agency

if TYPE_CHECKING:
    from callers.actors import Actor


ONE_SOURCE = Q(batch__isnull=True, received__isnull=False) | Q(batch__isnull=False, received__isnull=True)


class SpectraImportQuerySet(models.QuerySet["SpectraImport"]):
    def visible_to(self, actor: "Actor") -> "SpectraImportQuerySet":
        """Return rows of the actor's own agency, if the actor may use the science core."""
        return self.filter(agency_id=_asking_agency(actor)) if _asking_agency(actor) else self.none()


class SpectraImport(models.Model):
    """Import of a file of spectra; `sealed` holds its name, the refused records with reasons, and its stated source.

    Nothing of it is used before `confirmed_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    objects = SpectraImportQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["agency", "-created_at"], name="spectra_imports")]

    def __str__(self) -> str:
        return str(self.id)


class LibrarySpectrumQuerySet(models.QuerySet["LibrarySpectrum"]):
    def visible_to(self, actor: "Actor") -> "LibrarySpectrumQuerySet":
        """Return rows of the actor's own agency, if the actor may use the science core."""
        return self.filter(agency_id=_asking_agency(actor)) if _asking_agency(actor) else self.none()

    def imported(self) -> "LibrarySpectrumQuerySet":
        """Return the library itself: spectra whose import was confirmed."""
        return self.filter(batch__confirmed_at__isnull=False)

    def with_alerts(self, actor: "Actor") -> "LibrarySpectrumQuerySet":
        """Return spectra of alerts that the actor may see, neither withdrawn, replaced nor exercises."""
        from alerts.models import ReceivedAlert

        standing = ReceivedAlert.objects.visible_to(actor).filter(
            status="actual", withdrawn_at=None, replaced_by=None
        )
        return self.filter(received__in=standing.values("pk"))


class LibrarySpectrum(models.Model):
    """Spectrum with its provenance, all of it in `sealed`; `token` is equal for equal records of one agency.

    It is in the library by an import, or came as a file of a received alert and is deleted with that alert's card.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    batch = models.ForeignKey(SpectraImport, models.PROTECT, null=True, related_name="spectra")
    received = models.ForeignKey("alerts.ReceivedAlert", models.PROTECT, null=True, related_name="spectra")
    number = models.PositiveIntegerField()
    token = models.BinaryField()
    sealed = models.BinaryField()

    objects = LibrarySpectrumQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "number"], name="library_spectrum_number_once"),
            models.UniqueConstraint(fields=["received", "number"], name="received_spectrum_number_once"),
            models.CheckConstraint(condition=ONE_SOURCE, name="spectrum_of_one_source"),
        ]
        indexes: ClassVar = [models.Index(fields=["agency", "token"], name="library_spectrum_tokens")]

    def __str__(self) -> str:
        return str(self.id)


def _asking_agency(actor: "Actor") -> str | None:
    """Return the agency of an actor who may use the science core, else None."""
    asks = {Capability.SCIENCE_READ, Capability.SCIENCE_QUERY} & actor.capabilities
    return actor.agency_id if asks else None
