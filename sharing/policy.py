# SPDX-License-Identifier: Apache-2.0
"""Policy: one rule for who may receive what from whom, asked at preview, intake, numbering and the first fetch.

- A pair of agencies may share on a lane if at least one agreement in force covers lane, purpose and marking, and neither of the
  two has suspended that lane with the other.
- The text of a proposed agreement goes to its parties though nothing covers it yet, and whatever lane is suspended.
- An agreement may let lanes, and flash on public health, survive a suspension.
- RED goes only between agencies that hold their own keys.
- A release onward passes from its issuer, and nobody is told whether the originator or an earlier release stands against it.
- An emergency, where an agreement of the two says so, lets what is about life pass whatever lane, purpose or ceiling would deny.
- Answers are values: `Allowed`, naming the agreement version, or `Denied` with a code and its arguments; `callers.denials`
  words them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from accord.envelope.keys import EC1, PQ1, suite_rank
from accord.envelope.manifest import Manifest
from agencies.directory import DatabaseKeyDirectory, distrusted_agencies
from callers.closed_lists import Lane, Tlp, is_above
from callers.denials import OURS, THEIRS, Arguments
from callers.directory import AgencyStatus, Custody
from callers.markings import is_about_life
from sharing.models import Envelope
from sharing.policy_facts import AgencyFacts, Facts, VersionFacts, read_facts


@dataclass(frozen=True)
class Terms:
    """The parts of a manifest that policy judges."""

    lane: str
    purpose: str
    tlp: str
    suite: str
    pri: str
    status: str = "actual"
    text_of: int | None = None
    """The version of an agreement whose text it is; intake lets it go to the parties of that version alone."""

    @classmethod
    def of_manifest(cls, manifest: Manifest) -> "Terms":
        signed = manifest.terms
        return cls(signed.lane, signed.purpose, signed.tlp, manifest.suite, signed.pri, signed.status)

    @classmethod
    def of_envelope(cls, envelope: Envelope) -> "Terms":
        return cls(
            envelope.lane,
            envelope.purpose,
            envelope.tlp,
            envelope.suite,
            envelope.pri,
            envelope.status,
            envelope.text_of_id,
        )


@dataclass(frozen=True)
class Onward:
    """A release onward, as policy judges it: its issuer, purpose and whether it is an emergency; and who sent the envelope."""

    iss: str
    purpose: str
    is_emergency: bool
    originator: str


@dataclass(frozen=True)
class Allowed:
    """An allowance, and the agreement version that it rests on."""

    agreement_version: int


@dataclass(frozen=True)
class Denied:
    """A denial; `code` gives the reason, `args` whom or what it concerns (`callers.denials`)."""

    code: str
    args: Arguments = field(default_factory=dict)


Verdict = Allowed | Denied


def judge_recipient(issuer: str, recipient: str, terms: Terms, *, now: datetime) -> Verdict:
    """Tell whether this issuer may send something with these terms to this recipient now."""
    return judge_recipients(issuer, [recipient], terms, now=now)[recipient]


def judge_recipients(
    issuer: str, recipients: Collection[str], terms: Terms, *, now: datetime
) -> dict[str, Verdict]:
    """Return a verdict for each recipient, in three queries however many there are."""
    facts = read_facts([issuer], recipients, now=now)
    return {recipient: judge(facts, issuer, recipient, terms, now=now) for recipient in recipients}


def judge(facts: Facts, issuer: str, recipient: str, terms: Terms, *, now: datetime) -> Verdict:
    """Apply the rule to facts that were read before."""
    denied = _judge_agencies(facts, issuer, recipient, terms)
    if denied is not None:
        return denied
    if terms.text_of is not None:
        return Allowed(terms.text_of)
    verdicts = [
        _judge_version(facts, version, issuer, facts.agencies[recipient], terms, now)
        for version in facts.between(issuer, recipient)
    ]
    for verdict in verdicts:
        if isinstance(verdict, Allowed):
            return verdict
    return _furthest(verdicts) or _no_agreement(facts.agencies[recipient])


def judge_onward(facts: Facts, onward: Onward, recipient: str, terms: Terms, *, now: datetime) -> Verdict:
    """Apply the rule to a release onward; `facts` are those of its issuer and of the originator.

    An originator that has suspended the lane with the recipient stops it for everybody, except in an emergency. The denial has
    the same code as for an agency that has the alert already: a releaser learns nothing about two others.
    """
    if onward.is_emergency:
        return _judge_emergency(facts, onward, recipient, terms, now)
    is_stopped = _stops_relay(facts, onward.originator, recipient, terms, now)
    verdict = judge(facts, onward.iss, recipient, replace(terms, purpose=onward.purpose), now=now)
    if isinstance(verdict, Allowed) and onward.iss != onward.originator and is_stopped:
        return not_onward(facts, recipient)
    return verdict


def judge_passage(
    facts: Facts, issuer: str, recipient: str, terms: Terms, onward: Onward | None, *, now: datetime
) -> Verdict:
    """Apply the rule to a delivery, by which way soever the recipient has it."""
    if onward is None:
        return judge(facts, issuer, recipient, terms, now=now)
    return judge_onward(facts, onward, recipient, terms, now=now)


def not_onward(facts: Facts, recipient: str) -> Denied:
    """Return the denial for reasons that lie between others: the originator's, or that the recipient has or had it."""
    return Denied("not-onward", {"name": facts.agencies[recipient].name})


def _judge_emergency(facts: Facts, onward: Onward, recipient: str, terms: Terms, now: datetime) -> Verdict:
    denied = _judge_agencies(facts, onward.iss, recipient, terms)
    if denied is not None:
        return denied
    if not is_about_life(terms.pri, terms.lane):
        return Denied("not-emergency")
    for version in facts.between(onward.iss, recipient):
        if version.emergency and terms.lane in version.lanes and not _has_ended(version, now):
            return Allowed(version.id)
    return Denied("emergency-not-agreed", {"name": facts.agencies[recipient].name})


def _stops_relay(facts: Facts, originator: str, recipient: str, terms: Terms, now: datetime) -> bool:
    """Tell whether the originator itself has suspended the lane with the recipient, and nothing of it survives."""
    if (originator, recipient, terms.lane) not in facts.suspended:
        return False
    return all(
        _has_ended(version, now)
        or terms.lane not in version.lanes
        or _is_suspended(facts, version, originator, recipient, terms.lane, terms.pri)
        for version in facts.between(originator, recipient)
    )


def _judge_agencies(facts: Facts, issuer: str, recipient: str, terms: Terms) -> Denied | None:
    ours, theirs = facts.agencies.get(issuer), facts.agencies.get(recipient)
    if ours is None or ours.status != AgencyStatus.ACTIVE:
        return Denied("issuer-suspended")
    if theirs is None or theirs.status == AgencyStatus.ENTERING:
        return Denied("agency-unknown", {"id": recipient})
    if recipient == issuer:
        return Denied("own-agency")
    if theirs.status != AgencyStatus.ACTIVE:
        return Denied("agency-suspended", {"name": theirs.name})
    if terms.tlp == Tlp.RED and ours.custody != Custody.AGENCY:
        return Denied("red-custody", {"keys": OURS})
    if terms.tlp == Tlp.RED and theirs.custody != Custody.AGENCY:
        return Denied("red-custody", {"keys": THEIRS})
    return None


def _no_agreement(theirs: AgencyFacts) -> Denied:
    return Denied("no-agreement", {"name": theirs.name})


def _judge_version(
    facts: Facts,
    version: VersionFacts,
    issuer: str,
    theirs: AgencyFacts,
    terms: Terms,
    now: datetime,
) -> Verdict:
    named = {"ref": version.ref}
    if _has_ended(version, now):
        assert version.until is not None
        return Denied("agreement-ended", {**named, "until": version.until.isoformat()})
    if terms.lane not in version.lanes:
        return Denied("lane-not-covered", named)
    if version.purposes and terms.purpose not in version.purposes:
        return Denied("purpose-not-covered", named)
    if is_above(terms.tlp, version.ceiling):
        return Denied("tlp-above-ceiling", {**named, "tlp": version.ceiling})
    if _is_suspended(facts, version, issuer, theirs.id, terms.lane, terms.pri):
        return _lane_suspended(facts, issuer, theirs, terms.lane, now)
    return Allowed(version.id)


def _has_ended(version: VersionFacts, now: datetime) -> bool:
    return version.until is not None and version.until <= now


def _is_suspended(
    facts: Facts, version: VersionFacts, issuer: str, recipient: str, lane: str, pri: str
) -> bool:
    if lane in version.survive_lanes:
        return False
    if version.survive_flash and is_about_life(pri, lane):
        return False
    return facts.is_suspended(issuer, recipient, lane)


def _lane_suspended(facts: Facts, issuer: str, theirs: AgencyFacts, lane: str, now: datetime) -> Denied:
    sides = {OURS: (issuer, theirs.id, lane), THEIRS: (theirs.id, issuer, lane)}
    since = {side: facts.suspended[key] for side, key in sides.items() if key in facts.suspended}
    said = {"lane": lane, "name": theirs.name, "since": min(since.values()).isoformat()}
    is_open = _open_lanes(facts, issuer, theirs.id, now)
    return Denied("lane-suspended", {**said, "open": is_open, "by": list(since)})


def _open_lanes(facts: Facts, issuer: str, recipient: str, now: datetime) -> list[str]:
    """Return the lanes on which the two still share."""
    lanes = {
        lane
        for version in facts.between(issuer, recipient)
        if not _has_ended(version, now)
        for lane in version.lanes
        if not _is_suspended(facts, version, issuer, recipient, lane, "routine")
    }
    return [lane.value for lane in Lane if lane in lanes]


_NEARNESS = (
    "agreement-ended",
    "lane-not-covered",
    "purpose-not-covered",
    "tlp-above-ceiling",
    "lane-suspended",
)


def _furthest(verdicts: Iterable[Verdict]) -> Denied | None:
    """Choose, among denials by several agreements, the one that came nearest to allowing."""
    denials = [verdict for verdict in verdicts if isinstance(verdict, Denied)]
    return max(denials, key=lambda denied: _NEARNESS.index(denied.code), default=None)


def judge_sealable(
    issuer: str, candidates: Collection[str] | None, terms: Terms, *, now: datetime
) -> tuple[Facts, dict[str, Verdict]]:
    """Return a verdict for each candidate, by id, and the facts it rests on; `None` asks about the whole directory.

    Judges as `judge_recipients`, and also denies where nothing can be sealed to the recipient. A constant number of queries.
    """
    facts = read_facts([issuer], candidates, now=now)
    wanted = sorted(listed(facts, issuer) if candidates is None else set(candidates))
    verdicts = {agency: judge(facts, issuer, agency, terms, now=now) for agency in wanted}
    return facts, deny_unsealable(facts, issuer, verdicts, terms.suite, now=now)


def deny_unsealable(
    facts: Facts, issuer: str, verdicts: Mapping[str, Verdict], suite: str, *, now: datetime
) -> dict[str, Verdict]:
    """Return the verdicts; an allowance becomes a denial where nothing can be sealed to the recipient."""
    keys = _SealableAgencies([*verdicts, issuer], suite, now)
    return {
        agency: (keys.judge(issuer, facts.agencies[agency]) if isinstance(verdict, Allowed) else None)
        or verdict
        for agency, verdict in verdicts.items()
    }


def listed(facts: Facts, issuer: str) -> list[str]:
    """Return every other agency of the directory that has entered."""
    return [
        agency.id
        for agency in facts.agencies.values()
        if agency.id != issuer and agency.status != AgencyStatus.ENTERING
    ]


class _SealableAgencies:
    """The agencies to which something can be sealed, by suite; one query a suite."""

    def __init__(self, agencies: Collection[str], suite: str, now: datetime) -> None:
        directory, seconds = DatabaseKeyDirectory(now), int(now.timestamp())
        self._suite, self._directory = suite, directory
        self._of_suite = directory.recipient_keys(sorted(agencies), suite, seconds)
        without = sorted(set(agencies) - set(self._of_suite))
        other = EC1 if suite == PQ1 else PQ1
        self._of_other = directory.recipient_keys(without, other, seconds) if without else {}
        self._distrusted = distrusted_agencies(without) if without else set()

    def judge(self, issuer: str, theirs: AgencyFacts) -> Denied | None:
        """Return a denial when the issuer, or this recipient, has no key of the suite."""
        named, of_suite = {"name": theirs.name}, {"suite": self._suite}
        if issuer not in self._of_suite:
            return Denied("own-suite", of_suite)
        if theirs.id in self._of_suite:
            return None
        if theirs.id in self._distrusted:
            return Denied("keys-unread", named)
        if theirs.id in self._of_other and self._is_below_low(theirs.id):
            return Denied("suite-below-low", named | {"low": PQ1})
        if theirs.id in self._of_other:
            return Denied("no-key-of-suite", named | of_suite)
        return Denied("no-valid-key", named)

    def _is_below_low(self, agency: str) -> bool:
        """Tell whether the agency's keyset forbids this suite by its `low`, whatever keys it has."""
        keyset = self._directory.keyset(agency)
        return keyset is not None and suite_rank(self._suite) < suite_rank(keyset.low)


def version_of(facts: Facts, issuer: str, recipient: str, allowed: Allowed) -> VersionFacts:
    """Return the agreement version that an allowance rests on."""
    found = facts.between(issuer, recipient)
    return next(version for version in found if version.id == allowed.agreement_version)
