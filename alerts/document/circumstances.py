# SPDX-License-Identifier: Apache-2.0
"""Here is what a check of a draft knows besides its fields: the day, who is reachable, what its structure is."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Disagreed:
    """A field that does not fit the structure: `own` is what the structure has or is called, `other` the known
    substance that the field's value belongs to instead; either may be empty."""

    name: str
    code: str
    own: str = field(default="", repr=False)
    other: str = field(default="", repr=False)


@dataclass(frozen=True)
class StructureSeen:
    """What reading a draft's structure gave: that it was read, or the sentence why not.

    Neither read nor with a problem: nobody could read it just now, and nothing is said of it.
    """

    is_read: bool = False
    problem: str = ""
    disagreements: tuple[Disagreed, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Circumstances:
    """What the check knows besides the fields. `reachable` None means the preview was not asked.

    Without `now` a moment is compared by its day. `structure` None: the draft has none, or it was not read.
    """

    today: dt.date
    reachable: Collection[str] | None = None
    custody: str = "hub"
    """Who holds the author's keys; a desk writes for agencies whose keys are in its vault."""
    now: dt.datetime | None = None
    structure: StructureSeen | None = None
    files: Collection[str] | None = None
    """Names of the attached files; None: not asked."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Sentences of rules that features registered, each by the field that it refuses."""
