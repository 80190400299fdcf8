# SPDX-License-Identifier: Apache-2.0
"""Effects of an entry that was found: it lists the substance, a person has to judge, or it says nothing of it.

An entry's clause ("its salts, isomers, esters and ethers") is applied where its text was read. A clause reaches another stereo
form only where the entry's own name leaves the form open: 21 CFR 1308.11(b) and article 1 of the schedules of 1961 say "within
the specific chemical designation".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from substances.control import listings
from substances.control.listings import BLOCK_CHARS, NO_STEREO, Listing, ListingHit

LISTS: Final = "lists"
UNDECIDED: Final = "undecided"
TAKES_OUT: Final = "takes_out"
IGNORED: Final = "ignored"

NAMED: Final = "listed_by_name"
REASONS: Final = (
    NAMED,  # the entry names it
    "derived_listed",  # an ester or ether of what the entry names, which its clause takes in
    "clause_not_seen",  # a salt of what the entry names; whether salts are meant was not read
    "lead_only",  # second hand, or before the decision
    "text_not_read",  # no text of this entry was read
    "other_form",  # another stereo form than the one that the entry names
    "form_decides",  # drawn without stereo, and one form is listed while another is not
    "only_if_misused",  # stereoisomers, only where meant to be misused
    "salt_not_named",  # the clause was read and names no salts
    "derivative_for_a_person",  # it has the skeleton of what an entry takes in with derivatives, analogues or a class
    "derived_not_decided",  # an ester or ether; whether the entry takes it in was not read
    "preparation_only",  # the entry is about preparations
    "named_together",  # The effect of an entry on the substance, and the reason: a code of REASONS.
    "name_of_several",  # the name stands for several substances
    "taken_out",  # the text takes it out by name
)


@dataclass(frozen=True)
class Cover:
    """The effect of an entry on the substance, and why: a code of REASONS."""

    effect: str
    reason: str


@dataclass(frozen=True)
class Drawn:
    """Facts of the structure that `covers` needs: whether it is a salt, and its keys (none where only a name was given)."""

    keys: tuple[str, ...] = ()
    is_salt: bool = False

    def is_flat(self, block: str) -> bool:
        """Tell whether it is drawn without any stereo; a first block alone says nothing of it."""
        same = [key for key in self.keys if key[:BLOCK_CHARS] == block]
        return bool(same) and all(key[15:25] == NO_STEREO for key in same)

    def forms_of(self, block: str) -> set[str]:
        """Return the drawn stereo forms of a first block."""
        return {
            key[:25] for key in self.keys if key[:BLOCK_CHARS] == block and key[15:25] not in ("", NO_STEREO)
        }


def covers(hit: ListingHit, drawn: Drawn, same_substance: Iterable[Listing] = ()) -> Cover:
    """Return the effect of the entry. `same_substance` are the entries of all lists that name a form of it."""
    listing = hit.listing
    if hit.is_shared:
        return Cover(UNDECIDED, "name_of_several")
    if listing.kind == listings.EXCLUSION:
        return _taken_out(hit, same_substance)
    if hit.found_by == "skeleton":
        return Cover(UNDECIDED, "derivative_for_a_person")
    by_kind = {listings.PREPARATION: "preparation_only", listings.COMBINATION: "named_together"}
    if listing.kind in by_kind:
        return Cover(UNDECIDED, by_kind[listing.kind])
    if not listing.decides:
        return Cover(UNDECIDED, "lead_only" if listing.grade == "D" else "text_not_read")
    if hit.found_by in ("ester", "ether"):
        return _derived(listing, f"{hit.found_by}s")
    if hit.found_by in ("name", "cas"):
        return Cover(LISTS, NAMED)
    return _form(hit, drawn, same_substance) or _salt(hit, drawn) or Cover(LISTS, NAMED)


def _taken_out(hit: ListingHit, same_substance: Iterable[Listing]) -> Cover:
    """Return an exception by name, which needs a text and the exact form.

    For a drawing without stereo the form decides, where the jurisdiction lists another form.
    """
    jurisdiction = hit.listing.jurisdiction
    is_listed_too = any(
        one.jurisdiction == jurisdiction and one.kind != listings.EXCLUSION for one in same_substance
    )
    is_flat = hit.found_by == "structure_without_stereo"
    if hit.found_by in ("name", "cas", "structure") or (is_flat and not is_listed_too):
        return Cover(TAKES_OUT, "taken_out") if hit.listing.decides else Cover(UNDECIDED, "lead_only")
    return Cover(UNDECIDED, "form_decides") if is_flat else Cover(IGNORED, "other_form")


def _form(hit: ListingHit, drawn: Drawn, same_substance: Iterable[Listing]) -> Cover | None:
    """Return the effect where the stereo form makes the entry undecided, else None."""
    listing = hit.listing
    blocks = {key[:BLOCK_CHARS] for key in listing.inchikeys}
    exceptions = [one for one in same_substance if one.kind == listings.EXCLUSION and one.inchikeys]
    if exceptions and any(drawn.is_flat(block) for block in blocks):
        return Cover(UNDECIDED, "form_decides")
    is_one_of_two = listing.is_racemate and any(drawn.forms_of(block) for block in blocks)
    if hit.found_by != "other_form" and not is_one_of_two:
        return None
    if is_one_of_two and listing.clause & {"isomers", "stereoisomers"}:
        return None
    if "stereoisomers_if_misused" in listing.clause:
        return Cover(UNDECIDED, "only_if_misused")
    return Cover(UNDECIDED, "other_form")


def _salt(hit: ListingHit, drawn: Drawn) -> Cover | None:
    """Return the effect where the substance is drawn as a salt of what the entry names."""
    if not drawn.is_salt or hit.is_whole or "salts" in hit.listing.clause:
        return None
    if "not_seen" in hit.listing.clause:
        return Cover(LISTS, "clause_not_seen")
    return Cover(UNDECIDED, "salt_not_named")


def _derived(listing: Listing, word: str) -> Cover:
    """Return the effect on an ester or ether of the entry's substance, which no list of the jurisdiction names itself."""
    if word in listing.clause:
        return Cover(LISTS, "derived_listed")
    if listing.clause & {"derivatives", "not_seen"}:
        return Cover(UNDECIDED, "derived_not_decided")
    return Cover(IGNORED, "derived_not_decided")
