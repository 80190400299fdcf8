# SPDX-License-Identifier: Apache-2.0
"""Which rows an actor may see: the only way in to agencies, officers, keys and API keys."""

from typing import TYPE_CHECKING

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import Q

from agencies.capabilities import Capability

if TYPE_CHECKING:
    from agencies.actors import Actor
    from agencies.models import Agency, ApiKey, Key, Officer  # noqa: F401

ENTERING = "entering"
ROOT = "root"
SIGN_IN = ("password", "session_salt", "factors", "mac", "last_login")
"""Columns of an officer that belong to signing in. Who tells people reads none of them, and a worker's login cannot."""


def without_sign_in(*paths: str) -> list[str]:
    """What `defer` takes to leave them out of the officers joined under these names."""
    return [f"{path}__{column}" for path in paths for column in SIGN_IN]


class AgencyQuerySet(models.QuerySet["Agency"]):
    def visible_to(self, actor: "Actor") -> "AgencyQuerySet":
        """The directory is open to every signed-in actor; agencies that are still entering only to the operator."""
        if Capability.HUB_OPERATE in actor.capabilities:
            return self
        if Capability.DIRECTORY_READ not in actor.capabilities:
            return self.none()
        return self.filter(~Q(status=ENTERING) | Q(pk=actor.agency_id))


class OfficerQuerySet(models.QuerySet["Officer"]):
    def visible_to(self, actor: "Actor") -> "OfficerQuerySet":
        """Officers see the colleagues of their own agency; nobody sees another agency's."""
        if Capability.OFFICER_READ not in actor.capabilities or actor.agency_id is None:
            return self.none()
        return self.filter(agency_id=actor.agency_id)

    def to_tell(self) -> "OfficerQuerySet":
        """The same officers without `SIGN_IN`: to be told or judged by roles; never saved."""
        return self.defer(*SIGN_IN)


class OfficerManager(BaseUserManager["Officer"]):
    def get_queryset(self) -> OfficerQuerySet:
        return OfficerQuerySet(self.model, using=self._db)

    def visible_to(self, actor: "Actor") -> OfficerQuerySet:
        """As of the query set."""
        return self.get_queryset().visible_to(actor)

    def to_tell(self) -> OfficerQuerySet:
        """As of the query set."""
        return self.get_queryset().to_tell()

    def get_by_natural_key(self, username: str | None) -> "Officer":
        """The officer of an e-mail address, whatever its letter case."""
        return self.get(email=(username or "").strip().lower())


class KeyQuerySet(models.QuerySet["Key"]):
    def visible_to(self, actor: "Actor") -> "KeyQuerySet":
        """The operational keys of the actor's own agency; others read keysets, not this table."""
        if Capability.KEY_READ not in actor.capabilities or actor.agency_id is None:
            return self.none()
        return self.filter(agency_id=actor.agency_id).exclude(use=ROOT)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, actor: "Actor") -> "ApiKeyQuerySet":
        """Agency admins see the keys of their own agency."""
        if Capability.APIKEY_MANAGE not in actor.capabilities or actor.agency_id is None:
            return self.none()
        return self.filter(agency_id=actor.agency_id)
