# SPDX-License-Identifier: Apache-2.0
"""Database connection of an answer that is streamed in parts."""

from django.db import connection


def let_go_of_connection() -> None:
    """Close the connection between two parts, outside a transaction, since the reader may take long to ask for more.

    The next query opens one again.
    """
    if not connection.in_atomic_block:
        connection.close()
