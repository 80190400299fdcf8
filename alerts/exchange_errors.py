# SPDX-License-Identifier: Apache-2.0
"""Errors of a call to the exchange, for officers: it gave no answer that can be used, or it refuses."""

from collections.abc import Generator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from accord.calls.errors import AnswerError, ApiKeyRefusedError, ClientError, RefusedError
from alerts.errors import ExchangeAwayError, ExchangeRefusedError
from vault.exchangekeys import note_lacking


@contextmanager
def exchange_errors(agency_id: str = "") -> Generator[None]:
    """Raise the error of `away_error_for` for anything that goes wrong with the agency's call inside the block."""
    try:
        yield
    except ClientError as trouble:
        raise away_error_for(trouble, agency_id) from trouble


def away_error_for(trouble: ClientError, agency_id: str, *, is_answered: bool = False) -> ExchangeAwayError:
    """Say whether the exchange could not be asked or has refused, and note what right the agency's API key lacks.

    An answer that is no problem of the exchange's, such as a proxy's page, is no refusal. `is_answered`: a refusal, unless it is
    about the API key, is about this one thing alone. Without an `agency_id` no agency's own key is in question.
    """
    if not isinstance(trouble, RefusedError) or not trouble.is_of_hub:
        return ExchangeAwayError(is_answered=isinstance(trouble, AnswerError))
    if agency_id and isinstance(trouble, ApiKeyRefusedError):
        text = _("It does not take this desk's key any more. An agency admin replaces it under API keys.")
        return ExchangeRefusedError(text, about_api_key=True)
    if agency_id and note_lacking(agency_id, trouble):
        text = _(
            "This desk's key at the exchange lacks the right for it. An agency admin replaces it under API keys; then do this again."
        )
        return ExchangeRefusedError(text, about_api_key=True)
    text = _("Go back and look again. If it stays, call the exchange's operator.")
    return ExchangeRefusedError(text, is_answered=is_answered)
