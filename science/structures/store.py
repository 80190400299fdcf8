# SPDX-License-Identifier: Apache-2.0
"""Store of alerts' structures for their agency, sealed; a RED alert's is never kept.

- For an alert that states no structure, its name and CAS number are kept, by which lists can be searched.
- At intake the text is stored as the sender wrote it and nothing of it is read, so that no structure can stop a feed. The
  desk-worker reads and judges it afterwards, in the worker process (`science.law.reevaluating`).
"""

import json
import uuid
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from alerts.models import Alert, ReceivedAlert
from callers.actors import Actor
from science.rows.structures import CaughtStructure, Mark, StoredStructure, StoredStructureQuerySet
from vault.errors import SealBrokenError, SecretMissingError
from vault.sealed_store import REVISION, SealedStore

MAX_CHARS: Final = 20_000
"""Length limit of one structure as text; a longer one is marked as unreadable and not kept."""
OF_THE_LAW: Final = "legal_status_change"
"""Kind of alert whose substance without a structure is what the law is about, not one that somebody has seen."""
NAME_CHARS: Final = 200
SYNONYMS_AT_MOST: Final = 20
OPENED_AT_MOST: Final = 20_000
"""Limit of structures of one agency that one question reads, newest first."""
PAGE: Final = 500


@dataclass(frozen=True)
class Kept:
    """Statements of one alert about its substance, and what the desk derived from them.

    `fingerprint_a` and `fingerprint_b` have a fixed length each; `blocks` are first blocks of the InChIKeys of whole
    and parent; `verdicts` gives, by the key of a rule's version, its id and the verdict; `listed` are keys of
    listings; `engine` is the engine that gave them. Everything but `text`, `name`, `cas_rn`, `synonyms` is empty until the
    structure was read. Without a `text` the alert states no structure.
    """

    text: str = field(repr=False)
    name: str = field(default="", repr=False)
    cas_rn: str = field(default="", repr=False)
    synonyms: tuple[str, ...] = field(default=(), repr=False)
    smiles: str = field(default="", repr=False)
    parent: str = field(default="", repr=False)
    inchikey: str = field(default="", repr=False)
    blocks: tuple[str, ...] = field(default=(), repr=False)
    fingerprint_a: bytes = field(default=b"", repr=False)
    fingerprint_b: bytes = field(default=b"", repr=False)
    verdicts: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    listed: tuple[str, ...] = field(default=(), repr=False)
    engine: int = 0

    @property
    def is_named_only(self) -> bool:
        return not self.text and not self.parent

    @property
    def was_judged(self) -> bool:
        return self.engine > 0


@dataclass(frozen=True)
class OpenedStructure:
    """Stored structure, opened: `row` names the alert it came with."""

    row: StoredStructure
    kept: Kept = field(repr=False)

    @property
    def is_received(self) -> bool:
        return self.row.received_id is not None

    @property
    def alert_id(self) -> uuid.UUID:
        """Id of the received alert or of the own one."""
        found = self.row.received_id or self.row.alert_id
        assert found is not None, "the database holds that one of the two is set"
        return found


def structure_text(document: Mapping[str, Any]) -> str:
    """Return the structure as the document states it; empty where it states none."""
    return str(document.get("structure") or document.get("inchi") or "").strip()


def keep_received_structure(received: ReceivedAlert, document: Mapping[str, Any]) -> None:
    """Store the structure of a received alert; a second call changes nothing. Inside the caller's transaction."""
    if received.tlp != "RED":
        came = received.received_at
        _keep(StoredStructure(agency_id=received.agency_id, received=received, stored_at=came), document)


def keep_sent_structure(alert: Alert, document: Mapping[str, Any]) -> None:
    """Store the structure of an alert that the agency sent; as `keep_received_structure`."""
    if alert.tlp != "RED" and alert.released_at is not None:
        went = alert.released_at
        _keep(StoredStructure(agency_id=alert.agency_id, alert=alert, stored_at=went), document)


def forget_structures(received: Iterable[ReceivedAlert]) -> None:
    """Delete what is kept of these alerts, and their newly caught lines."""
    rows = StoredStructure.objects.filter(received__in=list(received))
    CaughtStructure.objects.filter(structure__in=rows).delete()
    rows.delete()


def open_structures(
    agency_id: str,
    *,
    actor: Actor | None = None,
    limit: int = OPENED_AT_MOST,
    with_named: bool = False,
) -> Iterator[OpenedStructure]:
    """Open the agency's readable structures, newest first, at most `limit`, without those of withdrawn and replaced alerts.

    With an actor, only those of alerts that the actor may see; `with_named` includes those known by name only. A row that
    does not open is skipped.
    """
    rows = _readable(agency_id, actor, with_named=with_named)
    found = list(rows.values_list("pk", flat=True)[: min(limit, OPENED_AT_MOST)])
    for start in range(0, len(found), PAGE):
        by_key = StoredStructure.objects.in_bulk(found[start : start + PAGE])
        page = [by_key[pk] for pk in found[start : start + PAGE] if pk in by_key]
        yield from open_rows(agency_id, page)


def count_structures(agency_id: str, *, actor: Actor | None = None, with_named: bool = False) -> int:
    """Count what `open_structures` would open without a limit."""
    return _readable(agency_id, actor, with_named=with_named).count()


def _readable(agency_id: str, actor: Actor | None, *, with_named: bool) -> StoredStructureQuerySet:
    rows = StoredStructure.objects.all() if actor is None else StoredStructure.objects.visible_to(actor)
    marks = (Mark.READ, Mark.NAMED) if with_named else (Mark.READ,)
    return rows.filter(agency_id=agency_id, mark__in=marks).standing()


def open_rows(agency_id: str, rows: Sequence[StoredStructure]) -> Iterator[OpenedStructure]:
    """Open these rows together; a damaged one is skipped."""
    opened = STRUCTURES.open_many(agency_id, [(row.pk, REVISION, row.sealed) for row in rows])
    for row, kept in zip(rows, opened, strict=True):
        if kept is not None:
            yield OpenedStructure(row, kept)


def broken_rows(agency_id: str, rows: Sequence[StoredStructure]) -> list[uuid.UUID]:
    """Return those of these rows whose seals are broken, so that they never open; raises VaultError where that is unknown now."""
    broken = []
    for row in rows:
        try:
            STRUCTURES.open(agency_id, row.pk, row.sealed)
        except SealBrokenError:
            broken.append(row.pk)
        except SecretMissingError:
            continue
    return broken


def seal_kept(row: StoredStructure, kept: Kept) -> bytes:
    """Seal one row's content."""
    return seal_many(row.agency_id, [(row, kept)])[0]


def seal_many(agency_id: str, rows: Sequence[tuple[StoredStructure, Kept]]) -> list[bytes]:
    """Seal the contents of many rows of one agency, in order."""
    return STRUCTURES.seal_many(agency_id, [(row.pk, kept) for row, kept in rows])


def _keep(row: StoredStructure, document: Mapping[str, Any]) -> None:
    text = structure_text(document)
    name, cas = (str(document.get(field) or "").strip() for field in ("preferred_name", "cas_rn"))
    if not text and (not (name or cas) or document.get("alert_type") == OF_THE_LAW):
        return
    if len(text) > MAX_CHARS:
        row.mark, text = Mark.UNREADABLE, ""
    synonyms = () if text else _synonyms(document)
    row.sealed = seal_kept(row, Kept(text, name[:NAME_CHARS], cas[:12], synonyms))
    StoredStructure.objects.bulk_create([row], ignore_conflicts=True)


def _synonyms(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return other names, which are used only without a structure."""
    found = document.get("synonyms") or ()
    return tuple(str(one)[:NAME_CHARS] for one in found)[:SYNONYMS_AT_MOST]


def _plain(kept: Kept) -> bytes:
    content = {
        "text": kept.text,
        "name": kept.name,
        "cas_rn": kept.cas_rn,
        "synonyms": list(kept.synonyms),
        "smiles": kept.smiles,
        "parent": kept.parent,
        "inchikey": kept.inchikey,
        "blocks": list(kept.blocks),
        "a": b64encode(kept.fingerprint_a).decode(),
        "b": b64encode(kept.fingerprint_b).decode(),
        "verdicts": {rule: list(said) for rule, said in kept.verdicts.items()},
        "listed": list(kept.listed),
        "engine": kept.engine,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _kept(plain: bytes) -> Kept:
    content: dict[str, Any] = json.loads(plain)
    content["fingerprint_a"], content["fingerprint_b"] = (b64decode(content.pop(name)) for name in ("a", "b"))
    content["synonyms"] = tuple(content.get("synonyms", ()))  # earlier rows have none
    content["blocks"], content["listed"] = tuple(content["blocks"]), tuple(content["listed"])
    content["verdicts"] = {key: (rule, verdict) for key, (rule, verdict) in content["verdicts"].items()}
    return Kept(**content)


STRUCTURES: Final = SealedStore("storedstructure", _plain, _kept)
