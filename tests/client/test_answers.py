# SPDX-License-Identifier: Apache-2.0
"""An answer of another shape than agreed is refused whole, whoever sends it."""

import json
from collections.abc import Callable, Iterator
from operator import methodcaller
from typing import Any

import pytest

from accord.calls.agreements import read_agreements, read_circles
from accord.calls.answers import (
    MAX_LIST_BYTES,
    MOST_SLICES,
)
from accord.calls.deliveries import ReportedFact
from accord.calls.errors import OtherVersionError
from accord.calls.exchange import HttpExchange
from accord.calls.transport import HttpTransport, Patience
from accord.client.errors import AbsentError, AnswerError, BusyError, RefusedError
from accord.envelope.encoding import MAX_SLICE_BYTES
from tests.client.scripted_hub import ScriptedHub

MD, OTHER = "A" * 43, "E" * 43
PAIR = {"first": 1, "second": 2, "path": []}
ITEM = {"number": 1, "what": "envelope", "digest": MD, "iss": "xa-alpha", "id": "jti", "ref": None}
FACTS = {"what": "envelope", "digest": MD, "id": "jti", "iat": 1, "receipt": None, "deliveries": []}

Call = Callable[[HttpExchange], Any]


@pytest.fixture
def exchange(hub: ScriptedHub) -> Iterator[HttpExchange]:
    exchange = HttpExchange(HttpTransport(hub.address, patience=Patience(tries=1)))
    yield exchange
    exchange.close()


keyset = methodcaller("keyset", "xa-alpha")
challenge = methodcaller("challenge", "xa-alpha", [])
inbox = methodcaller("inbox", after="0", limit=10)
resolve = methodcaller("resolve", "7QK4-M2XN")
submission = methodcaller("submission", MD)
statement = methodcaller("statement", MD)
consistency = methodcaller("consistency", 1, 2)
consistencies = methodcaller("consistencies", [(1, 2), (2, 3)])
checkpoint = methodcaller("checkpoint")
proof = methodcaller("proof", 3)
slices = methodcaller("slices", [MD, OTHER])
TERMS = {
    "lane": "science",
    "purpose": "science",
    "tlp": "GREEN",
    "pri": "routine",
    "status": "actual",
    "suite": "PQ1",
}
previews = methodcaller("previews", TERMS, ["xc-charlie", "xb-bravo"])
keysets = methodcaller("keysets", {"xa-alpha": 1, "xb-bravo": 0})


def lists(**members: object) -> dict[str, object]:
    return {"items": [], "unchanged": ["xa-alpha"], "unknown": [], "rest": ["xb-bravo"]} | members


reminded = methodcaller("remind", MD, key="one")
entry = methodcaller("entry", "xa-alpha")
ENTRY: dict[str, object] = {
    "agency": "xa-alpha",
    "telephone": "",
    "timezone": "UTC",
    "contacts": [],
    "statement": None,
}
credentials = methodcaller("credentials")
CREDENTIAL: dict[str, object] = {
    "prefix": "4f0b7c19d2e8",
    "client": "case system",
    "scopes": ["feed:read"],
    "networks": [],
    "expires_at": "2026-11-25T21:04:05Z",
    "revoked_at": None,
}
announced = methodcaller("announce_instance", "one", software="accord")
HOLDER: dict[str, object] = {"id": "one", "software": "accord", "since": "2026-11-25T21:04:05Z"}
suspended = methodcaller("suspend_key", MD)
SUSPENDED: dict[str, object] = {"kid": MD, "suspended_at": "2026-11-25T21:04:05Z", "until_keyset": True}
REMINDED = {"md": MD, "recipients": ["xb-bravo"], "reminded_at": None, "again_at": None}


def agreements(exchange: HttpExchange) -> Any:
    return read_agreements(exchange.agreements(), "xa-alpha")


def circles(exchange: HttpExchange) -> Any:
    return read_circles(exchange.circles(), "xa-alpha")


AGREED: dict[str, object] = {
    "ref": "G1",
    "title": "First",
    "version": 1,
    "parties": ["xa-alpha", "xb-bravo"],
    "lanes": ["science"],
    "ceiling": "GREEN",
    "purposes": [],
    "nbf": "2026-11-25T21:04:05Z",
    "until": None,
    "survive_lanes": [],
    "survive_flash": False,
    "emergency": False,
    "suspended": [],
}
CIRCLE: dict[str, object] = {
    "name": "Lantern",
    "agreement": "G1",
    "members": ["xa-alpha", "xb-bravo"],
    "since": "2026-11-25T21:04:05Z",
}
CALLER: dict[str, object] = {"expires_at": "2026-11-25T21:04:05Z"}


def judged(agency: str, **members: object) -> dict[str, object]:
    return {"agency": agency, "allowed": True, "code": "", "args": {"ref": "G1", "tlp": "AMBER"}} | members


changes = methodcaller("changed_deliveries", since="")
reported = methodcaller("report_facts", [ReportedFact(MD, "told", 1), ReportedFact(MD, "opened", 2)])


CHANGED = {"md": MD, "recipient": "xb-bravo", "state": "available"}
TAKEN = {"md": MD, "fact": "told"}


def row(md: str, **members: object) -> dict[str, object]:
    return {"md": md, **members}


BENT: dict[str, tuple[Call, object]] = {
    "agreements that are no list": (agreements, {"items": {}}),
    "an agreement of others": (agreements, {"items": [AGREED | {"parties": ["xb-bravo", "xc-charlie"]}]}),
    "an agreement twice": (agreements, {"items": [AGREED, AGREED]}),
    "an agreement whose exception is a text": (agreements, {"items": [AGREED | {"survive_flash": "no"}]}),
    "an agreement without its beginning": (agreements, {"items": [AGREED | {"nbf": None}]}),
    "an agreement whose version is a text": (agreements, {"items": [AGREED | {"version": "1"}]}),
    "a title that no database takes": (agreements, {"items": [AGREED | {"title": "a\x00"}]}),
    "a circle of others": (circles, {"items": [CIRCLE | {"members": ["xb-bravo"]}]}),
    "a circle twice": (circles, {"items": [CIRCLE, CIRCLE]}),
    "a circle since no time": (circles, {"items": [CIRCLE | {"since": None}]}),
    "a feed that is a list": (inbox, []),
    "a feed without its head": (inbox, {"items": []}),
    "a negative head": (inbox, {"items": [], "head": -1, "next": "0.1"}),
    "a head that is a truth value": (inbox, {"items": [], "head": True, "next": "0.1"}),
    "items that are no list": (inbox, {"items": {}, "head": 0, "next": "0.1"}),
    "a place that is no text": (inbox, {"items": [], "head": 0, "next": 1}),
    "an item that is no object": (inbox, {"items": [1], "head": 1, "next": "0.1"}),
    "an item whose digest is a path": (
        inbox,
        {"items": [ITEM | {"digest": "../../x"}], "head": 1, "next": "0.1"},
    ),
    "an item whose issuer is a number": (inbox, {"items": [ITEM | {"iss": 1}], "head": 1, "next": "0.1"}),
    "a reference that is a number": (resolve, {"items": [ITEM | {"ref": 5}], "head": 1, "next": "0.1"}),
    "a keyset that is a number": (keyset, {"keyset": 1}),
    "a keyset over its limit": (keyset, {"keyset": {"payload": "A" * 300_000}}),
    "a malformed receipt": (keyset, {"keyset": {}, "receipt": {"leaf": 1}}),
    "revocations that are no list": (keyset, {"keyset": {}, "receipt": None, "revokes": "all"}),
    "a challenge without nonces": (challenge, {"chal": "A"}),
    "a statement that is missing": (statement, {"receipt": None}),
    "a proof that is no list": (consistency, {"path": "A"}),
    "a proof of short hashes": (consistency, {"path": ["AAAA"]}),
    "proofs that are no list": (consistencies, {"items": {}}),
    "a proof too few": (consistencies, {"items": [PAIR]}),
    "a proof of other sizes": (consistencies, {"items": [PAIR, PAIR]}),
    "a bent proof among sound ones": (
        consistencies,
        {"items": [PAIR, {"first": 2, "second": 3, "path": ["AAAA"]}]},
    ),
    "slices that are no list": (slices, {"items": {}}),
    "no slice at all": (slices, {"items": []}),
    "a slice of another envelope": (slices, {"items": [row("I" * 43, slice="{}")]}),
    "slices in another order": (slices, {"items": [row(OTHER, slice="{}"), row(MD, slice="{}")]}),
    "a slice too many": (slices, {"items": [row(MD, slice="{}"), row(OTHER, slice="{}"), row(MD, slice="")]}),
    "a slice without its digest": (slices, {"items": [{"slice": "{}"}]}),
    "a slice that is a list": (slices, {"items": [["{}"]]}),
    "keysets without their lists": (keysets, {"items": []}),
    "an agency in no list": (keysets, lists(rest=[])),
    "an agency in two lists": (keysets, lists(unknown=["xb-bravo"])),
    "an agency that nobody asked about": (keysets, lists(rest=["xc-charlie"])),
    "a newer keyset that is a number": (keysets, lists(items=[{"agency": "xb-bravo", "keyset": 1}], rest=[])),
    "a version that is a text": (
        lambda exchange: exchange.caller(),
        CALLER | {"versions": {"api": {"oldest": "1", "newest": 1}}},
    ),
    "credentials that are no list": (credentials, {"items": {}}),
    "a credential without an end": (credentials, {"items": [CREDENTIAL | {"expires_at": None}]}),
    "a credential whose text is a number": (credentials, {"items": [CREDENTIAL | {"key": 1}]}),
    "a credential with a number for a scope": (credentials, {"items": [CREDENTIAL | {"scopes": [1]}]}),
    "another instance than the one announced": (announced, HOLDER | {"id": "two"}),
    "an instance since no time": (announced, HOLDER | {"since": None}),
    "the suspension of another key": (suspended, SUSPENDED | {"kid": OTHER}),
    "a suspension at no time": (suspended, SUSPENDED | {"suspended_at": None}),
    "a suspension until a number": (suspended, SUSPENDED | {"until_keyset": 1}),
    "the entry of another agency": (entry, ENTRY | {"agency": "xb-bravo"}),
    "an entry without a zone": (entry, ENTRY | {"timezone": None}),
    "a contact point that is a number": (entry, ENTRY | {"contacts": [1]}),
    "a statement that is no signed object": (entry, ENTRY | {"statement": []}),
    "a reminder of something else": (reminded, REMINDED | {"md": OTHER}),
    "a reminder of a number": (reminded, REMINDED | {"recipients": [1]}),
    "a reminder at no time": (reminded, REMINDED | {"reminded_at": "soon"}),
    "a verdict too few": (previews, {"items": [judged("xb-bravo")]}),
    "a verdict of somebody else": (previews, {"items": [judged("xb-bravo"), judged("xd-delta")]}),
    "a verdict that says both": (
        previews,
        {"items": [judged("xb-bravo"), judged("xc-charlie", allowed=False)]},
    ),
    "a verdict about a number": (
        previews,
        {"items": [judged("xb-bravo"), judged("xc-charlie", args={"ref": 1})]},
    ),
    "a delivery that is a text": (submission, FACTS | {"deliveries": ["xb-bravo"]}),
    "changes without a place": (changes, {"items": [], "more": False}),
    "more that is a number": (changes, {"items": [], "next": "x", "more": 1}),
    "a change of no envelope": (changes, {"items": [CHANGED | {"md": "../x"}], "next": "x", "more": False}),
    "a report that is not answered": (reported, {"items": [TAKEN]}),
    "an answer to another report": (reported, {"items": [TAKEN, TAKEN]}),
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
    hub.answers[:] = [(200, {}, json.dumps({"items": [ITEM], "head": 1, "next": "0.1"}).encode())]
    (item,) = inbox(exchange).items
    assert (item.number, item.d, item.ref) == (1, MD, None)
    hub.answers[:] = [(200, {}, json.dumps(FACTS).encode())]
    assert submission(exchange).deliveries == ()


def test_newer_keysets_are_read_by_agency(hub: ScriptedHub, exchange: HttpExchange) -> None:
    item: dict[str, object] = {
        "agency": "xb-bravo",
        "keyset": {"payload": "e30"},
        "receipt": None,
        "revokes": [],
    }
    hub.answers[:] = [(200, {}, json.dumps(lists(items=[item], rest=[])).encode())]
    found = keysets(exchange)
    assert (found.newer["xb-bravo"].keyset, found.unchanged) == (b'{"payload":"e30"}', ("xa-alpha",))
    method, path, _, body = hub.asked[-1]
    assert (method, path) == ("POST", "/api/v1/keysets/query")
    assert json.loads(body) == {"agencies": {"xa-alpha": 1, "xb-bravo": 0}}


@pytest.mark.parametrize(
    ("versions", "says"),
    [
        ({}, ""),
        ({"api": {"oldest": 1, "newest": 2}, "profile": {"oldest": 1, "newest": 1}}, ""),
        ({"api": {"oldest": 2, "newest": 3}}, "versions 2 to 3 of the interface, this program 1 to 1"),
        ({"profile": {"oldest": 0, "newest": 0}}, "versions 0 to 0 of the profile"),
    ],
)
def test_a_hub_of_other_versions_is_refused_by_name(
    hub: ScriptedHub, exchange: HttpExchange, versions: dict[str, Any], says: str
) -> None:
    told = CALLER | {"status": "active", "limits": {"slices": 100}, "versions": versions}
    hub.answers[:] = [(200, {}, json.dumps(told).encode())]
    caller = exchange.caller()
    assert (caller.status, caller.limits) == ("active", {"slices": 100})
    if not says:
        caller.require_common_versions()
        return
    with pytest.raises(OtherVersionError, match=says):
        caller.require_common_versions()


def test_verdicts_are_read_with_what_they_are_about(hub: ScriptedHub, exchange: HttpExchange) -> None:
    denied = {"allowed": False, "code": "lane-suspended", "args": {"name": "Charlie", "open": ["trade"]}}
    items = [judged("xb-bravo"), judged("xc-charlie", **denied)]
    hub.answers[:] = [(200, {}, json.dumps({"items": items}).encode())]
    bravo, charlie = previews(exchange)
    assert (bravo.allowed, charlie.allowed, charlie.code) == (True, False, "lane-suspended")
    assert charlie.args == {"name": "Charlie", "open": ("trade",)}
    method, path, _, body = hub.asked[-1]
    assert (method, path, json.loads(body)["tlp"]) == ("POST", "/api/v1/previews", "GREEN")


def test_changes_and_reports_are_read(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(200, {}, json.dumps({"items": [CHANGED], "next": "c.d", "more": True}).encode())]
    found = exchange.changed_deliveries(since="a.b")
    assert (found.items[0].md, found.items[0].facts.recipient, found.next, found.more) == (
        MD,
        "xb-bravo",
        "c.d",
        True,
    )
    assert hub.asked[-1][1] == "/api/v1/deliveries?changed_since=a.b"
    problem = {"status": 404, "type": "urn:accord:problem:absent", "title": "There is nothing here for you."}
    answers = [TAKEN, {"md": MD, "fact": "opened", "problem": problem}]
    hub.answers[:] = [(200, {}, json.dumps({"items": answers}).encode())]
    taken, refused = reported(exchange)
    assert (taken, type(refused)) == (None, AbsentError)
    assert json.loads(hub.asked[-1][3])["items"][0] == {"md": MD, "fact": "told", "at": 1}


def test_as_many_slices_as_fit_are_read_in_their_order(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(200, {}, json.dumps({"items": [row(MD, slice='{"v":1}')]}).encode())]
    assert slices(exchange) == [b'{"v":1}']
    method, path, _, body = hub.asked[-1]
    assert (method, path, json.loads(body)) == ("POST", "/api/v1/slices", {"mds": [MD, OTHER]})


def test_no_more_slices_are_asked_for_than_a_hub_gives(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(200, {}, json.dumps({"items": [row(MD, slice="")]}).encode())]
    assert exchange.slices([MD] * (MOST_SLICES + 1)) == [b""]
    assert json.loads(hub.asked[-1][3]) == {"mds": [MD] * MOST_SLICES}


@pytest.mark.parametrize(
    ("members", "kind", "says"),
    [
        ({"problem": {"status": 404, "type": "urn:accord:problem:absent"}}, AbsentError, "HTTP 404"),
        ({"problem": {"status": 409, "title": "Suspended.", "type": "x:flow-suspended"}}, RefusedError, "Suspended"),
        ({"problem": {"status": 503, "title": "Busy."}}, BusyError, "Busy"),
        ({"problem": {"status": 200}}, AnswerError, "another shape"),
        ({"problem": {"status": True}}, AnswerError, "another shape"),
        ({"problem": {}}, AnswerError, "another shape"),
        ({"problem": "absent"}, AnswerError, "another shape"),
        ({"slice": "{}", "problem": {"status": 404}}, AnswerError, "another shape"),
        ({"slice": {"v": 1}}, AnswerError, "another shape"),
        ({"slice": None}, AnswerError, "another shape"),
        ({}, AnswerError, "another shape"),
        ({"slice": "x" * (MAX_SLICE_BYTES + 1)}, AnswerError, "larger than the protocol"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_slice_is_said_of_it_alone(
    hub: ScriptedHub, exchange: HttpExchange, members: dict[str, object], kind: type[Exception], says: str
) -> None:
    hub.answers[:] = [(200, {}, json.dumps({"items": [row(MD, **members), row(OTHER, slice="{}")]}).encode())]
    first, second = slices(exchange)
    assert type(first) is kind
    assert says in str(first)
    assert second == b"{}"


def test_an_answer_with_slices_is_bounded(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(200, {}, b" " * (MAX_LIST_BYTES + 1))]
    with pytest.raises(AnswerError, match="larger"):
        slices(exchange)


def test_a_proof_that_is_not_there_is_none(hub: ScriptedHub, exchange: HttpExchange) -> None:
    items = [PAIR | {"path": None}, {"first": 2, "second": 3, "path": [MD]}]
    hub.answers[:] = [(200, {}, json.dumps({"items": items}).encode())]
    assert consistencies(exchange) == [None, [bytes(32)]]
    assert hub.asked[-1][1] == "/api/v1/ledger/consistency?pairs=1-2%2C2-3"


@pytest.mark.parametrize("octets", [b"", b"c2sp.org/tlog-proof@v1\n\n", b"{}", b"\xff\xff"])
def test_a_proof_of_a_leaf_has_the_form_of_one(
    hub: ScriptedHub, exchange: HttpExchange, octets: bytes
) -> None:
    hub.answers[:] = [(200, {}, octets)]
    with pytest.raises(AnswerError):
        proof(exchange)
    assert hub.asked[-1][1] == "/api/v1/ledger/proof/3"


def test_a_checkpoint_is_a_text(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(200, {}, b"accord.example/log\n5\n")]
    assert checkpoint(exchange) == "accord.example/log\n5\n"
    hub.answers[:] = [(200, {}, b"\xff")]
    with pytest.raises(AnswerError, match="checkpoint"):
        checkpoint(exchange)


def test_an_answer_about_another_submission_is_refused(hub: ScriptedHub, exchange: HttpExchange) -> None:
    hub.answers[:] = [(200, {}, json.dumps(FACTS | {"digest": "E" * 43}).encode())]
    with pytest.raises(AnswerError, match="another object"):
        submission(exchange)


def test_what_is_absent_is_none_where_absence_is_an_answer(hub: ScriptedHub, exchange: HttpExchange) -> None:
    absent = b'{"type": "urn:accord:problem:absent", "status": 404}'
    hub.answers[:] = [(404, {"Content-Type": "application/problem+json"}, absent)]
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
