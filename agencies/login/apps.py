# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class LoginConfig(AppConfig):
    """Installed where people sign in (the desk) and where its rows are tidied and made; blind roles go without."""

    name = "agencies.login"
    label = "login"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep a record of each session; where second factors are known, their rows are among those that carry a code."""
        from django.apps import apps
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from agencies.login.sessions import note_sign_in, note_sign_out

        if apps.is_installed("allauth.mfa"):
            from agencies import binding
            from agencies.login.factorrows import FACTOR_TABLE

            binding.add_table(FACTOR_TABLE)

        user_logged_in.connect(note_sign_in, dispatch_uid="login.opened")
        user_logged_out.connect(note_sign_out, dispatch_uid="login.ended")
