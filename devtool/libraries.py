# SPDX-License-Identifier: Apache-2.0
"""Libraries of the system by way of which the science toolkit draws; its wheel does not bring them."""

import ctypes
from collections.abc import Mapping
from typing import Final

from devtool.errors import DevtoolError

OF_DEBIAN: Final[Mapping[str, str]] = {
    "libexpat.so.1": "libexpat1",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
}
"""Debian's package of each."""


def require_libraries(needed: Mapping[str, str] = OF_DEBIAN) -> None:
    """Raise `DevtoolError` where one is missing: structures would be neither read nor drawn."""
    missing = [name for name in needed if not _loads(name)]
    if missing:
        packages = " ".join(needed[name] for name in missing)
        raise DevtoolError(
            f"The science toolkit does not load here: {', '.join(missing)} missing.",
            f"Debian, Ubuntu: apt-get install --no-install-recommends {packages}",
        )


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
