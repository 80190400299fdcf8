# SPDX-License-Identifier: Apache-2.0
"""What the wiring itself refuses."""


class HubError(Exception):
    """Base of the errors of the wiring."""


class CompressedOnlyError(HubError):
    """The caller takes no gzip, and the answer is too large to be sent without."""
