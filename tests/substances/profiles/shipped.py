# SPDX-License-Identifier: Apache-2.0
"""Paths of the shipped calibration set and of its result."""

from pathlib import Path

DATA = Path(__file__).parents[3] / "substances" / "data"
CALIBRATION_SET = DATA / "profiles-dev.csv"
METHODS_FILE = DATA / "profile-methods.json"
