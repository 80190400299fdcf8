# SPDX-License-Identifier: Apache-2.0
"""One word for all that goes wrong when the exchange is asked."""

from collections.abc import Generator
from contextlib import contextmanager

from accord.calls.errors import AnswerError, ClientError
from alerts.errors import ExchangeAwayError


@contextmanager
def exchange_asked() -> Generator[None]:
    """Raises ExchangeAwayError where the exchange gave no answer that can be used."""
    try:
        yield
    except ClientError as trouble:
        raise ExchangeAwayError(is_answered=isinstance(trouble, AnswerError)) from trouble
