# SPDX-License-Identifier: Apache-2.0
"""Requests that lie about the caller, the next page, the order and the column to filter by: none is believed."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import pytest
from django.core.management import call_command
from django.test import Client

from agencies.models import ApiKey
from officers.models import Officer
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.security.address_parameters import things_of
from tests.security.answer_parsing import body_of
from tests.security.database_diff import Database, Difference, rows_written
from tests.security.routes import every_route
from tests.security.test_field_flood import caller_for
from tests.security.world import LAB, Caller, SecurityWorld, undone

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

WRITTEN_BY_READING: Final = {
    # Tables in which a read leaves a row: the reader, and the use of a session or a key.
    "ledger_auditevent", "ledger_entry", "ledger_pendingentry", "django_session", "officers_officersession",
    "agencies_apikey", "officers_deskkey",
    # An opening fetches the envelope once and verifies it; the sender's newest keys and the newest checkpoint that the
    # agency has verified are updated with it.
    "alerts_heldblob", "alerts_heldenvelope", "peers_peerkeyset", "peers_peerrevocation", "peers_seenledger",
}  # fmt: skip
FETCHED: Final = {"api/v1/envelopes/<str:md>", "api/v1/envelopes/<str:md>/blobs/<int:n>", "api/v1/slices"}
"""Addresses that fetch an envelope: an act of the protocol by GET, which a browser's session cannot do."""


def test_a_fresh_hub_has_no_account_and_no_key(db: None) -> None:
    call_command("check")
    assert not Officer.objects.exists() and not ApiKey.objects.exists()


def test_no_header_query_or_cookie_names_the_caller(world: SecurityWorld) -> None:
    admin = world.people["agency_admin"]
    claims = {
        "x-remote-user": admin.email, "remote-user": admin.email, "x-forwarded-user": admin.email,
        "x-user": admin.public_id, "x-agency": LAB, "x-original-user": admin.email, "from": admin.email,
        "x-forwarded-email": admin.email, "x-auth-request-user": admin.email,
        "cookie": f"sessionid={admin.pk}; user={admin.pk}; agency={LAB}",
    }  # fmt: skip
    liar = Client(headers=claims)
    query = f"?user={admin.pk}&agency={LAB}&as={admin.email}"
    assert liar.get(f"/officers/{query}").headers["Location"].startswith("/login/")
    assert liar.get(f"/api/v1/alerts{query}").status_code == 401
    weak = world.by_name("reader of xs-harbour").client()
    page = weak.get(
        f"/officers/{query}", headers=claims | {"cookie": weak.cookies.output(header="", sep=";").strip()}
    )
    assert page.status_code == 200 and b"Own Author" not in page.content


@pytest.mark.parametrize(
    "address",
    ["//evil.example/", "/\\evil.example", "\\\\evil.example", "https:evil.example", "http:///evil.example",
     "https://evil.example", "/\t/evil.example", "javascript:alert(1)", "//testserver@evil.example/", "\x01//evil.example"],
    ids=ascii,
)  # fmt: skip
def test_no_address_of_another_site_is_followed(world: SecurityWorld, address: str) -> None:
    reader = world.by_name("reader of xa-lab").client()
    answers = [
        reader.post("/appearance/", {"theme": "dark", "next": address}),
        reader.get(f"/login/?next={quote(address)}"),
        reader.post("/confirm/", {"next": address, "password": "x"}),
        reader.get(f"/confirm/?next={quote(address)}"),
    ]
    for answer in answers:
        parts = urlsplit(answer.headers.get("Location", "/"))
        assert (parts.scheme, parts.netloc) == ("", ""), answer.headers["Location"]
        assert parts.path.startswith("/") and not parts.path.startswith(("//", "/\\"))
        assert b'href="http' not in answer.content and f'value="{address}"'.encode() not in answer.content


def test_reading_changes_nothing(
    world: SecurityWorld, silent: None, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    """Every address that takes GET, by a caller with access: only the access itself is recorded."""
    exchange_as_asked.is_followed = False
    before, wrong = Database.now(), []
    for route in every_route():
        if not route.answers("GET") or route.is_open or route.route in FETCHED:
            continue
        things = things_of(world, route)
        path = route.path({name: thing.value for name, thing in things.items()})
        caller = caller_for(world, route, "GET", list(things.values()))
        with undone():
            client, written = caller.client(), rows_written()
            client.get(path)
            difference = Difference.between(before, before.after(written))
        tables = {place[0] for place in (*difference.updated, *difference.inserted, *difference.deleted)}
        if tables - WRITTEN_BY_READING:
            wrong.append(f"GET {route.route} by {caller.name}: {sorted(tables - WRITTEN_BY_READING)}")
    assert not wrong, "\n".join(wrong)


A_ROW_BYTES: Final = 128
"""One row more or less changes a page by more bytes than this; times in words change it by fewer."""
LOOKUPS: Final = (
    ("author__password__startswith", "argon2", "zzz"),
    ("officer__session_salt__gte", "A", "zzz"),
    ("agency__api_keys__digest__isnull", "0", "1"),
    ("password__contains", "argon2", "zzz"),
    ("ordering", "password", "-author__password"),
    ("order_by", "agency__id", "-agency__id"),
    ("sort", "card", "-sealed"),
)


def test_no_query_walks_to_another_column(world: SecurityWorld, silent: None) -> None:
    """No lookup changes the answer, whatever it would find; or its name is refused.

    All lookups go in one request. If that is refused, each goes alone: the first of several names is refused.
    """
    wrong = []
    for route in every_route():
        if not route.answers("GET") or route.is_open or route.route in FETCHED:
            continue
        things = things_of(world, route)
        path = route.path({name: thing.value for name, thing in things.items()})
        caller = caller_for(world, route, "GET", list(things.values()))
        status, faults = _walk(caller, path, LOOKUPS)
        if status >= 400:
            faults += [
                fault for one in LOOKUPS[:: len(things) + 1] for fault in _walk(caller, path, [one])[1]
            ]
        wrong += faults
    assert not wrong, "\n".join(wrong)


def _walk(caller: Caller, path: str, lookups: Sequence[tuple[str, str, str]]) -> tuple[int, list[str]]:
    """Return the status, and the difference between the answers to one value of each lookup and to another."""
    with undone():
        answers = [
            caller.client().get(f"{path}?{urlencode([(row[0], row[side]) for row in lookups])}")
            for side in (1, 2)
        ]
    said = [value for row in lookups for value in row[1:]]
    lengths = [_length(answer, *said) for answer in answers]
    statuses = [answer.status_code for answer in answers]
    if statuses[0] != statuses[1] or abs(lengths[0] - lengths[1]) > A_ROW_BYTES or statuses[0] >= 500:
        return statuses[0], [f"{path}?{[row[0] for row in lookups]} by {caller.name}: {statuses} {lengths}"]
    return statuses[0], []


def _length(answer: Any, *said: str) -> int:
    """Return the length of the body without the parts of the query that it repeats."""
    body = body_of(answer)
    for text in sorted(said, key=len, reverse=True):
        body = body.replace(quote(text).encode(), b"")
    return len(body)


def test_a_stranger_costs_the_database_as_much_as_what_never_was(world: SecurityWorld, silent: None) -> None:
    """Both requests make the same queries, so they take the same time; no clock is needed."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    stranger = world.by_name("every role of xb-health")
    for kind, address in (
        ("draft", "/drafts/{}/2/"), ("sent", "/outbox/{}/"), ("submitted", "/queue/{}/"), ("received", "/inbox/{}/"),
        ("reference", "/a/{}"), ("officer", "/officers/{}/"), ("desk key", "/api-keys/{}/revoke/"),
        ("sent", "/api/v1/alerts/{}"), ("received", "/api/v1/alerts/received/{}"),
        ("officer", "/api/v1/officers/{}"),
    ):  # fmt: skip
        thing, counts = world.things[kind], []
        for value in (thing.value, thing.absent):
            with undone(), CaptureQueriesContext(connection) as asked:
                assert stranger.client().get(address.format(value)).status_code == 404, address
            counts.append(len(asked))
        assert counts[0] == counts[1], address
