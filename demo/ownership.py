# SPDX-License-Identifier: Apache-2.0
"""The apps of both halves and the owner's login for a process that plays every role at once; no process of a hub does."""

from typing import Final

import django
import environ
from django.conf import settings
from django.db import connections

OF_THE_EXCHANGE: Final = ("agencies", "sharing", "operators")


def have_every_app() -> None:
    """Install the exchange's apps beside the desk's; before Django is set up."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, *OF_THE_EXCHANGE]


def set_up_every_app() -> None:
    """Set Django up with the apps of both halves."""
    have_every_app()
    django.setup()


def take_owners_login(url: str) -> None:
    """Have this process work under the owner's login from now on, whatever its role's settings named."""
    connections.settings["default"].update(environ.Env.db_url_config(url))
