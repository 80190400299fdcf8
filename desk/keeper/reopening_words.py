# SPDX-License-Identifier: Apache-2.0
"""Reasons why a file that should let somebody in by the root does not, with the remedy: for page and console."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from callers.errors import InputError

_OTHER_ROOT: Final = gettext_lazy(
    "File: it is not signed by the root that the agency has now. Sign the request once more, with that root."
)
_WORDS: Final[Mapping[Failure, Promise]] = {
    Failure.ISSUER: gettext_lazy("File: it lets somebody in for another agency."),
    Failure.SUBJECT: gettext_lazy(
        "File: it is for another desk, or for this one before it was restored. Make a new request."
    ),
    Failure.ALG: _OTHER_ROOT,
    Failure.SIGNATURE: _OTHER_ROOT,
    Failure.SIGNERS: _OTHER_ROOT,
    Failure.TYP: gettext_lazy("File: the root has signed something else. Choose the file of this request."),
    Failure.STALE: gettext_lazy(
        "File: the request is older than 24 hours. Make a new one, to be signed within a day."
    ),
    Failure.FUTURE: gettext_lazy("File: its time lies ahead of this desk's clock. Make a new request."),
}


def refused_text(refused: EnvelopeError | InputError) -> str:
    """Return why the file that was handed in lets nobody in."""
    if isinstance(refused, InputError):
        return refused.problem
    if isinstance(refused, VerificationError):
        unknown = _("File: a check of it failed (%(code)s). Make a new request and sign that.")
        return str(_WORDS.get(refused.failure, unknown % {"code": refused.code}))
    return _(
        "File: this is no signed request. Choose the file that `accord sign` wrote (the name after --out)."
    )
