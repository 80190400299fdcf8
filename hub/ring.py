# SPDX-License-Identifier: Apache-2.0
"""Check of the key ring before a process takes work: one that cannot open the vault does not start.

A ring that is missing or malformed is refused as soon as the settings are read. One of another hub, or without a key
that is still in use, is noticed only with the database. While that does not answer the process starts, and each opening
is refused by itself. A ring that is locked at rest is checked when somebody opens it (`vault.unlocking`).
"""

import logging

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

log = logging.getLogger(__name__)


def refuse_wrong_ring() -> None:
    """Raise ImproperlyConfigured, with the id of the key that is missing or wrong; roles without the vault pass."""
    if not apps.is_installed("vault"):
        return
    from vault.errors import DeskLockedError, KekUnknownError, KekWrongError
    from vault.kekrotation import check_ring

    try:
        check_ring()
    except DeskLockedError:
        log.info("the desk is locked; whoever opens it has the ring compared with the vault")
    except KekUnknownError as missing:
        raise ImproperlyConfigured(
            f"ACCORD_KEK: secrets stand under the key {missing.kek}, which is not in the ring."
        ) from None
    except KekWrongError as wrong:
        raise ImproperlyConfigured(f"ACCORD_KEK: the ring holds another key as {wrong.kek}.") from None
    except DatabaseError:
        log.warning("the key ring was not compared with the vault: the database does not answer")
    finally:
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
