# SPDX-License-Identifier: Apache-2.0
"""The half of this process: the exchange's modules are read where its apps are installed, and nowhere else."""

from django.conf import settings

from hub.roles import EXCHANGE, ROLES


def is_of_the_exchange() -> bool:
    """Tell whether this process works on the exchange's rows, rather than on a desk's."""
    return ROLES[settings.HUB_ROLE].half == EXCHANGE
