# SPDX-License-Identifier: Apache-2.0
"""Answers of another shape than agreed are refused, whoever sends them; nothing of them is used."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accord.client.errors import AnswerError, RefusedError
from accord.client.exchange import HttpExchange
from accord.client.transport import Patience, Transport
from tests.client.scripted_hub import ScriptedHub, served

MD = "A" * 43
ITEM = {"number": 1, "what": "envelope", "d": MD, "iss": "xa-alpha", "id": "jti", "ref": None}
FACTS = {"what": "envelope", "d": MD, "id": "jti", "iat": 1, "receipt": None, "deliveries": []}

Call = Callable[[HttpExchange], Any]


@pytest.fixture
def hub() -> Iterator[ScriptedHub]:
    with served((200, {}, b"{}")) as hub:
        yield hub


@pytest.fixture
def exchange(hub: ScriptedHub) -> Iterator[HttpExchange]:
    exchange = HttpExchange(Transport(hub.address, patience=Patience(tries=1)))
    yield exchange
    exchange.close()


def keyset(exchange: HttpExchange) -> Any:
    return exchange.keyset("xa-alpha")


def challenge(exchange: HttpExchange) -> Any:
    return exchange.challenge("xa-alpha", [])


def inbox(exchange: HttpExchange) -> Any:
    return exchange.inbox(after=0, limit=10)


def resolve(exchange: HttpExchange) -> Any:
    return exchange.resolve("7QK4-M2XN")


def submission(exchange: HttpExchange) -> Any:
    return exchange.submission(MD)


def statement(exchange: HttpExchange) -> Any:
    return exchange.statement(MD)


def consistency(exchange: HttpExchange) -> Any:
    return exchange.consistency(1, 2)


BENT: dict[str, tuple[Call, object]] = {
    "a feed that is a list": (inbox, []),
    "a feed without its head": (inbox, {"items": []}),
    "a negative head": (inbox, {"items": [], "head": -1}),
    "a head that is a truth value": (inbox, {"items": [], "head": True}),
    "items that are no list": (inbox, {"items": {}, "head": 0}),
    "an item that is no object": (inbox, {"items": [1], "head": 1}),
    "an item whose digest is a path": (inbox, {"items": [ITEM | {"d": "../../x"}], "head": 1}),
    "an item whose issuer is a number": (inbox, {"items": [ITEM | {"iss": 1}], "head": 1}),
    "a reference that is a number": (resolve, {"items": [ITEM | {"ref": 5}], "head": 1}),
    "a keyset that is a number": (keyset, {"keyset": 1}),
    "a keyset over its limit": (keyset, {"keyset": {"payload": "A" * 300_000}}),
    "a malformed receipt": (keyset, {"keyset": {}, "receipt": {"leaf": 1}}),
    "revocations that are no list": (keyset, {"keyset": {}, "receipt": None, "revokes": "all"}),
    "a challenge without nonces": (challenge, {"chal": "A"}),
    "a statement that is missing": (statement, {"receipt": None}),
    "a proof that is no list": (consistency, {"path": "A"}),
    "a proof of short hashes": (consistency, {"path": ["AAAA"]}),
    "a delivery that is a text": (submission, FACTS | {"deliveries": ["xb-bravo"]}),
    "a moment that is a number": (
        submission,
        FACTS | {"deliveries": [{"recipient": "xb-bravo", "state": "available", "told_at": 5}]},
    ),
}


@pytest.mark.parametrize("sentence", BENT)
def test_another_shape_is_refused(hub: ScriptedHub, exchange: HttpExchange, sentence: str) -> None:
    call, answer = BENT[sentence]
    hub.answers[:] = [(200, {}, json.dumps(answer).encode())]
    with pytest.raises(AnswerError):
        call(exchange)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"items":[],"items":[],"head":0}', b'{"head":1.5}', b"\xff"]
)
def test_what_is_no_strict_json_is_refused(hub: ScriptedHub, exchange: HttpExchange, body: bytes) -> None:
    hub.answers[:] = [(200, {}, body)]
    with pytest.raises(AnswerError):
        inbox(exchange)


def test_sound_answers_are_read(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(200, {}, json.dumps({"items": [ITEM], "head": 1}).encode())]
    (item,) = inbox(exchange).items
    assert (item.number, item.d, item.ref) == (1, MD, None)
    hub.answers[:] = [(200, {}, json.dumps(FACTS).encode())]
    assert submission(exchange).deliveries == ()


def test_an_answer_about_another_submission_is_refused(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(200, {}, json.dumps(FACTS | {"d": "E" * 43}).encode())]
    with pytest.raises(AnswerError, match="another object"):
        submission(exchange)


def test_what_is_absent_is_none_where_absence_is_an_answer(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(404, {}, b"{}")]
    assert keyset(exchange) is None
    assert resolve(exchange) is None
    with pytest.raises(RefusedError):
        statement(exchange)


def test_a_blob_of_another_length_is_refused(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(200, {}, b"x" * 10)]
    assert b"".join(exchange.blob(MD, 0, 10)) == b"x" * 10
    for size in (9, 11):
        with pytest.raises(AnswerError):
            list(exchange.blob(MD, 0, size))
