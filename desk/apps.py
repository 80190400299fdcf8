# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class DeskConfig(AppConfig):
    """App of the desk's pages and JSON; no models."""

    name = "desk"
