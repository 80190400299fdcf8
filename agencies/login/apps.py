# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class LoginConfig(AppConfig):
    """Installed where people sign in (the desk) and where its rows are tidied and made; blind roles go without."""

    name = "agencies.login"
    label = "login"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Where second factors are known at all, their rows are among those that carry a code."""
        from django.apps import apps

        if apps.is_installed("allauth.mfa"):
            from agencies import binding
            from agencies.login.factorrows import FACTOR_TABLE

            binding.add_table(FACTOR_TABLE)
