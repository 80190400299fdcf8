#!/usr/bin/env python
# SPDX-License-Identifier: Apache-2.0
"""Django's command line for one role of the hub (`HUB_ROLE`)."""

import os
import sys

from accord.hardening import forbid_core_dumps


def main() -> None:
    forbid_core_dumps()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    if sys.argv[1:2] != ["run_sequencer"]:
        # A person waits for it, and may stop it (`hub.database_timeouts`).
        os.environ.setdefault("DATABASE_TIMEOUTS", "no")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
