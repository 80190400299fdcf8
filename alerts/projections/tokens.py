# SPDX-License-Identifier: Apache-2.0
"""Exact identifiers of an alert as keyed tokens: equal for equal values within one agency, else noise.

Words and names are not tokenised: a search opens cards for them. Received and sent alerts have tokens; a file has one of
its SHA-256, never of its name.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from alerts.models import Alert, CardToken, ReceivedAlert
from alerts.rows.about import about_visible
from officers.ceilings import ceiling_of
from officers.models import Officer
from peers.models import Agency
from vault import services

Pair = tuple[str, str]
TOKENISED: Final = ("inchikey", "cas_rn", "alert_type", "place_country", "exhibit_no")
INCHIKEY_BLOCK: Final = "inchikey_block"
COUNTRY: Final = "country"
FILE: Final = "file_sha256"
_INCHIKEY: Final = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_BLOCK: Final = re.compile(r"[A-Z]{14}")
_CAS: Final = re.compile(r"[0-9]{2,7}-[0-9]{2}-[0-9]")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


_UNSEEN: Final = dict.fromkeys(
    (
        *(0xAD, 0x61C, 0x180E, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
    )
)
"""Invisible characters, which nobody types: joiners, direction marks, variation selectors."""


def fold(text: str) -> str:
    """Return text for comparison: compatibility forms (NFKC) and case folded, without invisible characters."""
    if text.isascii():
        return text.lower()
    shown = text.translate(_UNSEEN)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold())


def identifiers_of(document: Mapping[str, Any]) -> list[Pair]:
    """Return the (field, value) pairs of a document that are tokenised; for an InChIKey its first block too."""
    pairs = [(name, str(document[name])) for name in TOKENISED if document.get(name)]
    if document.get("inchikey"):
        pairs.append((INCHIKEY_BLOCK, str(document["inchikey"])[:14]))
    if document.get("exhibit_no"):
        pairs.append(("exhibit_no", fold(str(document["exhibit_no"]))))
    return pairs + [(COUNTRY, code) for code in sorted(set(_countries(document)))]


def identifiers_in(text: str) -> list[Pair]:
    """Return the pairs that a searched text may stand for as an exact identifier."""
    exact = text.strip()
    upper, lower = exact.upper(), exact.lower()
    if _INCHIKEY.fullmatch(upper):
        return [("inchikey", upper), (INCHIKEY_BLOCK, upper[:14])]
    if _BLOCK.fullmatch(upper):
        return [(INCHIKEY_BLOCK, upper)]
    if _CAS.fullmatch(upper):
        return [("cas_rn", upper)]
    if _SHA256.fullmatch(lower):
        return [(FILE, lower)]
    return [("exhibit_no", exact), ("exhibit_no", fold(exact))]


def file_digest(data: bytes) -> str:
    """Return a file's search identifier: the SHA-256 of its content in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def keep_tokens(received: ReceivedAlert, document: Mapping[str, Any], digests: Iterable[str] = ()) -> None:
    """Write the tokens of a received alert, and of its files where they were read; existing tokens stay."""
    made = _tokens(received.agency_id, document, digests)
    CardToken.objects.bulk_create(
        (CardToken(agency_id=received.agency_id, received=received, token=token) for token in made),
        ignore_conflicts=True,
    )


def keep_sent_tokens(alert: Alert, document: Mapping[str, Any], digests: Iterable[str] = ()) -> None:
    """Write the tokens of a sent alert and mark it as having them; the caller locks the row."""
    made = _tokens(alert.agency_id, document, digests)
    CardToken.objects.bulk_create(
        (CardToken(agency_id=alert.agency_id, alert=alert, token=token) for token in made),
        ignore_conflicts=True,
    )
    alert.tokens_kept = True
    alert.save(update_fields=["tokens_kept"])


def tokens_of(agency_id: str, pairs: Iterable[Pair]) -> list[bytes]:
    """Return the tokens to look up for these pairs."""
    return services.tokens(agency_id, pairs)


def received_with_token(agency: Agency | None, *pairs: Pair) -> Q:
    """Return the condition for received alerts of the agency with one of these identifiers; no rows without an agency."""
    return _with_token(agency, "received", pairs)


def sent_with_token(agency: Agency | None, *pairs: Pair) -> Q:
    """Return the condition for sent alerts of the agency with one of these identifiers; no rows without an agency."""
    return _with_token(agency, "alert", pairs)


def _with_token(agency: Agency | None, column: str, pairs: Iterable[Pair]) -> Q:
    if agency is None:
        return Q(pk__in=[])
    return holding(agency.pk, column, tokens_of(agency.pk, pairs))


def is_known(officer: Officer, tokens: Iterable[bytes]) -> bool:
    """Tell whether any alert that the officer may see has one of these tokens."""
    rows = CardToken.objects.filter(agency_id=officer.agency_id or "", token__in=tokens)
    if ceiling_of(officer) is None:
        return rows.exists()
    return rows.filter(about_visible(officer)).exists()


def holding(agency_id: str, column: str, tokens: Iterable[bytes]) -> Q:
    """Return the condition for rows of the agency with one of these tokens; `column` is received or alert."""
    found = CardToken.objects.filter(agency_id=agency_id, token__in=tokens)
    return Q(Exists(found.filter(**{column: OuterRef("pk")})))


def _tokens(agency_id: str, document: Mapping[str, Any], digests: Iterable[str]) -> list[bytes]:
    pairs = identifiers_of(document) + [(FILE, digest) for digest in digests]
    return sorted(set(services.tokens(agency_id, pairs)))


def _countries(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the country where it was seen, and that of every stop of its route."""
    if document.get("place_country"):
        yield str(document["place_country"])
    for stop in document.get("route") or ():
        yield str(stop["country"])
