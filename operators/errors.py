# SPDX-License-Identifier: Apache-2.0
"""Refusals to operators beyond those that both halves share."""

from callers.errors import CallerError


class LastOperatorError(CallerError):
    """No operator would be left; somebody with a shell on the exchange could still invite one."""
