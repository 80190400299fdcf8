# SPDX-License-Identifier: Apache-2.0
"""Sealing of django-allauth's secrets of second factors on this hub, and the names in a passkey."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.base_user import AbstractBaseUser

from callers import clock
from officers.login.factorrows import place_of_secret
from vault import services


class SealedFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Adapter of django-allauth; loaded only on the desk, since it opens what the vault sealed."""

    def encrypt(self, text: str) -> str:
        """Seal under the hub's own secret of the vault, for the officer whose factor is written."""
        return services.seal_for_login(text, place_of_secret(), now=clock.now())

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret; raises the vault's errors."""
        return services.open_for_login(encrypted_text, place_of_secret())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return this hub, by the host name that its officers use."""
        return {"id": context.request.get_host().partition(":")[0], "name": "Accord"}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        """Return the officer, as the browser names the passkey's owner."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return entity | {"display_name": str(user), "name": user.get_username()}
