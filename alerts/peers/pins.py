# SPDX-License-Identifier: Apache-2.0
"""Pins: the root that an agency trusts for a peer, the origin of that trust, and the highest keyset version seen.

- The same book holds the lanes that the agency itself has suspended.
- An agency's book is sealed under its own secret, so that a pin written, changed or deleted by whoever holds the database is
  noticed. Putting back a whole earlier book is not noticed.
- A missing book of an agency that has sent or received counts as an altered one.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Final, Self

from django.db import IntegrityError, transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert, ReceivedAlert
from alerts.rows.pins import PinBook
from ledger.audit import record_event
from peers.models import Agency
from vault import services
from vault.errors import SealBrokenError

TABLE: Final = "pinbook"
KEPT_REVOCATIONS: Final = 256
"""Limit of revoked keys kept for one peer; beyond it the earliest revocations are known only from the rows."""


class Origin(TextChoices):
    """Origin of the trust in a root."""

    COMPARED = "compared", _("Compared by two officers")
    SEEN = "seen", _("First seen, not compared")


@dataclass(frozen=True)
class Comparison:
    """Comparison by one officer: audit name, time in seconds."""

    root: str
    by: str
    at: int


@dataclass(frozen=True)
class Revoked:
    """Verified revocation of a key: its smallest `since`, and the first place in the log that states it."""

    kid: str
    since: int
    log_time: int
    index: int

    @property
    def place(self) -> tuple[int, int]:
        """Log time and index."""
        return self.log_time, self.index

    def covers(self, other: "Revoked") -> bool:
        """Tell whether knowing this one judges every signature at least as strictly as knowing the other."""
        return self.since <= other.since and self.place <= other.place


def summed_up(words: Iterable[Revoked]) -> tuple[Revoked, ...]:
    """Return one revocation a key, by key: the earliest `since` and place of all statements about it."""
    found: dict[str, Revoked] = {}
    for word in words:
        known = found.get(word.kid, word)
        found[word.kid] = Revoked(word.kid, min(word.since, known.since), *min(word.place, known.place))
    newest = sorted(found.values(), key=lambda word: word.place)[-KEPT_REVOCATIONS:]
    return tuple(sorted(newest, key=lambda word: word.kid))


@dataclass(frozen=True)
class Pin:
    """Pin of a peer. `root` is empty while only one officer has compared and nothing of the peer was seen."""

    root: str = ""
    version: int = 0
    origin: str = Origin.SEEN
    compared: tuple[Comparison, ...] = ()
    waiting: Comparison | None = None
    circles: tuple[str, ...] = ()
    """Circles in which an officer has confirmed the peer, sorted."""
    revoked: tuple[Revoked, ...] = ()
    """Verified revocations of the peer under this root, as `summed_up`; changing rows cannot undo them."""

    @property
    def may_seal(self) -> bool:
        """Tell whether content may be sealed to the peer."""
        return self.origin == Origin.COMPARED

    @classmethod
    def read(cls, said: Mapping[str, object]) -> Self:
        """Read a pin from the book's text."""
        facts = dict(said)
        waiting, circles, revoked = facts.pop("waiting"), facts.pop("circles", ()), facts.pop("revoked", ())
        compared = tuple(Comparison(**each) for each in facts.pop("compared"))  # type: ignore[attr-defined]
        return cls(
            **facts,  # type: ignore[arg-type]
            compared=compared,
            waiting=Comparison(**waiting) if isinstance(waiting, dict) else None,
            circles=tuple(circles),  # type: ignore[arg-type]
            revoked=tuple(Revoked(**each) for each in revoked),  # type: ignore[attr-defined]
        )


@dataclass(frozen=True)
class Stopped:
    """Lane that the agency has suspended with one peer, `at` in seconds, and has not resumed.

    It survives under the agreements `surviving`, alerts about life under those of `surviving_flash`: refs, as agreed then.
    """

    peer: str
    lane: str
    at: int
    surviving: tuple[str, ...] = ()
    surviving_flash: tuple[str, ...] = ()


@dataclass(frozen=True)
class Book:
    """Pins of one agency by peer, and the lanes that it has suspended."""

    agency: str
    pins: Mapping[str, Pin] = field(default_factory=dict)
    revision: int = 0
    stopped: tuple[Stopped, ...] = ()

    def with_pin(self, peer: str, pin: Pin) -> "Book":
        """Return the book with this pin for the peer."""
        return replace(self, pins={**self.pins, peer: pin})

    def text(self) -> bytes:
        """Return the text that is sealed."""
        said = {
            "pins": {peer: asdict(pin) for peer, pin in self.pins.items()},
            "stopped": [asdict(stop) for stop in self.stopped],
        }
        return json.dumps(said, sort_keys=True).encode()


def read_book(agency_id: str) -> Book:
    """Return the agency's book; raises SealBrokenError for an altered or missing one, SecretMissingError without keys."""
    row = PinBook.objects.filter(pk=agency_id).first()
    return _opened(agency_id, row)


def change_book(agency_id: str, change: Callable[[Book], Book], *, now: datetime) -> Book:
    """Change the book under a lock, in the caller's transaction or one of its own; raises as `read_book`."""
    with transaction.atomic():
        row = PinBook.objects.select_for_update().filter(pk=agency_id).first()
        if row is None:
            _opened(agency_id, None)
            row = _begin(agency_id, Book(agency_id), now)
        before = _opened(agency_id, row)
        after = change(before)
        if (after.pins, after.stopped) == (before.pins, before.stopped):
            return before
        kept = replace(after, revision=before.revision + 1)
        row.revision, row.sealed, row.changed_at = kept.revision, _sealed(kept), now
        row.save(update_fields=["revision", "sealed", "changed_at"])
    return kept


def without_book(agency_ids: Iterable[str]) -> list[str]:
    """Return those of these agencies that have sent or received and have no book."""
    booked = set(PinBook.objects.values_list("pk", flat=True))
    return [agency for agency in agency_ids if agency not in booked and has_history(agency)]


@transaction.atomic
def begin_book(agency_id: str, *, now: datetime) -> None:
    """Begin an empty book for an agency that has a history and lost its own; its officers compare every peer anew.

    For an operator with a shell at the desk who knows by whom the book was deleted.
    """
    _begin(agency_id, Book(agency_id), now)
    record_event("peer.book_begun", actor="system:install", agency=agency_id, subject=agency_id, now=now)


def _begin(agency_id: str, book: Book, now: datetime) -> PinBook:
    first = replace(book, revision=1)
    try:
        with transaction.atomic():
            PinBook.objects.create(agency_id=agency_id, revision=1, sealed=_sealed(first), changed_at=now)
    except IntegrityError:
        # Another process created it a moment ago; that row is used.
        pass
    return PinBook.objects.select_for_update().get(pk=agency_id)


def _opened(agency_id: str, row: PinBook | None) -> Book:
    if row is None:
        if has_history(agency_id):
            raise SealBrokenError("book of pins")
        return Book(agency_id)
    plain = services.open_row(agency_id, TABLE, agency_id, row.revision, bytes(row.sealed))
    said = json.loads(plain)
    pins = {peer: Pin.read(each) for peer, each in said["pins"].items()}
    stopped = tuple(
        Stopped(
            each["peer"], each["lane"], each["at"], tuple(each["surviving"]), tuple(each["surviving_flash"])
        )
        for each in said["stopped"]
    )
    return Book(agency_id, pins, row.revision, stopped)


def has_history(agency_id: str) -> bool:
    """Tell whether the agency has sent or received here, so that it must have met peers."""
    sent = Alert.objects.filter(agency_id=agency_id, released_at__isnull=False)
    hosted = Agency.objects.filter(pk=agency_id, is_hosted=True)
    return sent.exists() or ReceivedAlert.objects.filter(agency__in=hosted).exists()


def _sealed(book: Book) -> bytes:
    return services.seal_row(book.agency, TABLE, book.agency, book.revision, book.text())
