# SPDX-License-Identifier: Apache-2.0
"""Count what arrived at a partner, at a desk and in mailboxes: nothing is missing, nothing is there twice."""

import email
import email.policy
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.cast import wait_for
from demo.ticks import StepFailedError

FILED_WITHIN_SECONDS = 240
Told = Mapping[tuple[str, str], Collection[str]]
"""The Message-IDs of the received mails, by reference and address."""


def require_once(expected: Collection[str], counted: Mapping[str, int], where: str) -> None:
    """Raise where one of these is missing or there more than once, and where anything else is there."""
    lost = [one for one in expected if not counted.get(one)]
    doubled = [one for one in expected if counted.get(one, 0) > 1]
    others = [one for one in counted if one not in expected]
    if lost or doubled or others:
        found = {"lost": lost, "more than once": doubled, "nobody's": others}
        raise StepFailedError(f"{where}: {', '.join(f'{what} {ds}' for what, ds in found.items() if ds)}")


@dataclass
class Mailboxes:
    """The mails that the sink kept, each read once."""

    folder: Path
    _read: set[str] = field(default_factory=set)
    _told: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    _subjects: list[tuple[str, str]] = field(default_factory=list)

    def told(self) -> Told:
        """Read the received mails by the last word of the subject, an alert's reference, and by address."""
        for path in sorted(self.folder.glob("*.eml")):
            if path.name not in self._read:
                self._read.add(path.name)
                self._take(path)
        return self._told

    def _take(self, path: Path) -> None:
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        subject, to = str(mail["Subject"]), str(mail["X-Envelope-To"])
        self._told[subject.rpartition(" ")[2], to].append(str(mail["Message-ID"]))
        self._subjects.append((subject, to))

    def count(self) -> int:
        """Count the mails that have arrived."""
        return sum(1 for _ in self.folder.glob("*.eml"))

    def with_words(self, words: str) -> Counter[str]:
        """Count by address the mails that have these words in their subject."""
        self.told()
        return Counter(to for subject, to in self._subjects if words in subject)

    def require_told(
        self, references: Collection[str], addresses: Collection[str], uncertain: Collection[str] = ()
    ) -> int:
        """Wait until each address was told of each reference; return how many mails came twice, all marked so.

        Raises where one came twice without being `uncertain`, which holds Message-IDs.
        """
        wanted = [(reference, address) for reference in references for address in addresses]
        try:
            wait_for(
                lambda: all(one in self.told() for one in wanted) or None,
                "A mail to everybody about each alert",
                within_seconds=FILED_WITHIN_SECONDS,
            )
        except StepFailedError as late:
            missing = [
                f"{address} of {reference}"
                for reference, address in wanted
                if (reference, address) not in self._told
            ]
            raise StepFailedError(f"{late.what} Not told: {', '.join(missing)}") from None
        return sum(_again(one, self._told[one], uncertain) for one in wanted)


def _again(one: tuple[str, str], ids: Collection[str], uncertain: Collection[str]) -> int:
    """Count how often a mail came beyond once; raise where it was not marked as uncertain."""
    if len(ids) > 1 and not (len(set(ids)) == 1 and set(ids) <= set(uncertain)):
        raise StepFailedError(f"{one[1]} was told {len(ids)} times of {one[0]}, and nothing says so.")
    return len(ids) - 1
