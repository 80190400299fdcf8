# SPDX-License-Identifier: Apache-2.0
"""Rooms of the code, as the import contracts name them: a room that is added is under every rule."""

import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SETTINGS: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
ROOMS: Final[tuple[str, ...]] = tuple(SETTINGS["root_packages"])
APPS: Final = tuple(room for room in ROOMS if room not in {"accord", "demo", "substances"})
"""Rooms that the hub's processes are made of."""
