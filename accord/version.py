# SPDX-License-Identifier: Apache-2.0
"""The version of the client and its library; the format's own version is in every envelope as `v`."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.2.0"
