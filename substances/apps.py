# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class SubstancesConfig(AppConfig):
    name = "substances"
    default_auto_field = "django.db.models.BigAutoField"
