# SPDX-License-Identifier: Apache-2.0
"""The desk of the other pages' tests, for the science pages."""

from tests.pages.conftest import as_officer, desk, stage

__all__ = ["as_officer", "desk", "stage"]
