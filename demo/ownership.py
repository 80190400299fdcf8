# SPDX-License-Identifier: Apache-2.0
"""The owner's login for a process that plays several roles at once; no process of a hub does."""

import environ
from django.db import connections


def take_owners_login(url: str) -> None:
    """Have this process work under the owner's login from now on, whatever its role's settings named."""
    connections.settings["default"].update(environ.Env.db_url_config(url))
