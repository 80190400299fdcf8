# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class ScienceConfig(AppConfig):
    name = "science"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from science.registering import register_features

        register_features()
