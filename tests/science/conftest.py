# SPDX-License-Identifier: Apache-2.0
"""The science pages stand on the desk that the other pages' tests use."""

from tests.pages.conftest import as_officer, desk

__all__ = ["as_officer", "desk"]
