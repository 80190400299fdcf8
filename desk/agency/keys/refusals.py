# SPDX-License-Identifier: Apache-2.0
"""Reasons why a change of keys is refused, in words that name the field and what to do."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.errors import EnvelopeError, Failure, TooLargeError, VerificationError
from alerts.problems import words_for
from vault.errors import ChangeRefusedError, ChangeWaitsError, KeyTakenError

_OTHER_ROOT: Final = gettext_lazy(
    "File: it is not signed by your agency's root. Sign the proposal once more, with the root named in step 2."
)
_CHANGED: Final = gettext_lazy(
    "File: your agency's keys have changed since this was proposed. Discard it and make a new proposal."
)
_TOO_OLD: Final = gettext_lazy(
    "File: the proposal is older than 24 hours. Discard it and make a new proposal, to be signed within a day."
)
_AHEAD: Final = gettext_lazy("File: its time lies ahead of this desk's clock. Make a new proposal.")
_NO_STATEMENT: Final = gettext_lazy(
    "File: this is no signed proposal. Choose the file that `accord sign` wrote (the name after --out)."
)
_TOO_LARGE: Final = gettext_lazy(
    "File: it is too large to be a signed proposal. Choose the one that was signed."
)

_SIGNED: Final[Mapping[Failure, Promise]] = {
    Failure.ALG: _OTHER_ROOT,
    Failure.KEYSET_ROOT: _OTHER_ROOT,
    Failure.KEY_UNKNOWN: _OTHER_ROOT,
    Failure.SIGNATURE: _OTHER_ROOT,
    Failure.SIGNERS: _OTHER_ROOT,
    Failure.KEYSET_CHAIN: _CHANGED,
    Failure.KEYSET_STALE: _CHANGED,
    Failure.REPLAY: _CHANGED,
    Failure.EXPIRED: _TOO_OLD,
    Failure.STALE: _TOO_OLD,
    Failure.FUTURE: _AHEAD,
}


def signed_file_text(refused: EnvelopeError) -> str:
    """Return why a signed proposal does not count."""
    if isinstance(refused, TooLargeError):
        return str(_TOO_LARGE)
    if not isinstance(refused, VerificationError):
        return str(_NO_STATEMENT)
    unknown = _("File: a check of it failed (%(code)s). Make a new proposal and sign that.")
    return str(_SIGNED.get(refused.failure, unknown % {"code": refused.code}))


def not_signed_text() -> str:
    """Return the text for a proposal that was handed in unsigned."""
    return _(
        "File: this is the proposal, not yet signed. Choose the file that `accord sign` wrote (after --out)."
    )


def too_large_text() -> str:
    return str(_TOO_LARGE)


def refusal_text(refused: ChangeWaitsError | ChangeRefusedError | KeyTakenError) -> str:
    """Return why a change that the root has signed is not sent, and what to do."""
    if isinstance(refused, ChangeRefusedError):
        return exchange_refused_text(refused.code)
    return words_for(refused)


def exchange_refused_text(code: str) -> str:
    """Return the text about a refusal by the exchange, with what to do."""
    return _(
        "The exchange refused it (%(code)s); nothing has changed. Look at the keys again, then make it anew."
    ) % {"code": code}
