# SPDX-License-Identifier: Apache-2.0
"""The desk's web application, in a process that can be killed at any of its writes."""

import devtool.drills.first_start.killing  # noqa: F401 - it takes hold before the application stands
from hub.wsgi import application as application  # noqa: PLC0414
