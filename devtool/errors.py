# SPDX-License-Identifier: Apache-2.0
"""Errors on somebody's machine, each as one clear sentence."""

import errno


class DevtoolError(Exception):
    """A sentence for the person at the terminal, and the remedy."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class PortBusyError(DevtoolError):
    """Another program listens on a port that we need."""

    def __init__(self, port: int, command: str) -> None:
        super().__init__(
            f"Port {port} is in use by another program.",
            f"Stop that program or choose another port: {command}",
        )
        self.port = port


class ServiceError(DevtoolError):
    """A service did not start or did not answer."""


def explain_os_error(exc: OSError) -> DevtoolError:
    """Return the sentence for a failing file operation; a full disk and foreign folders are the usual ones."""
    place = exc.filename or "a file"
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return DevtoolError(
            f"The disk is full: {place} could not be written.", "Free some space and try again."
        )
    if exc.errno in (errno.EACCES, errno.EPERM):
        return DevtoolError(
            f"{place} may not be written or read by this user.",
            "Run as the user who owns this folder, or remove .dev and .venv and try again.",
        )
    return DevtoolError(f"{place}: {exc.strerror or exc}.")
