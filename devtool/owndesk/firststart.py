# SPDX-License-Identifier: Apache-2.0
"""The console's code of the first start: it proves that the page's user also sees this machine's console.

The folder holds only the SHA-256 of the code, in hex. The desk compares (`officers.first_start`), and makes the file
`first-start-closed` once its first keeper exists; after that there is never a code again.
"""

from ipaddress import ip_address
from pathlib import Path

from callers.start_code import draw_start_code, start_code_digest
from devtool.closedfiles import write_closed
from devtool.errors import DevtoolError
from devtool.ports import LOOPBACK


class FirstStart:
    """The first start of one desk, for the program that starts it."""

    def __init__(self, folder: Path) -> None:
        self.digest_file = folder / "first-start"
        self._closed_file = folder / "first-start-closed"

    @property
    def is_open(self) -> bool:
        return not self._closed_file.exists()

    def draw_code(self) -> str | None:
        """Draw another code at each start; none, and no file, once the first start is over."""
        if not self.is_open:
            self.digest_file.unlink(missing_ok=True)
            return None
        code = draw_start_code()
        write_closed(self.digest_file, f"{start_code_digest(code)}\n")
        return code

    def require_listening(self, address: str) -> None:
        """Raise DevtoolError for an address that a network can reach while the first start is open."""
        if self.is_open and address != LOOPBACK:
            raise DevtoolError(
                f"The first start is not over: until then this desk listens on {LOOPBACK} alone, not on {address}.",
                "Start it without --listen, make the first keeper on this machine, then start it again with it.",
            )


def require_address(text: str) -> str:
    """Return an address of this machine by number; raise DevtoolError."""
    try:
        return str(ip_address(text))
    except ValueError:
        raise DevtoolError(
            f"--listen {text} is no address by number.", "Use 0.0.0.0, or one of this machine's."
        ) from None
