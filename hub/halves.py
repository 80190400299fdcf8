# SPDX-License-Identifier: Apache-2.0
"""Half of this process: modules of the exchange are imported only where its apps are installed."""

from django.apps import apps
from django.conf import settings

from hub.roles import DESK, EXCHANGE, LOGINS, ROLES


def is_of_the_exchange() -> bool:
    """Tell whether this process works on the exchange's rows, rather than on a desk's."""
    return ROLES[settings.HUB_ROLE].half == EXCHANGE


def logins_here() -> dict[str, str]:
    """Return the database logins of the halves whose apps this process installs, by role."""
    halves = {half for half, app in ((DESK, "officers"), (EXCHANGE, "agencies")) if apps.is_installed(app)}
    return {role: login for role, login in LOGINS.items() if ROLES[role].half in halves}
