# SPDX-License-Identifier: Apache-2.0
"""A queue worker shows that it lives by the age of a file it touches at each heartbeat (`HEARTBEAT_FILE`)."""

import os
from pathlib import Path
from typing import Any

from celery.signals import heartbeat_sent


def show_heartbeats() -> None:
    """Touch the file from now on, where one is named."""
    if "HEARTBEAT_FILE" in os.environ:
        heartbeat_sent.connect(_touch, weak=False)


def _touch(**_: Any) -> None:
    Path(os.environ["HEARTBEAT_FILE"]).touch()
