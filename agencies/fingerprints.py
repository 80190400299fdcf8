# SPDX-License-Identifier: Apache-2.0
"""The fingerprint of a root, as people type it from paper."""

import re

from django.utils.translation import gettext as _

from callers.directory import Custody
from callers.errors import InputError

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def checked_fingerprint(text: str, custody: str) -> str:
    """Return 64 hex digits, without spaces and in lower case; empty only where the hub makes the root. Raises InputError."""
    fingerprint = "".join(text.split()).lower()
    if not fingerprint and custody == Custody.HUB:
        return ""
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise InputError(
            "root_fingerprint", _("Fingerprint: enter the 64 digits and letters a to f from the paper.")
        )
    return fingerprint
