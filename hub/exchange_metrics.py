# SPDX-License-Identifier: Apache-2.0
"""Metrics of the exchange for Prometheus: its sequencer, its feeds and its mails to contact points."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min
from prometheus_client.core import GaugeMetricFamily

from hub.gauges import age, gauge
from sharing.backpressure import sequencer_silence
from sharing.models import FeedPending
from sharing.waiting import late_since


def exchange_facts(now: datetime) -> Iterator[GaugeMetricFamily]:
    """Yield ages; none for a sequencer that was never heard."""
    silence = sequencer_silence(now)
    if silence is not None:
        yield gauge(
            "sequencer_beat_age_seconds", "Since the sequencer was last alive.", silence.total_seconds()
        )
    queued = FeedPending.objects.aggregate(oldest=Min("queued_at"))["oldest"]
    yield gauge("feed_oldest_seconds", "Oldest envelope or statement without feed numbers.", age(queued, now))
    late = late_since(now=now)
    yield gauge("contact_mail_late_seconds", "Oldest mail to a contact point that is late.", age(late, now))
