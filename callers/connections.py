# SPDX-License-Identifier: Apache-2.0
"""The database connection of an answer that goes out in parts."""

from django.db import connection


def let_go_of_connection() -> None:
    """Give it back between two parts, outside of a transaction: the reader may take long until it asks for more.

    The next statement takes one again.
    """
    if not connection.in_atomic_block:
        connection.close()
