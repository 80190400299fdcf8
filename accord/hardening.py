# SPDX-License-Identifier: Apache-2.0
"""What a process that holds keys asks of the operating system.

Leaves out what belongs to the machine: swap, hibernation, debuggers of the same user, and collectors to which a
system pipes its core dumps without asking for the limit (`core_pattern`).
"""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import resource


def forbid_core_dumps() -> None:
    """No core file of this process or of any it starts from now on; it would hold keys, passphrases and content.

    Cannot be taken back: the hard limit goes too. Does nothing where the platform has no such limit.
    """
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
