# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    name = "casework"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from casework.registering import register_features

        register_features()
