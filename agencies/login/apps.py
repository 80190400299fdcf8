# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class LoginConfig(AppConfig):
    """Installed where people sign in (the desk) and where its rows are tidied and made; blind roles go without."""

    name = "agencies.login"
    label = "login"
    default_auto_field = "django.db.models.BigAutoField"
