# SPDX-License-Identifier: Apache-2.0
"""API keys are issued and revoked by the agency's signed statement: once, shown once, and never by an API key alone."""

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.statements.form import parse_statement
from agencies.apikeys import authenticate_key
from agencies.credentials import end_credential, issue_credential, list_credentials
from agencies.entrykeys import issue_return_key
from agencies.models import ApiKey
from agencies.selfrotation import rotate_own_key
from callers.capabilities import Capability
from callers.errors import AbsentError, CredentialError, InputError, NotPermittedError
from callers.systemkeys import LAST_DAYS
from ledger.models import AuditEvent, Entry
from tests.builders import OPERATOR, HeldAgency, Hub
from tests.sharing.callers import slug
from tests.sharing.conftest import Callers, Four

ISSUE: dict[str, Any] = {
    "st": "issue",
    "client": "case system",
    "scopes": ["directory:read", "feed:read", "key:suspend"],
    "networks": ["192.0.2.0/24"],
    "days": 30,
    "prefix": None,
}
END: dict[str, Any] = {"st": "end", "client": None, "scopes": [], "networks": [], "days": None}


def said(hub: Hub, agency: HeldAgency, body: dict[str, Any], **changes: Any) -> bytes:
    return hub.statement(agency, "apikey", body=body | changes)


def test_it_is_issued_once_and_shown_once(hub: Hub, four: Four) -> None:
    jws = said(hub, four.alpha, ISSUE)
    key, text = issue_credential(four.alpha.client, jws, now=hub.now)
    assert text is not None
    assert issue_credential(four.alpha.client, jws, now=hub.later(hours=2)) == (key, None)
    caller = authenticate_key(text, "192.0.2.7", now=hub.now)
    assert (caller.agency_id, caller.client) == ("xa-alpha", "case system")
    assert sorted(caller.scopes) == ISSUE["scopes"]
    with pytest.raises(CredentialError):
        authenticate_key(text, "198.51.100.7", now=hub.now)
    assert Entry.objects.filter(od=parse_statement(jws).od).count() == 1
    assert AuditEvent.objects.get(act="apikey.issued").subject == f"apikey:{key.prefix}"
    assert key in list_credentials(four.alpha.client)
    assert key not in list_credentials(four.bravo.client)


def test_it_ends_with_all_that_took_its_place(hub: Hub, four: Four) -> None:
    key, text = issue_credential(four.alpha.client, said(hub, four.alpha, ISSUE, networks=[]), now=hub.now)
    assert text is not None
    hub.later(seconds=(key.lifetime - LAST_DAYS).total_seconds() + 60)
    successor, _ = rotate_own_key(authenticate_key(text, "", now=hub.now), now=hub.now)
    jws = said(hub, four.alpha, END, prefix=key.prefix)
    for _ in range(2):
        ended = end_credential(four.alpha.client, key.prefix, jws, now=hub.now)
        assert ended.revoked_at == hub.now
    successor.refresh_from_db()
    assert successor.revoked_at == hub.now
    with pytest.raises(CredentialError):
        authenticate_key(text, "", now=hub.now)


def test_only_by_the_agencys_own_keys(hub: Hub, four: Four) -> None:
    by_bravo = said(hub, four.bravo, ISSUE)
    with pytest.raises(VerificationError) as refused:
        issue_credential(four.alpha.client, by_bravo, now=hub.now)
    assert refused.value.failure == Failure.ISSUER
    key, _ = issue_credential(four.bravo.client, by_bravo, now=hub.now)
    with pytest.raises(AbsentError):
        end_credential(
            four.alpha.client, key.prefix, said(hub, four.alpha, END, prefix=key.prefix), now=hub.now
        )
    other, _ = issue_credential(four.alpha.client, said(hub, four.alpha, ISSUE), now=hub.now)
    for jws, failure in (
        (said(hub, four.alpha, END, prefix="0" * 12), Failure.SUBJECT),
        (said(hub, four.alpha, ISSUE), Failure.TYP),
    ):
        with pytest.raises(VerificationError) as refused:
            end_credential(four.alpha.client, other.prefix, jws, now=hub.now)
        assert refused.value.failure == failure
    reader = replace(four.alpha.client, scopes=frozenset({Capability.DIRECTORY_READ}))
    for act in (
        lambda: issue_credential(reader, said(hub, four.alpha, ISSUE), now=hub.now),
        lambda: list_credentials(reader),
    ):
        with pytest.raises(NotPermittedError):
            act()


def test_what_writes_drafts_is_not_issued_here(hub: Hub, four: Four) -> None:
    before = ApiKey.objects.count()
    for field, value in (
        ("scopes", ["draft:write"]),
        ("scopes", ["hub:operate"]),
        ("networks", ["192.0.2.7/8"]),
    ):
        with pytest.raises(InputError) as refused:
            issue_credential(four.alpha.client, said(hub, four.alpha, ISSUE, **{field: value}), now=hub.now)
        assert refused.value.field == field
    assert ApiKey.objects.count() == before


def test_over_http(callers: Callers) -> None:
    jws = said(callers.hub, callers.four.alpha, ISSUE)
    answers = [callers.alpha.post_octets("credentials", jws, "application/jose+json") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    first, again = (answer.json() for answer in answers)
    assert first["key"].startswith(first["prefix"]) and again == first | {"key": None}
    listed = callers.alpha.get("credentials")
    assert first["prefix"] in {row["prefix"] for row in listed.json()["items"]}
    assert first["key"] not in listed.content.decode()
    path = f"credentials/{first['prefix']}/end"
    ending = said(callers.hub, callers.four.alpha, END, prefix=first["prefix"])
    ended = callers.alpha.post_octets(path, ending, "application/jose+json")
    assert ended.status_code == 200 and ended.json()["revoked_at"] is not None
    assert callers.bravo.post_octets(path, ending, "application/jose+json").status_code == 404
    assert slug(callers.alpha.post_octets("credentials", b"{}", "application/jose+json")) == "malformed"


def test_a_key_for_entering_carries_the_word_of_an_agency_that_has_no_other_and_ends_with_it(
    hub: Hub, four: Four
) -> None:
    _, text = issue_return_key(OPERATOR, "xa-alpha", client="desk", now=hub.now)
    carrier = authenticate_key(text, "", now=hub.now)
    assert carrier.capabilities == {Capability.KEY_ENROL}
    with pytest.raises(NotPermittedError):
        list_credentials(carrier)
    with pytest.raises(VerificationError):
        issue_credential(carrier, said(hub, four.bravo, ISSUE), now=hub.now)
    jws = said(hub, four.alpha, ISSUE, networks=[])
    _, working = issue_credential(carrier, jws, now=hub.now)
    assert working is not None and authenticate_key(working, "", now=hub.now).agency_id == "xa-alpha"
    with pytest.raises(CredentialError):
        authenticate_key(text, "", now=hub.now)
    key, _ = issue_credential(four.alpha.client, said(hub, four.alpha, ISSUE), now=hub.now)
    with pytest.raises(NotPermittedError):
        end_credential(carrier, key.prefix, said(hub, four.alpha, END, prefix=key.prefix), now=hub.now)
