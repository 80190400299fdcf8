# SPDX-License-Identifier: Apache-2.0
"""Pictures of pages for people to look at: `./dev test tests/browser --pictures`.

No test reads them, and drawing and packing a whole page takes longer than loading it.
"""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

SCREENSHOTS: Final = Path(__file__).parents[2] / ".dev" / "screenshots"
asked_for: list[bool] = []
"""Not empty if this run keeps pictures."""


def keep_picture(page: Page, name: str, *, full_page: bool = True) -> None:
    if asked_for:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full_page)
