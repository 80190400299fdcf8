# SPDX-License-Identifier: Apache-2.0
"""Tones of a sign of health; the word always stands beside it."""

from typing import Final

OK: Final = "ok"
WARN: Final = "warn"
DANGER: Final = "danger"
