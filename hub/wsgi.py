# SPDX-License-Identifier: Apache-2.0
import os

from django.core.wsgi import get_wsgi_application

from accord.hardening import forbid_core_dumps
from hub.bulkhead import Bulkhead

forbid_core_dumps()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

application = Bulkhead(get_wsgi_application())

# The settings must stand before anything of the hub is read.
from hub.ring import refuse_wrong_ring  # noqa: E402

refuse_wrong_ring()
