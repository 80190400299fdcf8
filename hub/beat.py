# SPDX-License-Identifier: Apache-2.0
"""Schedule of each half: the tasks that its beat starts, and how often. Each task may run at any time and again."""

from typing import Any

from celery.schedules import schedule

from hub.roles import EXCHANGE


def beat_schedule(half: str, *, sweep_seconds: float, follow_seconds: float) -> dict[str, dict[str, Any]]:
    """Return the whole schedule of one half, by name."""
    if half == EXCHANGE:
        return _of_the_exchange(sweep_seconds)
    return _of_the_desk(sweep_seconds, follow_seconds)


def _of_the_exchange(sweep_seconds: float) -> dict[str, dict[str, Any]]:
    return {
        "tidy-agencies": _every(3600.0, "agencies.tidy", queue="exchange", expires=600),
        "mail-contacts": _every(30.0, "sharing.mail_contacts", queue="exchange", expires=30),
        # An hour in which nothing was logged is noticed soon afterwards.
        "log-hour": _every(600.0, "sharing.log_hour", queue="exchange", expires=300),
        "sweep-deliveries": _every(sweep_seconds, "sharing.sweep", queue="exchange", expires=60),
    }


def _of_the_desk(sweep_seconds: float, follow_seconds: float) -> dict[str, dict[str, Any]]:
    return {
        "warn-of-key-endings": _every(3600.0, "notices.warn_of_endings", queue="notify", expires=600),
        "warn-keepers": _every(3600.0, "notices.warn_keepers", queue="notify", expires=600),
        "tell-of-api-keys": _every(300.0, "notices.tell_of_api_keys", queue="notify", expires=240),
        "tidy-officers": _every(3600.0, "officers.tidy", queue="desk", expires=600),
        "forget-proposals": _every(3600.0, "vault.forget_proposals", queue="desk", expires=600),
        "renew-exchange-keys": _every(3600.0, "vault.renew_exchange_keys", queue="desk", expires=600),
        # A desk that the exchange refuses announces itself each time, so that the end of the refusal is noticed soon.
        "announce-instances": _every(300.0, "vault.announce_instances", queue="desk", expires=240),
        "send-key-statements": _every(sweep_seconds, "vault.send_key_statements", queue="desk", expires=60),
        "follow-credentials": _every(3600.0, "alerts.follow_credentials", queue="desk", expires=600),
        # Mail that waited for the end of quiet hours is sent then.
        "send-what-is-due": _every(10.0, "notices.send", queue="notify", expires=10),
        "sweep-notices": _every(sweep_seconds, "notices.sweep", queue="notify", expires=60),
        "apply-power-changes": _every(60.0, "alerts.apply_power_changes", queue="desk", expires=60),
        "remind-of-answers": _every(60.0, "alerts.remind_of_answers", queue="desk", expires=60),
        "remind-of-commitments": _every(3600.0, "reciprocity.remind", queue="desk", expires=600),
        "send-waiting": _every(5.0, "alerts.send_waiting", queue="desk", expires=5),
        "give-keys-again": _every(600.0, "vault.give_again", queue="desk", expires=300),
        "offer-again": _every(600.0, "alerts.offer_again", queue="desk", expires=300),
        # Nobody calls for what comes in at the exchange; a round that waited behind another would find nothing more.
        "follow-feeds": _every(
            follow_seconds, "alerts.follow_feed", queue="desk", expires=max(2, int(follow_seconds))
        ),
    }


def _every(seconds: float, task: str, *, queue: str, expires: int) -> dict[str, Any]:
    """Schedule a task; a message that no worker takes within `expires` seconds is dropped."""
    return {
        "task": task,
        "schedule": schedule(run_every=seconds),
        "options": {"queue": queue, "expires": expires},
    }
