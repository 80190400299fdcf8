# SPDX-License-Identifier: Apache-2.0
"""Telephone numbers as people write them, made ready to dial (RFC 3966)."""

import re
from typing import Final

_TRUNK_ZERO: Final = re.compile(r"\(0\)")
_EXTENSION: Final = re.compile(r"(?:;?\s*ext(?:ension)?\b\.?|\bx)\s*[=:]?\s*(?=[0-9]+\s*\Z)", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[\W_]")
"""What people write between digits: spaces, brackets, dots, dashes, slashes, marks of direction."""


def number_to_dial(written: str) -> str:
    """Return what a `tel:` link dials; empty where words stand in the number, or fewer than two digits.

    The zero in brackets of "+44 (0)20" is not dialled after a country code.
    """
    main, *extension = _EXTENSION.split(written.strip(), maxsplit=1)
    is_international = _BETWEEN.sub("", main.partition("+")[0]) == "" and "+" in main
    if is_international:
        main = _TRUNK_ZERO.sub("", main)
    digits = _digits(main)
    if digits is None or len(digits) < 2:
        return ""
    behind = f";ext={_digits(extension[0])}" if extension else ""
    return f"{'+' if is_international else ''}{digits}{behind}"


def _digits(text: str) -> str | None:
    """Return the digits of any script as ASCII digits; None where a letter is among them."""
    kept = _BETWEEN.sub("", text)
    return "".join(str(int(one)) for one in kept) if kept.isdecimal() else None
