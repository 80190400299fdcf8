# SPDX-License-Identifier: Apache-2.0
"""Telephone calls about an alert, noted in the home: no acknowledgement, no answer, and nobody else learns of them."""

from __future__ import annotations

from typing import Final

from accord.client.errors import RequestError
from accord.client.session import Act
from accord.client.state_changes import add_call
from accord.state import CallRecord

TEXT_CHARS: Final = 1_000


def note_call(
    act: Act, md: str, *, text: str, agency: str | None = None, at: int | None = None
) -> CallRecord:
    """Note a call to the sender of a received alert, or to `agency`, a recipient of an own one; `at` in seconds, else now.

    Raises RequestError.
    """
    said, called_at = text.strip(), act.now if at is None else at
    if not said or len(said) > TEXT_CHARS:
        raise RequestError("--text: say in up to 1,000 characters whom you spoke to and what they said.")
    if called_at > act.now:
        raise RequestError("--at: enter a time up to now.")
    record = CallRecord(md, _whom(act, md, agency), called_at, act.now, said)
    act.changes.record(add_call(record))
    act.changes.write()
    return record


def _whom(act: Act, md: str, agency: str | None) -> str:
    own = act.state.submissions.get(md)
    if own is not None:
        if agency not in own.to:
            raise RequestError(f"--agency: name one that it was sent to: {', '.join(own.to)}.")
        return agency
    known = act.state.manifests.get(md)
    if known is None:
        raise RequestError("No alert with this reference or md is known here. See: accord inbox")
    if agency not in (None, known.iss):
        raise RequestError(f"--agency: it came from {known.iss}; leave the option out.")
    return known.iss
