# SPDX-License-Identifier: Apache-2.0
"""Make the bare service's tables and one caller; print the caller's token."""

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    from django.contrib.auth.models import User
    from django.db import connection
    from rest_framework.authtoken.models import Token

    # Migrate the callers' tables first; the service's own have no migrations and refer to them.
    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE octets (id bigserial PRIMARY KEY, content bytea NOT NULL)")
    print(Token.objects.create(user=User.objects.create(username="sender")).key)


if __name__ == "__main__":
    main()
