# SPDX-License-Identifier: Apache-2.0
"""Errors that stand between an officer in session and an act."""

from datetime import timedelta

from callers.errors import CallerError
from officers.restores import ClosedSignIn


class LoginError(CallerError):
    """Base of the errors of signing in."""


class StepUpNeededError(LoginError):
    """The act needs a proof that is newer than this session's last one."""

    def __init__(self, minutes: int) -> None:
        super().__init__("fresh proof needed")
        self.minutes = minutes
        self.confirm = "/confirm/"


class FactorNeededError(LoginError):
    """Policy demands a second factor of this officer, who has none yet: nothing else is open."""

    def __init__(self) -> None:
        super().__init__("second factor needed")
        self.set_up = "/security/"


class SignInClosedError(LoginError):
    """The proof was right; sign-in is closed since a restore."""

    def __init__(self, closed: ClosedSignIn) -> None:
        super().__init__("sign-in closed")
        self.closed = closed


class ProofRefusedError(LoginError):
    """The code, passkey or password was not right, or too many were tried."""

    def __init__(self, *, closed_for: timedelta | None = None) -> None:
        super().__init__("proof refused")
        self.closed_for = closed_for
        """How long no guess is looked at; None where this one was."""
