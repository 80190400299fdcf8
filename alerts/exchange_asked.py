# SPDX-License-Identifier: Apache-2.0
"""One error for every failure to ask the exchange."""

from collections.abc import Generator
from contextlib import contextmanager

from accord.calls.errors import AnswerError, ClientError
from alerts.errors import ExchangeAwayError


@contextmanager
def exchange_asked() -> Generator[None]:
    """Raise ExchangeAwayError for any client error inside the block."""
    try:
        yield
    except ClientError as trouble:
        raise ExchangeAwayError(is_answered=isinstance(trouble, AnswerError)) from trouble
