# SPDX-License-Identifier: Apache-2.0
"""Reference under which a reading for a case is recorded. The feature that knows cases registers once, when its app is ready."""

from collections.abc import Callable
from typing import Final

from officers.models import Officer

Reference = Callable[[Officer, str], str]
_registered: Final[list[Reference]] = []


def register_reference(reference: Reference) -> None:
    """Add the function that returns what is recorded for a typed case number; raises ValueError where there is one."""
    if _registered:
        raise ValueError("case references are registered already")
    _registered.append(reference)


def recorded(officer: Officer, reference: str) -> str:
    """Return what the audit records for this case number."""
    for reference_of in _registered:
        reference = reference_of(officer, reference)
    return reference
