# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class ReciprocityConfig(AppConfig):
    name = "reciprocity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from reciprocity.registering import register_features

        register_features()
