# SPDX-License-Identifier: Apache-2.0
"""Values for Prometheus, in the form that every collector uses."""

from datetime import datetime

from prometheus_client.core import GaugeMetricFamily


def age(since: datetime | None, now: datetime) -> float:
    """Return an age in seconds; 0 where nothing waits."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"accord_{name}", text, value=value)
