# SPDX-License-Identifier: Apache-2.0
import os

from django.core.wsgi import get_wsgi_application

from accord.hardening import forbid_core_dumps

forbid_core_dumps()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

django_application = get_wsgi_application()

# The settings must be loaded before any module of the hub is imported.
from django.conf import settings  # noqa: E402

from hub.bulkhead import Bulkhead  # noqa: E402
from hub.metrics import count_answers, listen_for_prometheus  # noqa: E402
from hub.ring import refuse_wrong_ring  # noqa: E402

application = count_answers(Bulkhead(django_application))
refuse_wrong_ring()
listen_for_prometheus(settings.METRICS_LISTEN)
