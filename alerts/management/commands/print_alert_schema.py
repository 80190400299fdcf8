# SPDX-License-Identifier: Apache-2.0
"""JSON Schema of the alert document on standard output, for partners who write alerts with their own systems."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from alerts.document.schema import json_schema


class Command(BaseCommand):
    help = "Print the JSON Schema of the alert document."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False))
