# SPDX-License-Identifier: Apache-2.0
"""What is refused to operators beyond what both halves know."""

from callers.errors import CallerError


class LastOperatorError(CallerError):
    """Nobody would be left who could work here; a shell on the exchange could still invite."""
