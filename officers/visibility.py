# SPDX-License-Identifier: Apache-2.0
"""Officers that an actor may see; requests read officers only through it."""

from typing import TYPE_CHECKING

from django.contrib.auth.base_user import BaseUserManager
from django.db import models

from callers.capabilities import Capability, Role

if TYPE_CHECKING:
    from callers.actors import Actor
    from officers.models import Officer

SIGN_IN = ("password", "session_salt", "factors", "mac", "last_login")
"""Columns of an officer that belong to signing in. Code that tells people reads none of them, and a worker's login cannot."""


def without_sign_in(*paths: str) -> list[str]:
    """Return the arguments of `defer` that leave these columns out of officers joined under these names."""
    return [f"{path}__{column}" for path in paths for column in SIGN_IN]


class OfficerQuerySet(models.QuerySet["Officer"]):
    def visible_to(self, actor: "Actor") -> "OfficerQuerySet":
        """Select the colleagues of the actor's own agency; nobody sees another agency's."""
        if Capability.OFFICER_READ not in actor.capabilities or actor.agency_id is None:
            return self.none()
        return self.filter(agency_id=actor.agency_id)

    def to_tell(self) -> "OfficerQuerySet":
        """Select officers of this desk's agencies without `SIGN_IN`, to be told or judged by roles; never save them."""
        return self.filter(agency__is_hosted=True).select_related("agency").defer(*SIGN_IN)

    def keepers_to_tell(self) -> "OfficerQuerySet":
        """Select the keepers of this desk who can sign in, without `SIGN_IN`."""
        keepers = self.filter(agency=None, is_active=True, roles__contains=[Role.KEEPER.value])
        return keepers.defer(*SIGN_IN)


class OfficerManager(BaseUserManager["Officer"]):
    def get_queryset(self) -> OfficerQuerySet:
        return OfficerQuerySet(self.model, using=self._db)

    def visible_to(self, actor: "Actor") -> OfficerQuerySet:
        return self.get_queryset().visible_to(actor)

    def to_tell(self) -> OfficerQuerySet:
        return self.get_queryset().to_tell()

    def keepers_to_tell(self) -> OfficerQuerySet:
        return self.get_queryset().keepers_to_tell()

    def get_by_natural_key(self, username: str | None) -> "Officer":
        """Return the officer of an e-mail address, whatever its letter case."""
        return self.get(email=(username or "").strip().lower())
