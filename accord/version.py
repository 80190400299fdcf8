# SPDX-License-Identifier: Apache-2.0
"""The one version: of the hub, its API description, the client and both wheels.

The format's own version is in every envelope as `v`, that of the interface in its URL (`/api/v1/`). A hub states in `GET
/caller` which versions of both it supports, from the oldest to the newest.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.2.0"
API_VERSIONS: Final = (1, 1)
"""The oldest and the newest version of the interface that this code serves and calls."""
