# SPDX-License-Identifier: Apache-2.0
"""Celery is the doorbell only: rows in PostgreSQL are the work, a lost message costs a sweep's delay."""

import os

from celery import Celery

from hub.liveness import show_heartbeats

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

app = Celery("hub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
show_heartbeats()
