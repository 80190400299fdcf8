# SPDX-License-Identifier: Apache-2.0
"""The desk of the pages' tests: the laboratory and the health authority, whose records of each other are compared."""

from tests.pages.conftest import as_officer, desk, sent, stage

__all__ = ["as_officer", "desk", "sent", "stage"]
