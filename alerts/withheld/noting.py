# SPDX-License-Identifier: Apache-2.0
"""Withheld alerts are noted once the exchange has taken the alert for its other recipients; only the originator knows of them."""

from datetime import datetime

from accord.envelope.manifest import Terms
from accord.moments import moment_of
from alerts.document.kinds import PROFILE_QUERY, REPLIES
from alerts.drafting.revisions import DraftContent
from alerts.models import Alert, WithheldAlert
from alerts.peers.withheld_recipients import LANE_SUSPENDED
from alerts.projections.tokens import tokens_of
from peers.agreements import kept_agreements


def withheld_by(
    alert: Alert, content: DraftContent, terms: Terms, *, released_at: datetime
) -> list[WithheldAlert]:
    """Return a row, not saved, for each agency that the release left out because its lane is suspended.

    What is no real alert, and a reply, is not noted: a reply waits as it is (`alerts.review.preview`).
    """
    kind = content.data.get("alert_type")
    if terms.status != "actual" or kind in REPLIES | PROFILE_QUERY:
        return []
    peers = [row["agency"] for row in alert.validated_preview or () if row["code"] == LANE_SUSPENDED]
    if not peers:
        return []
    (token,) = tokens_of(alert.agency_id, [("alert_type", str(kind))])
    kept = kept_agreements(alert.agency_id)
    covering = [one for one in kept.agreements if terms.lane in one.lanes] if kept else []
    refs = {peer: one.ref for one in reversed(covering) for peer in one.parties}
    return [
        WithheldAlert(
            agency_id=alert.agency_id,
            alert=alert,
            peer_id=peer,
            lane=terms.lane,
            agreement=refs.get(peer, ""),
            kind=token,
            released_at=released_at,
            keep=moment_of(terms.keep),
        )
        for peer in peers
    ]
