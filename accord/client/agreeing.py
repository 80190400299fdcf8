# SPDX-License-Identifier: Apache-2.0
"""Methods of the client about agreements: their versions and texts, suspended lanes, what flows and what was given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from accord.agreements import SignedVersion
from accord.calls.answers import PreviewAnswer
from accord.client.agreement_texts import ReadText, read_text
from accord.client.agreement_versions import (
    answer_version,
    leave_agreement,
    propose_version,
    version_of,
)
from accord.client.holder import require_holder
from accord.client.inbox import follow_feed
from accord.client.lanes import resume_lanes, suspend_lanes
from accord.client.may_send import ask_policy
from accord.client.partners import AgreementFacts, list_agreements
from accord.client.record import PartnerRecord, record_with
from accord.client.results import Stated
from accord.client.session import Act, Session
from accord.client.signed_agreements import list_versions
from accord.client.suspensions import list_suspensions
from accord.reciprocity import Period
from accord.suspensions import Suspension


class Agreements:
    """Part of `accord.client.client.Client`."""

    _session: Session

    def agreements(self) -> list[AgreementFacts]:
        """Return the own agreements as the hub states them."""
        return list_agreements(self._session.begin())

    def agreement_versions(self) -> tuple[SignedVersion, ...]:
        """Return every version of an agreement that names the own agency, by verified statements, after taking in the news."""
        act = self._session.begin()
        follow_feed(act)
        return list_versions(act)

    def propose_agreement(
        self, terms: Mapping[str, Any], *, officer: str | None = None, wait_secs: float = 0
    ) -> Stated:
        """Propose an agreement, or the next version of one, to its parties."""
        act = self._begin_to_send()
        follow_feed(act)
        return propose_version(act, terms, officer=officer, wait_secs=wait_secs)

    def answer_agreement(
        self, od: str, *, st: str = "accept", officer: str | None = None, wait_secs: float = 0
    ) -> Stated:
        """Accept or refuse (`st`: `refuse`) a proposed version."""
        act = self._begin_to_send()
        follow_feed(act)
        return answer_version(act, od, st, officer=officer, wait_secs=wait_secs)

    def agreement_text(self, od: str) -> ReadText:
        """Open the sealed text of a version, and tell whether it is the one that was signed."""
        act = self._session.begin()
        follow_feed(act)
        return read_text(act, version_of(act, od))

    def versions_named(self, md: str) -> tuple[SignedVersion, ...]:
        """Return every version known here whose text this envelope is; offline."""
        versions = list_versions(self._session.begin(online=False))
        return tuple(one for one in versions if (one.body["text"] or {}).get("md") == md)

    def leave_agreement(self, ref: str, *, officer: str | None = None, wait_secs: float = 0) -> Stated:
        """Leave a signed agreement."""
        act = self._begin_to_send()
        follow_feed(act)
        return leave_agreement(act, ref, officer=officer, wait_secs=wait_secs)

    def may_send(self, agencies: Collection[str] = (), **terms: str) -> list[PreviewAnswer]:
        """Tell for each agency, or for all, whether something may be sent to it now, and why not.

        `terms`: lane, purpose, tlp, and pri, where it is not routine.
        """
        return ask_policy(self._session.begin(), agencies, terms)

    def record(self, peer: str, period: Period) -> PartnerRecord:
        """Return what counts between the own agency and another in a period, after taking in the news."""
        act = self._session.begin()
        follow_feed(act)
        return record_with(act, peer, period)

    def suspensions(self) -> tuple[Suspension, ...]:
        """Return every suspension of a lane between the own agency and another, past and present, after taking in the news."""
        act = self._session.begin()
        follow_feed(act)
        return list_suspensions(act)

    def suspend(
        self,
        agencies: Collection[str],
        lanes: Collection[str],
        *,
        why: str | None = None,
        officer: str | None = None,
        wait_secs: float = 0,
    ) -> Stated:
        """Suspend lanes with other agencies; `why`: `political`, `legal`, `security` or None."""
        act = self._begin_to_send()
        return suspend_lanes(act, agencies, lanes, why=why, officer=officer, wait_secs=wait_secs)

    def resume(
        self,
        agencies: Collection[str],
        lanes: Collection[str],
        *,
        officer: str | None = None,
        wait_secs: float = 0,
    ) -> Stated:
        """Resume lanes that the own agency has suspended with these agencies."""
        act = self._begin_to_send()
        return resume_lanes(act, agencies, lanes, officer=officer, wait_secs=wait_secs)

    def _begin_to_send(self, *, online: bool = True) -> Act:
        """Begin an act that signs or sends; raise HeldElsewhereError, GivenBackError."""
        require_holder(self._session, online=online)
        return self._session.begin(online=online)
