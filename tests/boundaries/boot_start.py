# SPDX-License-Identifier: Apache-2.0
"""Program of a starting process of one role: load what it loads before its first request or task, print the modules.

Called as `python -X importtime tests/boundaries/boot_start.py` with the role's own environment.
"""

import json
import sys

import django


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.urls import get_resolver

    from hub.roles import ROLES

    if ROLES[settings.HUB_ROLE].queue:
        from hub.celery import app

        app.loader.import_default_modules()
    else:
        get_wsgi_application()
        _ = get_resolver().url_patterns
    sys.stdout.write(json.dumps(sorted(sys.modules)))


if __name__ == "__main__":
    main()
