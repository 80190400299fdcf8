# SPDX-License-Identifier: Apache-2.0
"""Rule set that an agency follows: the hub's, merged with what the agency adopted. The only source of it.

Screening, re-evaluation and the pages of rules use it. A verdict can be replayed by the digest in the alert, as long as this
hub or this agency has ever followed that set.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from django.db import transaction
from django.db.models import Exists

from alerts.errors import RulesDamagedError
from peers.models import Agency
from science.law.adopted_rules import adopted_texts
from science.rows.structures import AdoptedRules, AgencyRules
from substances.control.listings import shipped_listings
from substances.control.safe import LawTexts
from substances.models import ControlKind
from substances.rulefacts import ENGINE, RuleFact, RuleFile
from substances.sandbox import law as sandbox_law
from substances.versions import LawText, current_law, law_under, law_with_digest, newest_key, shipped_law
from vault import services
from vault.errors import SealBrokenError, SecretMissingError

TABLE: Final = "agencyrules"
MARK_CHARS: Final = 43


@dataclass(frozen=True)
class EffectiveRules:
    """Text of a rule set and its digest, and the listings that apply with it.

    `on` is the date it was asked for; what is law that day follows from the rules' own times. `is_behind`: the adopted rules
    could not be merged with the hub's newest ones, so older ones still apply.
    """

    text: str = field(repr=False)
    digest: str
    hub_digest: str
    listings: LawText = field(repr=False)
    precursors: LawText = field(repr=False)
    on: date | None = None
    has_adopted: bool = False
    is_behind: bool = False

    @property
    def rules(self) -> tuple[RuleFact, ...]:
        """Rules as plain facts."""
        return read_facts(self.text).rules

    @property
    def mark(self) -> str:
        """Mark of the engine and the rules by which a structure was judged, as rows store it."""
        return f"{ENGINE}.{self.digest}"[:MARK_CHARS]

    @property
    def law(self) -> LawTexts:
        """Texts as `substances.control.safe` takes them."""
        return LawTexts(self.text, self.listings.text, self.precursors.text)


def hub_rules(law: LawText | None = None) -> LawText:
    """Return the hub's own set, with its digest; `law` if the caller has read it."""
    law = law or current_law(ControlKind.RULES)
    if not law.is_shipped:
        return law
    return LawText(law.kind, law.number, read_facts(law.text).digest, law.text, law.source)


def hub_listings(law: LawText | None = None) -> LawText:
    """Return the hub's listings, with their digest; `law` if the caller has read it. No agency has others."""
    law = law or current_law(ControlKind.LISTINGS)
    if not law.is_shipped:
        return law
    return LawText(law.kind, law.number, shipped_listings().digest, law.text, law.source)


def ruleset_for(agency_id: str, *, on: date | None = None) -> EffectiveRules:
    """Return what this agency follows now. Its verdicts for a date come from the rules' own times.

    Raises RulesDamagedError where what it stores does not open.
    """
    keys = {kind: newest_key(kind) for kind in ControlKind}
    adopted = Exists(AdoptedRules.objects.filter(agency_id=agency_id).in_use())
    *newest_keys, has_adopted = Agency.objects.values_list(*keys.values(), adopted).get(pk=agency_id)
    laws = {kind: law_under(key, kind) for kind, key in zip(keys, newest_keys, strict=True)}
    hub, listings = hub_rules(laws[ControlKind.RULES]), hub_listings(laws[ControlKind.LISTINGS])
    precursors = laws[ControlKind.PRECURSORS]
    if not has_adopted:
        return EffectiveRules(hub.text, hub.digest, hub.digest, listings, precursors, on)
    newest = AgencyRules.objects.filter(agency_id=agency_id).order_by("-number").first()
    assert newest is not None, "adopting writes the set that follows in one transaction"
    text = _open(newest)
    is_behind = newest.hub_digest != hub.digest
    return EffectiveRules(text, newest.digest, hub.digest, listings, precursors, on, True, is_behind)


def rules_with_digest(agency_id: str, digest: str) -> str | None:
    """Return the text with this digest, the hub's present or former or the agency's own; None where it was never here."""
    shipped = shipped_law(ControlKind.RULES).text
    if read_facts(shipped).digest == digest:
        return shipped
    known = law_with_digest(ControlKind.RULES, digest)
    if known is not None:
        return known.text
    own = AgencyRules.objects.filter(agency_id=agency_id, digest=digest).order_by("-number").first()
    return None if own is None else _open(own)


def overlaid(agency_id: str, *, without: AdoptedRules | None = None, more: str = "") -> RuleFile:
    """Return the merger of the hub's newest rules, the adopted ones and `more`, with its faults."""
    texts = adopted_texts(agency_id, without=without)
    return sandbox_law.read_overlaid(hub_rules().text, [*texts, *([more] if more else [])])


def keep_ruleset(agency_id: str, made: RuleFile, *, now: datetime) -> AgencyRules:
    """Save the set that an agency follows from now on. Inside the caller's transaction."""
    newest = AgencyRules.objects.filter(agency_id=agency_id).order_by("-number").first()
    row = AgencyRules(
        agency_id=agency_id,
        number=newest.number + 1 if newest else 1,
        digest=made.digest,
        hub_digest=hub_rules().digest,
        made_at=now,
    )
    row.sealed = services.seal_row(agency_id, TABLE, str(row.pk), row.number, made.text.encode())
    row.save(force_insert=True)
    return row


def bring_up_to_date(agency_id: str, *, now: datetime) -> None:
    """Merge the agency's rules with the hub's changed ones; where they do not fit, the set stays as it was."""
    if not ruleset_for(agency_id).is_behind:
        return
    made = overlaid(agency_id)
    if not made.faults:
        with transaction.atomic():
            keep_ruleset(agency_id, made, now=now)


@lru_cache(maxsize=16)
def read_facts(text: str) -> RuleFile:
    """Read an accepted rule set as facts, once in a process. Raises WorkerLostError."""
    return sandbox_law.read_rule_file(text, runs_examples=False)


def _open(row: AgencyRules) -> str:
    try:
        return services.open_row(row.agency_id, TABLE, str(row.pk), row.number, bytes(row.sealed)).decode()
    except (SealBrokenError, SecretMissingError):
        raise RulesDamagedError from None
