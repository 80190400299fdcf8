# SPDX-License-Identifier: Apache-2.0
"""Errors of signing in and of proving an identity again."""

from datetime import timedelta

from callers.errors import CallerError
from officers.restores import ClosedSignIn


class LoginError(CallerError):
    """Base of the errors of signing in."""


class StepUpNeededError(LoginError):
    """The act needs a newer proof than this session's last one."""

    def __init__(self, minutes: int) -> None:
        super().__init__("fresh proof needed")
        self.minutes = minutes
        self.confirm = "/confirm/"


class FactorNeededError(LoginError):
    """Policy requires a second factor of this officer, who has none yet: nothing else is allowed."""

    def __init__(self) -> None:
        super().__init__("second factor needed")
        self.set_up = "/security/"


class SignInClosedError(LoginError):
    """The proof was right, but sign-in is closed after a restore."""

    def __init__(self, closed: ClosedSignIn) -> None:
        super().__init__("sign-in closed")
        self.closed = closed


class ProofRefusedError(LoginError):
    """The code, passkey or password was wrong, or there were too many attempts."""

    def __init__(self, *, closed_for: timedelta | None = None) -> None:
        super().__init__("proof refused")
        self.closed_for = closed_for
        """Time in which no guess is checked; None where this one was."""
