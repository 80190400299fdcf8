# SPDX-License-Identifier: Apache-2.0
"""Facts that the desk has about the alerts of a feed's page, read in a few statements before they are taken one by one."""

from collections.abc import Collection, Iterable, Set
from datetime import datetime

from accord.agreements import AGREEMENT
from alerts.agency.agreement_texts import is_text
from alerts.models import ReceivedAlert
from alerts.peers.suspensions import Suspensions, suspensions_of
from alerts.receiving.fetching import seen_by
from alerts.receiving.versions import UPDATE
from peers.models import HeldStatement


class PageFacts:
    """Facts about the alerts of one page for one agency. For any other alert, each question is asked of the database."""

    def __init__(self, agency_id: str) -> None:
        self._agency_id, self._seen_alone = agency_id, seen_by(agency_id)
        self._mds: Set[str] = frozenset()
        self._jtis: Set[str] = frozenset()
        self._met: dict[tuple[str, str], str] = {}
        self._withdrawn: set[str] = set()
        self._first_mds: set[str] = set()
        self._proposers: Set[str] | None = None
        self._suspensions: Suspensions | None = None
        self._copies: dict[tuple[str, str], ReceivedAlert] = {}

    def learn(self, mds: Collection[str], jtis: Collection[str]) -> None:
        """Read what is kept about a page's alerts, by the addresses and ids that the exchange names."""
        self._mds, self._jtis = frozenset(mds), frozenset(jtis)
        here = ReceivedAlert.objects.filter(agency=self._agency_id).order_by("number")
        met = here.filter(jti__in=self._jtis)
        self._met = {(iss, jti): md for iss, jti, md in met.values_list("issuer_id", "jti", "md")}
        retracts = HeldStatement.objects.filter(reader=self._agency_id, k="retract", sub_d__in=self._mds)
        self._withdrawn = set(retracts.values_list("sub_d", flat=True))
        self._first_mds = set(here.filter(first_md__in=self._mds).values_list("first_md", flat=True))
        copies = here.filter(resent_jti__in=self._jtis).exclude(resent_jti="")
        self._copies = {(row.issuer_id, row.resent_jti): row for row in copies}

    def seen(self, iss: str, jti: str) -> str | None:
        """Answer as `seen_by` does; from the facts read before, if they cover the id."""
        return self._met.get((iss, jti)) if jti in self._jtis else self._seen_alone(iss, jti)

    def is_alone(self, iss: str, jti: str, md: str) -> bool:
        """Tell whether it is known that nothing here is about an alert of the page, and that nothing came under its id."""
        others = self._withdrawn | self._first_mds
        is_met = (iss, jti) in self._met or (iss, jti) in self._copies
        return md in self._mds and md not in others and not is_met

    def may_be_withdrawn(self, md: str) -> bool:
        """Tell whether a retract may be here already, for an alert that is not filed yet."""
        return md not in self._mds or md in self._withdrawn

    def may_have_versions(self, received: ReceivedAlert) -> bool:
        """Tell whether other versions of an alert may be here, for one that was filed just now."""
        is_later = received.kind == UPDATE or received.first_md != received.md
        return is_later or received.md not in self._mds or received.md in self._first_mds

    def place_beside_copy(self, received: ReceivedAlert) -> None:
        """Stand an alert that is not saved yet beside the copy that was sent after a suspension and came first."""
        copy = self._copies.get((received.issuer_id, received.jti))
        if copy is not None:
            received.first_md, received.version = copy.first_md, copy.version

    def note_filed(self, rows: Iterable[ReceivedAlert]) -> None:
        """Note alerts that were filed."""
        for received in rows:
            self._met[received.issuer_id, received.jti] = received.md
            if received.resent_jti:
                self._copies[received.issuer_id, received.resent_jti] = received
            if received.kind == UPDATE:
                self._first_mds.add(received.first_md)

    def forget_statements(self) -> None:
        """Drop what is known of withdrawals, proposals and suspensions, since a statement was taken."""
        self._mds, self._proposers, self._suspensions = frozenset(), None, None

    def is_text(self, iss: str, jti: str, md: str) -> bool:
        """Tell whether a proposed agreement of its originator names an envelope as its text."""
        if self._proposers is None:
            proposed = HeldStatement.objects.filter(reader=self._agency_id, k=AGREEMENT)
            self._proposers = set(proposed.values_list("iss", flat=True).distinct())
        return iss in self._proposers and is_text(self._agency_id, iss, jti, md)

    def suspensions(self, *, now: datetime) -> Suspensions:
        """Return what is known of the agency's suspensions."""
        if self._suspensions is None:
            self._suspensions = suspensions_of(self._agency_id, now=now)
        return self._suspensions
