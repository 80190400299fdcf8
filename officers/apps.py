# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class OfficersConfig(AppConfig):
    """App of the processes where people sign in, where its rows are tidied, and where people are told; not of the exchange."""

    name = "officers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Record each session; where second factors are installed, add their table to those with codes."""
        from django.apps import apps
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from officers.login.sessions import note_sign_in, note_sign_out

        if apps.is_installed("allauth.mfa"):
            from callers import binding
            from officers.login.factorrows import FACTOR_TABLE

            binding.add_table(FACTOR_TABLE)

        user_logged_in.connect(note_sign_in, dispatch_uid="officers.opened")
        user_logged_out.connect(note_sign_out, dispatch_uid="officers.ended")
