# SPDX-License-Identifier: Apache-2.0
"""Renews the keysets of agencies whose root the hub holds, before they end."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from agencies.models import Agency, Custody
from agencies.operating import acting_officer, add_acting_officer, refusals_in_words
from agencies.registry import standing_keyset
from agencies.vault.doors import renew_agency_keys


class Command(BaseCommand):
    help = "Sign the next version of each keyset that the hub holds the root of and that ends soon."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--within-days", type=int, default=30, help="renew what ends within so many days")
        add_acting_officer(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now, operator = timezone.now(), acting_officer(options["by"])
        limit = int((now + timedelta(days=options["within_days"])).timestamp())
        for agency in Agency.objects.filter(custody=Custody.HUB).order_by("id"):
            standing = standing_keyset(agency.pk, now=now)
            if standing is not None and standing.exp <= limit:
                with refusals_in_words():
                    renewed = renew_agency_keys(operator, agency, now=now)
                self.stdout.write(f"{agency.pk}: keyset {renewed.version}")
