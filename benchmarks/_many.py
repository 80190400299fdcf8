# SPDX-License-Identifier: Apache-2.0
"""Very many alerts between two agencies of the running scratch hub, as rows that were never sealed or sent.

Import it after `set_up_every_app()`. Rows go in by COPY, each with a sealed card of its own and with its tokens, so that lists
and searches do the same work as for real ones. Opened, acknowledged and asked follow a fixed pattern of the row's number.
"""

import os
import secrets
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from json import dumps

import psycopg
from django.db import connection
from django.db.models import Max, Model

from accord.envelope.encoding import b64u
from alerts.document import choices
from alerts.models import Alert, CardToken, ReceivedAlert
from alerts.projections.cards import ALERT_TABLE, RECEIVED_TABLE, Card
from callers.binding import BoundRow, mac_of
from peers.models import Agency, SentDelivery, SentEnvelope
from vault import hierarchy
from vault.hierarchy import RootSecret, RowPlace
from vault.sealed_store import REVISION
from vault.wrapped_keys import newest_secret

BATCH = 5_000
ASKS, FLASH, FLASH_ALERTS = 5, 9, 100
SUBSTANCES = ("flualprazolam", "etizolam", "metonitazene", "ميتونيتازين", "蓝色药片", "этизолам")
LANES = tuple(code for code, _text in choices.LANES)
KINDS = tuple(code for code, _text in choices.ALERT_TYPES)
COUNTRIES = ("XA", "XB", "XC", "XD", "XE", "XF")
_HEADER = bytes([1]) + (1).to_bytes(4, "big") + (1).to_bytes(2, "big")


def send_many(sender: Agency, recipient: Agency, count: int, *, every: int, now: datetime) -> None:
    """Write `count` alerts that one agency has sent and the other received, a minute apart, the last one just now.

    One in `every` is not opened, another one asks for an answer; flash are as many as fill a page, however many alerts.
    """
    first = (ReceivedAlert.objects.filter(agency=recipient).aggregate(n=Max("number"))["n"] or 0) + 1
    makers = (newest_secret(sender.pk), newest_secret(recipient.pk))
    assert all(secret.epoch == 1 for secret in makers)
    numbers = iter(range(count))
    while batch := list(islice(numbers, BATCH)):
        made = [
            _alert(
                n,
                first + n,
                now - timedelta(minutes=count - n),
                every,
                count // FLASH_ALERTS,
                sender,
                recipient,
                makers,
            )
            for n in batch
        ]
        for kind in zip(*made, strict=True):
            copy_rows([row for rows in kind for row in rows])
    # As autovacuum does within a minute; for a login that does not own the tables it is silently skipped.
    with psycopg.connect(os.environ["BENCH_OWNER_URL"], autocommit=True) as owner:
        owner.execute("ANALYZE")


def copy_rows(rows: Sequence[Model]) -> None:
    """Write rows of one model as they are, with their codes where the model has them."""
    model, ready = type(rows[0]), list(rows)
    fields = [field for field in model._meta.concrete_fields if field.get_internal_type() != "BigAutoField"]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    for row in ready:
        if isinstance(row, BoundRow):
            row.mac = mac_of(row._meta.db_table, row.facts_now())
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN') as copy,
    ):
        for row in ready:
            copy.write_row(
                [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
            )


def _alert(
    n: int,
    number: int,
    at: datetime,
    every: int,
    flash_every: int,
    sender: Agency,
    recipient: Agency,
    makers: tuple[RootSecret, RootSecret],
) -> tuple[Sequence[Model], ...]:
    """Return the sender's rows of envelope and delivery, the recipient's row, and the tokens of both."""
    md, jti = b64u(secrets.token_bytes(32)), str(uuid.uuid4())
    reference = f"{sender.pk[1]}{recipient.pk[1]}{n:06X}".upper()
    is_open, due = n % every != 0, at + timedelta(hours=1)
    reply_by = due if n % every == ASKS else None
    shared = {
        "status": "exercise" if n % 500 == 7 else "actual",
        "tlp": "AMBER" if n % 3 else "GREEN",
        "lane": LANES[n % len(LANES)],
        "pri": "flash" if n % flash_every == FLASH else "urgent" if n % 10 == 3 else "routine",
        "jti": jti,
        "md": md,
    }
    card = Card(
        title=f"Case {n} of {secrets.token_hex(6)}",
        alert_type=KINDS[n % len(KINDS)],
        substances=(SUBSTANCES[n % len(SUBSTANCES)],),
        countries=(COUNTRIES[n % len(COUNTRIES)],),
    )
    left = SentEnvelope(
        reader=sender.pk, md=md, recipients=[recipient.pk], ack_by=due, reply_by=reply_by,
        exp=at + timedelta(days=900), keep=at + timedelta(days=1800),
    )  # fmt: skip
    opened_at = at if is_open else None
    heard = SentDelivery(
        reader=sender.pk, md=md, recipient=recipient.pk, state="acknowledged" if is_open else "available", told_at=at,
        fetched_at=at, opened_at=opened_at, acknowledged_at=opened_at, answer="opened" if is_open else "",
    )  # fmt: skip
    sent = Alert(
        agency=sender, created_by="officer:bench", state="released", current=1, created_at=at, changed_at=at,
        submitted_at=at, released_at=at, tokens_kept=True, **shared,
    )  # fmt: skip
    received = ReceivedAlert(
        agency=recipient, issuer=sender, number=number, reference=f"{reference[:4]}-{reference[4:]}",
        suite="PQ1", kind="alert", purpose="prevent", **shared, iat=at, exp=at + timedelta(days=900), ack_by=due,
        reply_by=reply_by, answer_by=reply_by, keep=at + timedelta(days=1800), logged_at=at, log_index=number, received_at=at, first_md=md, signers=[],
        first_opened_at=at if is_open else None, acknowledged_at=at if is_open else None,
    )  # fmt: skip
    sent.card = _seal(makers[0], ALERT_TABLE, sent, 1, card)
    received.card = _seal(makers[1], RECEIVED_TABLE, received, REVISION, card)
    tokens = [
        *_tokens(makers[0], CardToken(agency=sender, alert=sent), card, n),
        *_tokens(makers[1], CardToken(agency=recipient, received=received), card, n),
    ]
    return [left], [heard], [sent], [received], tokens


def _seal(secret: RootSecret, table: str, row: Model, revision: int, card: Card) -> bytes:
    plain = dumps(asdict(card), ensure_ascii=False, sort_keys=True).encode()
    return _HEADER + hierarchy.seal_row(secret, "card", RowPlace(table, str(row.pk), revision, 1), plain)


def _tokens(secret: RootSecret, row: CardToken, card: Card, n: int) -> Iterator[CardToken]:
    """Yield kind and country of each alert, and an exhibit number of every hundredth."""
    pairs = [("alert_type", card.alert_type), ("place_country", card.countries[0])]
    if n % 100 == 0:
        pairs.append(("exhibit_no", f"B-{n}"))
    for field, value in pairs:
        token = _token(secret, field, value)
        yield CardToken(
            agency_id=row.agency_id, received_id=row.received_id, alert_id=row.alert_id, token=token
        )


@lru_cache(maxsize=100)
def _token(secret: RootSecret, field: str, value: str) -> bytes:
    return hierarchy.token(secret, field, value)


def opened(cards: Iterable[tuple[str, int, bytes]], secret: RootSecret, table: str) -> int:
    """Open sealed cards and do nothing else: the floor of a search over as many."""
    opener = hierarchy.RowOpener(secret, "card", table)
    return sum(len(opener.open(pk, revision, 1, sealed[len(_HEADER) :])) for pk, revision, sealed in cards)
