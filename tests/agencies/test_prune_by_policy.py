# SPDX-License-Identifier: Apache-2.0
"""Each agency's audit is kept as long as its own policy says."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from agencies.models import Agency
from ledger.audit import PRUNED
from ledger.models import AuditEvent
from tests.agencies.world import admit, log_everything


@pytest.mark.django_db
def test_an_agencys_own_retention_decides(tmp_path: Path) -> None:
    long_ago = timezone.now() - timedelta(days=1200)
    for agency, days in (("xa-lab", 1095), ("xb-health", 3650)):
        admit(agency, now=long_ago)
        Agency.objects.filter(pk=agency).update(audit_keep_days=days)
    log_everything(tmp_path, now=long_ago + timedelta(seconds=1))
    said = StringIO()
    call_command("prune_by_policy", stdout=said)
    assert "xa-lab: 1 audit events deleted, older than 1095 days." in said.getvalue()
    assert "xb-health: 0 audit events" in said.getvalue()
    kept = set(AuditEvent.objects.exclude(act=PRUNED).values_list("agency", flat=True))
    assert kept == {"xb-health"}
    assert AuditEvent.objects.get(act=PRUNED).detail["agency"] == "xa-lab"
