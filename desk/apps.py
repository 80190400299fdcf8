# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The surface of the desk: pages and JSON, no models."""

    name = "desk"
