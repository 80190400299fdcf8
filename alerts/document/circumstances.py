# SPDX-License-Identifier: Apache-2.0
"""Facts that a check of a draft needs besides its fields: the day, who is reachable, what its structure is."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Disagreed:
    """Field that does not fit the structure.

    `own` is what the structure has or is called, `other` the known substance to which the field's value belongs instead;
    either may be empty.
    """

    name: str
    code: str
    own: str = field(default="", repr=False)
    other: str = field(default="", repr=False)


@dataclass(frozen=True)
class StructureSeen:
    """Result of reading a draft's structure: `is_read`, or `problem`, the sentence why not.

    Neither means that it could not be read just now; then no finding is made about it.
    """

    is_read: bool = False
    problem: str = ""
    disagreements: tuple[Disagreed, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Circumstances:
    """Facts that the check needs besides the fields. `reachable` None means the preview was not asked.

    Without `now` a moment is compared by its day. `structure` None: the draft has none, or it was not read.
    """

    today: dt.date
    reachable: Collection[str] | None = None
    custody: str = "hub"
    """Holder of the author's keys; a desk drafts for agencies whose keys are in its vault."""
    now: dt.datetime | None = None
    structure: StructureSeen | None = None
    files: Collection[str] | None = None
    """Names of the attached files; None where they were not read."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Sentences of rules that features registered, by the name of the field that each refuses."""
