# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class CallersConfig(AppConfig):
    name = "callers"
    default_auto_field = "django.db.models.BigAutoField"
