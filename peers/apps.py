# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class PeersConfig(AppConfig):
    name = "peers"
    default_auto_field = "django.db.models.BigAutoField"
