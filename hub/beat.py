# SPDX-License-Identifier: Apache-2.0
"""What beat asks of the workers, and how often. Each task may run at any time and twice."""

from typing import Any

from celery.schedules import schedule


def beat_schedule(env: Any) -> dict[str, dict[str, Any]]:
    """Return the whole schedule, by name."""
    sweep_seconds, follow_seconds = (
        env.float("SWEEP_SECONDS", default=30.0),
        env.float("FOLLOW_SECONDS", default=30.0),
    )
    return {
        "tidy-agencies": {
            "task": "agencies.tidy",
            "schedule": schedule(run_every=3600.0),
            "options": {"queue": "notify", "expires": 600},
        },
        "warn-of-key-endings": {
            "task": "notices.warn_of_endings",
            "schedule": schedule(run_every=3600.0),
            "options": {"queue": "notify", "expires": 600},
        },
        "tell-of-api-keys": {
            "task": "notices.tell_of_api_keys",
            "schedule": schedule(run_every=300.0),
            "options": {"queue": "notify", "expires": 240},
        },
        "tidy-officers": {
            "task": "officers.tidy",
            "schedule": schedule(run_every=3600.0),
            "options": {"queue": "desk", "expires": 600},
        },
        "forget-proposals": {
            "task": "vault.forget_proposals",
            "schedule": schedule(run_every=3600.0),
            "options": {"queue": "desk", "expires": 600},
        },
        "renew-exchange-keys": {
            "task": "vault.renew_exchange_keys",
            "schedule": schedule(run_every=3600.0),
            "options": {"queue": "desk", "expires": 600},
        },
        # Mail that waited for the desk goes out when its time is over.
        "send-what-is-due": {
            "task": "notices.send",
            "schedule": schedule(run_every=10.0),
            "options": {"queue": "notify", "expires": 10},
        },
        "sweep-notices": {
            "task": "notices.sweep",
            "schedule": schedule(run_every=sweep_seconds),
            "options": {"queue": "notify", "expires": 60},
        },
        "apply-power-changes": {
            "task": "alerts.apply_power_changes",
            "schedule": schedule(run_every=60.0),
            "options": {"queue": "desk", "expires": 60},
        },
        "follow-feeds": {
            "task": "alerts.follow_feed",
            "schedule": schedule(run_every=follow_seconds),
            "options": {"queue": "desk", "expires": 60},
        },
    }
