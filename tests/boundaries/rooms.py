# SPDX-License-Identifier: Apache-2.0
"""Rooms of the code, read from the import contracts, so that every rule covers a room that is added."""

import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SETTINGS: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
ROOMS: Final[tuple[str, ...]] = tuple(SETTINGS["root_packages"])
APPS: Final = tuple(room for room in ROOMS if room not in {"accord", "demo", "substances"})
"""Rooms of which the hub's processes consist."""
