# SPDX-License-Identifier: Apache-2.0
"""Pictures of pages for people to look at: `./dev test tests/browser --pictures`.

No test reads them, and drawing and packing a whole page takes longer than loading it.
"""

from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Page

SCREENSHOTS: Final = Path(__file__).parents[2] / ".dev" / "screenshots"
asked_for: list[bool] = []
"""Not empty if this run keeps pictures."""


def keep_picture(page: Page, name: str, *, full_page: bool = True) -> None:
    if asked_for:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full_page)


def keep_pictures(page: Page, name: str) -> None:
    """Keep a picture of each look; afterwards the page has the look that it had."""
    if not asked_for:
        return
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    looks: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for look in looks:
        page.emulate_media(color_scheme=look)
        keep_picture(page, f"{name}-{look}")
    page.emulate_media(color_scheme="dark" if is_dark else "light")
