# SPDX-License-Identifier: Apache-2.0
"""Envelopes an agency's desk has sent and received, which others' statements may be about (`peers.feed_memory.StatementSubjects`)."""

from accord.envelope.releases import RELEASE
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.entitlement import SubjectFacts
from alerts.models import Alert, AwaitedEnvelope, ReceivedAlert
from peers.models import HeldStatement, SentEnvelope


class DeskSubjects:
    """Envelopes of one agency."""

    def __init__(self, agency_id: str) -> None:
        self._agency_id = agency_id

    def subject_of(self, d: str) -> SubjectFacts | None:
        """Return the facts of an envelope that the agency sent, that reached it, or that it still waits for."""
        own = SentEnvelope.objects.filter(reader=self._agency_id, md=d).first()
        if own is not None:
            own.require_bound()
            jti = Alert.objects.filter(agency=self._agency_id, md=d).values_list("jti", flat=True).get()
            holders = frozenset({*own.recipients, *self._released_to(d)})
            return SubjectFacts(MANIFEST, jti, d, self._agency_id, self._agency_id, holders)
        for rows, issuer in ((ReceivedAlert.objects, "issuer_id"), (AwaitedEnvelope.objects, "iss")):
            found = rows.filter(agency=self._agency_id, md=d).values_list("jti", issuer).first()
            if found is not None:
                jti, iss = found
                return SubjectFacts(MANIFEST, jti, d, iss, iss, frozenset({self._agency_id}))
        return None

    def _released_to(self, md: str) -> list[str]:
        """Return whom an own envelope was released to, as the feed has told."""
        said = HeldStatement.objects.filter(reader=self._agency_id, k=RELEASE, sub_d=md)
        return [agency for row in said if row.is_bound for agency in row.body["aud"]]

    def seen(self, iss: str, jti: str) -> str | None:
        """Return the md that came under this issuer's id before."""
        rows = ReceivedAlert.objects.filter(agency=self._agency_id, issuer=iss, jti=jti)
        return rows.values_list("md", flat=True).first()
