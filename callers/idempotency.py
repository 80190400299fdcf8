# SPDX-License-Identifier: Apache-2.0
"""Idempotency: a write with an `Idempotency-Key` is done once, however often it is sent.

A row holds the key, a keyed digest of the request, and the outcome as status and resource id; never a body. The view
renders its answer from the resource, so that a repeated request sees its present state. Without the header the write is
simply done. Source: the IETF draft "The Idempotency-Key HTTP Header Field".
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accord.envelope.encoding import b64u
from callers.actors import Actor
from callers.digests import keyed_digest, keyed_digest_of_stream
from callers.errors import IdempotencyKeyReusedError, InputError, RequestInProgressError
from callers.models import IdempotentRequest

HEADER: Final = "Idempotency-Key"
KEPT_FOR: Final = timedelta(hours=24)
GIVEN_UP_AFTER: Final = timedelta(minutes=1)
"""A request that has not ended by then died with its process; the next one replaces it."""
CLAIMS_AT_MOST: Final = 3

_KEY = re.compile(r"[\x21-\x7e]{1,120}")
Answered = TypeVar("Answered")


@dataclass(frozen=True)
class Outcome:
    """Outcome of a write: HTTP status and the id of the resource, as text."""

    status: int
    resource: str = ""
    is_replayed: bool = False


def idempotent(request: Request, actor: Actor, fn: Callable[[], Outcome], *, now: datetime) -> Outcome:
    """Run `fn` once per actor and key. `fn` opens its own transactions; if it raises, the key is free again.

    Raises IdempotencyKeyReusedError for the same key with another request, RequestInProgressError while the first is in
    progress, InputError for a malformed key.
    """
    key = _key_in(request)
    return fn() if key is None else _run_once(actor, key, _request_mac(request), fn, now)


def idempotent_part(
    request: Request, actor: Actor, part: str, content: Any, fn: Callable[[], Outcome], *, now: datetime
) -> Outcome:
    """Run one part of a request with several parts, once per key and part: a repeated request does the rest.

    `content` is the part's JSON. Call it inside `idempotent`, which guards the whole request.
    """
    key = _key_in(request)
    if key is None:
        return fn()
    mac = keyed_digest("idempotent-part", part.encode(), json.dumps(content, sort_keys=True).encode())
    own_key = b64u(keyed_digest("idempotent-part-key", key.encode(), part.encode()))
    return _run_once(actor, own_key, mac, fn, now)


def repeatable(request: Request, actor: Actor, fn: Callable[[], Answered], *, now: datetime) -> Answered:
    """Run `fn`, which may be repeated without harm and whose answer is never stored.

    The key still guards: its use with another request is refused, and so is a second request while the first is in
    progress. Raises as `idempotent` does.
    """
    answers: list[Answered] = []

    def run() -> Outcome:
        answers.append(fn())
        return Outcome(200)

    idempotent(request, actor, run, now=now)
    return answers[0] if answers else fn()


def forget_requests(*, now: datetime) -> int:
    """Delete rows older than a day; return how many."""
    return IdempotentRequest.objects.filter(created_at__lte=now - KEPT_FOR).delete()[0]


def _key_in(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise InputError(HEADER, _("Use 1 to 120 visible ASCII characters."))
    return key


def _run_once(actor: Actor, key: str, mac: bytes, fn: Callable[[], Outcome], now: datetime) -> Outcome:
    row, earlier = _claim(actor, key, mac, now)
    if earlier is not None:
        return earlier
    try:
        outcome = fn()
    except BaseException:
        row.delete()
        raise
    IdempotentRequest.objects.filter(pk=row.pk).update(status=outcome.status, resource=outcome.resource)
    return outcome


def _claim(actor: Actor, key: str, mac: bytes, now: datetime) -> tuple[IdempotentRequest, Outcome | None]:
    """Return this request's row, and the earlier outcome if there is one."""
    for _again in range(CLAIMS_AT_MOST):
        try:
            return _claim_now(actor, key, mac, now)
        except IntegrityError:
            # Another request had the key and released it between our two queries.
            continue
    raise RequestInProgressError


def _claim_now(actor: Actor, key: str, mac: bytes, now: datetime) -> tuple[IdempotentRequest, Outcome | None]:
    with transaction.atomic():
        row, is_new = IdempotentRequest.objects.select_for_update().get_or_create(
            actor=actor.audit_name, key=key, defaults={"request_mac": mac, "created_at": now}
        )
        if is_new:
            return row, None
        if bytes(row.request_mac) != mac:
            raise IdempotencyKeyReusedError
        if row.status is not None:
            return row, replace(Outcome(row.status, row.resource), is_replayed=True)
        if row.created_at > now - GIVEN_UP_AFTER:
            raise RequestInProgressError
        row.created_at = now
        row.save(update_fields=["created_at"])
        return row, None


def _request_mac(request: Request) -> bytes:
    return keyed_digest_of_stream("idempotent-request", _parts(request))


def _parts(request: Request) -> Iterator[bytes]:
    yield f"{request.method} {request.get_full_path()}\n".encode()
    data: object = request.data
    for name, uploaded in sorted(request.FILES.lists()):
        for file in uploaded:
            yield f"{name} {file.size}\n".encode()
            yield from _chunks(file)
    if isinstance(data, bytes):
        yield data
    elif isinstance(data, QueryDict):
        fields = {name: values for name, values in data.lists() if name not in request.FILES}
        yield json.dumps(fields, sort_keys=True).encode()
    else:
        yield json.dumps(data, sort_keys=True).encode()


def _chunks(file: "UploadedFile[bytes]") -> Iterator[bytes]:
    yield from file.chunks()
    file.seek(0)
