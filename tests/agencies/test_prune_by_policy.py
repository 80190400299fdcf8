# SPDX-License-Identifier: Apache-2.0
"""Each agency's own policy decides how long its audit is kept."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from ledger.audit import PRUNED, record_event
from ledger.models import AuditEvent
from officers.models import AgencyPolicy
from tests.agencies.world import admit, log_everything


@pytest.mark.django_db
def test_an_agencys_own_retention_decides(tmp_path: Path) -> None:
    long_ago = timezone.now() - timedelta(days=1200)
    for agency, days in (("xa-lab", 1095), ("xb-health", 3650)):
        admit(agency, now=long_ago)
        with transaction.atomic():
            record_event(
                "policy.changed",
                actor="officer:o1",
                agency=agency,
                subject=f"policy:{agency}",
                detail={"audit_keep_days": {"before": 1095, "after": days}},
                now=long_ago,
            )
    # The logged change of the policy counts, not the row.
    AgencyPolicy.objects.filter(pk="xb-health").update(audit_keep_days=365)
    log_everything(tmp_path, now=long_ago + timedelta(seconds=1))
    said = StringIO()
    call_command("prune_by_policy", stdout=said)
    assert "xa-lab: 1 audit events deleted, older than 1095 days." in said.getvalue()
    assert "xb-health: 0 audit events" in said.getvalue()
    kept = AuditEvent.objects.exclude(act__in=(PRUNED, "policy.changed"))
    assert set(kept.values_list("agency", flat=True)) == {"xb-health"}
    assert AuditEvent.objects.get(act=PRUNED).detail["agency"] == "xa-lab"
