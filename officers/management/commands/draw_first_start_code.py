# SPDX-License-Identifier: Apache-2.0
"""Command that draws the code of an own desk's first start, for whoever has a shell on its machine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.views.decorators.debug import sensitive_variables

from callers.errors import AbsentError
from officers.first_start import draw_code


class Command(BaseCommand):
    help = "Draw the code of the first start and show it, once; one drawn before counts no more. Of it only a digest is kept."

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = draw_code()
        except AbsentError:
            raise CommandError(
                "No code is drawn: this desk's first start is over, or it is no desk of an agency's own (OWN_DESK,"
                " FIRST_START_FILE)."
            ) from None
        self.stdout.write(f"Code of the first start: {code}")
