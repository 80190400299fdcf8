# SPDX-License-Identifier: Apache-2.0
"""Requests to the operating system by a process that holds keys.

Left to the machine: swap, hibernation, debuggers of the same user, and collectors to which a system pipes its core dumps
regardless of the limit (`core_pattern`).
"""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import resource


def forbid_core_dumps() -> None:
    """Forbid core files of this process and of any it starts from now on; they would hold keys, passphrases and content.

    It cannot be undone: the hard limit is lowered too. Does nothing where the platform has no such limit.
    """
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
