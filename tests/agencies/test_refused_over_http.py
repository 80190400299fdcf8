# SPDX-License-Identifier: Apache-2.0
"""Keysets, proofs and revocations that are refused over HTTP: each refusal is audited and stores nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Model

from accord.envelope.errors import MalformedError
from accord.envelope.keysets import KeyRow
from accord.envelope.private import DecryptionKey, Root, SigningKey
from accord.envelope.statements.form import parse_statement
from agencies.accession import issue_challenge
from agencies.models import Key, Keyset, KeyState, Revocation
from ledger.models import AuditEvent, Entry
from peers.models import Agency
from tests.agencies.partners import Partner, enter_over_http
from tests.agencies.world import DAY, OwnKeys, accept, enrolling, log_everything, own_agency, seconds

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DOES_NOT_FOLLOW = "keyset-does-not-follow"
STORED: tuple[type[Model], ...] = (Agency, Key, Keyset, Revocation)


def stored() -> dict[str, list[Any]]:
    """Every row that a keyset or a revocation would change; ledger entries of audit events (kind `x`) are left out."""
    rows: dict[str, list[Any]] = {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in STORED
    }
    return rows | {"Entry": list(Entry.objects.exclude(kind="x").order_by("pk").values())}


def refusals() -> int:
    return AuditEvent.objects.filter(act="keyset.refused").count()


@dataclass
class Second:
    """A partner that has entered and makes its second keyset."""

    partner: Partner
    first: Keyset

    @property
    def keys(self) -> OwnKeys:
        return self.partner.keys

    def keyset(self, keys: OwnKeys | None = None, **changed: Any) -> bytes:
        terms: dict[str, Any] = {"version": 2, "prev": self.first.od, "now": self.partner.now}
        return (keys or self.keys).keyset(**(terms | changed))

    def with_row(self, place: int, **changed: Any) -> OwnKeys:
        rows = list(self.keys.rows)
        rows[place] = replace(rows[place], **changed)
        return replace(self.keys, rows=tuple(rows))

    def refused(
        self, keyset: bytes, code: str, *, pop: bytes | None = None, status: int = 422
    ) -> dict[str, Any]:
        """See the keyset refused with this code, or this type of problem where the answer has no code."""
        before, audited = stored(), refusals()
        answer = self.partner.hand_in(pop=pop, keyset=keyset)
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        assert stored() == before
        assert refusals() == audited + 1
        body: dict[str, Any] = answer.json()
        assert body.get("code", body["type"].rpartition(":")[2]) == code
        return body


@pytest.fixture
def second(db: None, tmp_path: Path) -> Second:
    partner = Partner()
    enter_over_http(partner)
    log_everything(tmp_path, now=partner.now)
    return Second(partner, Keyset.objects.get())


def _rolled_back(second: Second) -> bytes:
    return second.keyset(version=1, prev=None)


def _forked(second: Second) -> bytes:
    """Hand in a second keyset; return a different second keyset."""
    renewed = second.partner.hand_in(pop=None, keyset=second.keyset())
    assert renewed.status_code == 201
    return second.keyset(second.with_row(0, st="retired"))


def _expired(second: Second) -> bytes:
    return second.keyset(now=second.partner.now - 2 * HOUR, lives=HOUR)


def _wrong_root(second: Second) -> bytes:
    return second.keyset(signer=Root.generate().signer)


def _another_root_in_it(second: Second) -> bytes:
    return second.keyset(replace(second.keys, root=Root.generate()))


def _another_successor(second: Second) -> bytes:
    return second.keyset(replace(second.keys, successor=Root.generate()))


def _a_clock_an_hour_ahead(second: Second) -> bytes:
    return second.keyset(now=second.partner.now + HOUR)


def _a_day_old(second: Second) -> bytes:
    return second.keyset(now=second.partner.now - DAY - HOUR)


def _too_long(second: Second) -> bytes:
    return second.keyset(lives=91 * DAY)


def _dropped(second: Second) -> bytes:
    return second.keyset(replace(second.keys, rows=second.keys.rows[1:]))


def _moved_begin(second: Second) -> bytes:
    return second.keyset(second.with_row(0, nbf=second.keys.rows[0].nbf - 1))


def _revoked_in_the_future(second: Second) -> bytes:
    at = seconds(second.partner.now) + 60
    return second.keyset(second.with_row(0, st="revoked", since=at))


def _another_agencys_name(second: Second) -> bytes:
    return second.keyset(replace(second.keys, agency="xb-health"))


def _root_among_the_rows(second: Second) -> bytes:
    root = second.keys.root.public[0]
    at = seconds(second.partner.now)
    return second.keyset(replace(second.keys, rows=(*second.keys.rows, KeyRow(root, at, at + 3600))))


KEYSETS: dict[str, tuple[Callable[[Second], bytes], str]] = {
    "rolled back": (_rolled_back, DOES_NOT_FOLLOW),
    "expired": (_expired, "expired"),
    "signed by the wrong root": (_wrong_root, "signers-differ"),
    "naming a root that was not announced": (_another_root_in_it, "keyset-not-of-the-pinned-root"),
    "naming another successor": (_another_successor, DOES_NOT_FOLLOW),
    "from a clock an hour ahead": (_a_clock_an_hour_ahead, "iat-in-the-future"),
    "signed more than a day ago": (_a_day_old, "iat-too-old"),
    "for more than ninety days": (_too_long, DOES_NOT_FOLLOW),
    "a key dropped": (_dropped, DOES_NOT_FOLLOW),
    "a key's begin moved": (_moved_begin, DOES_NOT_FOLLOW),
    "a key revoked in the future": (_revoked_in_the_future, DOES_NOT_FOLLOW),
    "in another agency's name": (_another_agencys_name, "issuer-differs"),
    "forked, the last of these since it hands in another": (_forked, DOES_NOT_FOLLOW),
}


def test_a_keyset_is_refused(second: Second, subtests: pytest.Subtests) -> None:
    for sentence, (make, code) in KEYSETS.items():
        keyset = make(second)
        with subtests.test(sentence):
            body = second.refused(keyset, code)
            assert set(body) == {"type", "title", "status", "code"}
    with subtests.test("with the root among its keys it has no form"):
        second.refused(_root_among_the_rows(second), "malformed", status=400)


def test_a_key_that_ends_before_the_keyset_says_so_is_refused(second: Second) -> None:
    at = second.partner.now
    early = replace(second.keys, rows=tuple(replace(row, nbf=row.nbf) for row in second.keys.rows))
    rows = (replace(early.rows[0], exp=seconds(at) + 60), *early.rows[1:])
    later = at + timedelta(minutes=4)
    second.refused(
        replace(early, rows=rows).keyset(version=2, prev=second.first.od, now=later), DOES_NOT_FOLLOW
    )


def test_a_loosened_since_is_refused(second: Second) -> None:
    at = seconds(second.partner.now)
    revoking = second.with_row(0, st="revoked", since=at - 3600)
    assert second.partner.hand_in(pop=None, keyset=second.keyset(revoking)).status_code == 201
    follows: dict[str, Any] = {"version": 3, "prev": Keyset.objects.get(version=2).od}
    for loosened in ({"st": "revoked", "since": at - 3599}, {"st": "current", "since": None}):
        second.refused(second.keyset(second.with_row(0, **loosened), **follows), DOES_NOT_FOLLOW)
    key = Key.objects.get(pk=second.keys.rows[0].kid)
    assert (key.st, key.since) == (KeyState.REVOKED, at - 3600)


# Keys of other agencies.


def _proved(second: Second, keys: OwnKeys, *new: SigningKey | DecryptionKey) -> tuple[bytes, bytes]:
    """A keyset with a proof by keys that the agency holds, made past the challenge that would have refused them."""
    agency = second.partner.agency
    fresh = SigningKey.generate("Ed25519")
    challenge = issue_challenge(
        enrolling(agency), agency.pk, [{"jwk": fresh.public.jwk, "use": "sign"}], now=second.partner.now
    )
    signing = [key for key in new if isinstance(key, SigningKey)]
    pop = keys.pop(challenge, now=second.partner.now, signing=signing or keys.signing)
    return second.keyset(keys), pop


def test_a_kid_of_another_agency_is_refused(second: Second) -> None:
    _, others = own_agency("xa-lab", now=second.partner.now)
    theirs = others.signing[0]
    asked = second.partner.client.post(
        f"{second.partner.path}/challenges",
        {"keys": [{"jwk": theirs.public.jwk, "use": "sign"}]},
        content_type="application/json",
        headers=second.partner.headers,
    )
    assert (asked.status_code, asked.json()["type"]) == (409, "urn:accord:problem:key-taken")
    keyset, pop = _proved(second, second.keys.adding(theirs, now=second.partner.now), theirs)
    assert second.refused(keyset, "key-taken", pop=pop, status=409)["kid"] == theirs.public.kid
    assert Key.objects.get(pk=theirs.public.kid).agency_id == "xa-lab"


def test_a_kid_of_another_use_is_refused(second: Second) -> None:
    """A P-256 key could sign as ES256 and open as ECDH-ES under one kid, so the claim of a kid includes its use."""
    signing = SigningKey.generate("ES256")
    more = second.keys.adding(signing, now=second.partner.now)
    accept(second.partner.agency, more, second.keyset(more), now=second.partner.now)
    opening = DecryptionKey.from_bytes("P-256", signing.to_bytes())
    assert opening.public.kid == signing.public.kid
    asked = second.partner.client.post(
        f"{second.partner.path}/challenges",
        {"keys": [{"jwk": opening.public.jwk, "use": "enc"}]},
        content_type="application/json",
        headers=second.partner.headers,
    )
    assert asked.status_code == 409
    assert Key.objects.get(pk=signing.public.kid).use == "sign"


# Revocations.


def _revoke(second: Second, jws: bytes) -> Any:
    before = stored()
    answer = second.partner.post_statement(jws)
    assert answer["Content-Type"] == "application/problem+json"
    assert stored() == before
    return answer


def test_a_revocation_from_a_moment_ahead_or_of_another_agency_is_refused(second: Second) -> None:
    """A `since` after the statement's own time is malformed; a statement that dates itself ahead is refused."""
    at, kid = second.partner.now, second.keys.rows[0].kid
    ahead = second.keys.revoke(kid, since=at + HOUR, now=at + HOUR)
    assert _revoke(second, ahead).status_code == 422
    assert AuditEvent.objects.get(act="key.revoke_refused").detail == {"code": "iat-in-the-future"}
    _, others = own_agency("xa-lab", now=at)
    assert _revoke(second, others.revoke(others.rows[0].kid, since=at, now=at)).status_code == 404
    with pytest.raises(MalformedError):
        second.keys.revoke(kid, since=at + HOUR, now=at)


def test_an_id_that_came_before_with_another_revocation_is_refused(second: Second) -> None:
    at, kid = second.partner.now, second.keys.rows[0].kid
    first = second.keys.revoke(kid, since=at, now=at)
    assert second.partner.post_statement(first).status_code == 202
    again = second.keys.revoke(kid, since=at - DAY, now=at, id=parse_statement(first).statement.id)
    answer = _revoke(second, again)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:accord:problem:id-taken")
