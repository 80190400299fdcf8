# SPDX-License-Identifier: Apache-2.0
"""The ledger as the operator sees it: its key, its newest checkpoints, and partners' reports of another ledger."""

from hashlib import sha256
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accord.envelope.encoding import b64u
from accord.envelope.keys import show_fingerprint
from callers import clock
from ledger.halting import halt_reason
from ledger.models import AuditEvent, Checkpoint
from ledger.pins import current_vkey
from ledger.proofs import pending_since
from operators.pages.frame import operator_here, render_page
from sharing.ledger_views import DISPUTED

SHOWN_AT_MOST: Final = 20


def vkey_groups() -> str:
    """Return the SHA-256 of the ledger's verifier key in groups of four, as it is compared by telephone."""
    return show_fingerprint(sha256(current_vkey().encode()).hexdigest())


def ledger_page(request: HttpRequest) -> HttpResponse:
    """Show head, last dispute and the newest checkpoints."""
    newest = list(Checkpoint.objects.order_by("-size")[:SHOWN_AT_MOST])
    disputes = AuditEvent.objects.visible_to(operator_here(request)).filter(act=DISPUTED)
    return render_page(
        request,
        "ledger",
        _("Log"),
        vkey=current_vkey(),
        vkey_groups=vkey_groups(),
        head=newest[0] if newest else None,
        checkpoints=[(row, b64u(bytes(row.root))) for row in newest],
        dispute=disputes.order_by("-seq").first(),
        halted=halt_reason(),
        waits_since=pending_since(),
        now=clock.now(),
    )
