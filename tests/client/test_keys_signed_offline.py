# SPDX-License-Identifier: Apache-2.0
"""An offline root signs only a proposal that it can verify, and refuses any other before a person is asked."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from accord.cli.keys.words import proposed_lines, proposed_question
from accord.client.ceremony import (
    ProposedKeyset,
    ProposedList,
    ProposedReopening,
    ProposedRevoke,
    RootsAtHand,
    examine_proposal,
    previous_place,
    read_proposal,
    read_signed,
    write_proposal,
    write_signed,
)
from accord.client.errors import ProposalError, RequestError
from accord.client.session import uuid7_at
from accord.envelope.encoding import canonical
from accord.envelope.fingerprints import build_list, verify_list
from accord.envelope.keys import PublicKey
from accord.envelope.keysets import KeyRow, build_keyset_body, read_keyset, verify_keyset
from accord.envelope.naming import NamedSigners
from accord.envelope.private import Root, generate_decryption_key, generate_signing_keys
from accord.envelope.reopening import build_reopening, verify_reopening
from accord.envelope.statements.checks import verify_revoke
from accord.envelope.statements.form import build_statement, sign_statement
from accord.envelope.vocabulary import statement_typ

NOW = 1_800_000_000
DAY = 24 * 3600
ROOT, NEXT, AFTER = Root.generate(), Root.generate(), Root.generate()
KEYS = [*(key.public for key in generate_signing_keys("PQ1")), generate_decryption_key("PQ1").public]
MORE = [*(key.public for key in generate_signing_keys("PQ1")), generate_decryption_key("PQ1").public]


def rows(*keys: PublicKey, at: int = NOW - 10 * DAY) -> list[KeyRow]:
    return [KeyRow(key, at, at + 365 * DAY) for key in keys]


@dataclass
class Coming:
    """A keyset to propose: the second one of xd-reg, with these changes."""

    version: int = 2
    prev: str | None = None
    root: Root = ROOT
    nroot: str = NEXT.fingerprint
    signers: tuple[PublicKey, ...] = ROOT.public
    custody: str = "agency"
    low: str = "PQ1"
    keys: list[KeyRow] = field(default_factory=lambda: rows(*KEYS))
    iat: int = NOW
    lives: int = 90 * DAY
    agency: str = "xd-reg"

    @property
    def payload(self) -> bytes:
        return build_statement(
            "keyset",
            iss=self.agency,
            signer=NamedSigners(self.signers),
            suite="PQ1",
            id=uuid7_at(self.iat * 1000, os.urandom(10)),
            iat=self.iat,
            nonce=os.urandom(16),
            exp=self.iat + self.lives,
            body=build_keyset_body(
                version=self.version,
                prev=self.prev,
                root=self.root.public,
                nroot=self.nroot,
                custody=self.custody,
                low=self.low,
                rows=self.keys,
            ),
        )


FIRST = sign_statement(Coming(version=1, iat=NOW - 10 * DAY).payload, ROOT.signer)
PREV = read_keyset(FIRST).od
AT_HAND = RootsAtHand(ROOT, NEXT.fingerprint)


def revoke(**changes: Any) -> bytes:
    usual: dict[str, Any] = {"kid": KEYS[0].kid, "since": NOW - 3600, "code": "stolen"}
    return build_statement(
        "revoke",
        iss="xd-reg",
        signer=NamedSigners(ROOT.public),
        suite="PQ1",
        id=uuid7_at(NOW * 1000, os.urandom(10)),
        iat=NOW,
        nonce=os.urandom(16),
        body=usual | changes,
    )


def examine(payload: bytes, roots: RootsAtHand = AT_HAND, previous: bytes | None = FIRST) -> Any:
    return examine_proposal(payload, roots, previous=previous, now=NOW)


def test_a_renewal_is_shown_and_signed_as_it_was_proposed() -> None:
    payload = Coming(prev=PREV).payload
    proposed, signed = examine(payload)
    assert isinstance(proposed, ProposedKeyset)
    assert (proposed.added, proposed.changed, proposed.succession) == ((), (), "same")
    keyset = verify_keyset(signed, pinned=ROOT.fingerprint, previous=read_keyset(FIRST), strict=True)
    assert keyset.od == proposed.statement.od
    said = "\n".join(proposed_lines(proposed))
    assert said.startswith(f"Digest:  {keyset.od}\n")
    for words in (
        "xd-reg",
        "Version: 2, after 1",
        "Until:",
        "the agency itself",
        "New keys: 0",
        "Changed keys: 0",
    ):
        assert words in said
    assert "!" not in said
    assert proposed_question(proposed) == "Sign this keyset as the root of xd-reg?"


def test_each_key_that_is_added_or_ended_is_named() -> None:
    ended = [replace(row, st="retiring", exp=NOW + 30 * DAY) for row in rows(*KEYS)]
    proposed, _ = examine(Coming(prev=PREV, keys=[*ended, *rows(*MORE, at=NOW)]).payload)
    said = proposed_lines(proposed)
    assert [change.after.kid for change in proposed.changed] == [key.kid for key in KEYS]
    assert [row.kid for row in proposed.added] == [key.kid for key in MORE]
    assert sum(line.startswith(f"  + {key.kid}") for key in MORE for line in said) == 3
    assert any(f"~ {KEYS[0].kid}" in line and "current becomes retiring" in line for line in said)


def test_the_first_keyset_needs_no_other_before_it() -> None:
    proposed, signed = examine(Coming(version=1).payload, previous=None)
    assert len(proposed.added) == 3
    assert verify_keyset(signed, pinned=ROOT.fingerprint, strict=True).version == 1
    assert not any(line.startswith("!") for line in proposed_lines(proposed))


def test_a_later_keyset_alone_is_signed_with_a_warning() -> None:
    proposed, _ = examine(Coming(prev=PREV).payload, previous=None)
    assert any(line.startswith("! The keyset before was not given") for line in proposed_lines(proposed))


def test_a_change_of_custody_and_of_the_lowest_suite_is_said_loudly() -> None:
    proposed, _ = examine(Coming(prev=PREV, custody="hub-own-root", low="EC1").payload)
    said = "\n".join(proposed_lines(proposed))
    assert "! Until now the private keys were held by the agency itself" in said
    assert "suite EC1, was PQ1" in said


CHANGE = Coming(prev=PREV, root=NEXT, nroot=AFTER.fingerprint, signers=(*ROOT.public, *NEXT.public))
RECOVERY = Coming(prev=PREV, root=NEXT, nroot=AFTER.fingerprint, signers=NEXT.public)


def test_both_roots_sign_a_change_of_the_root() -> None:
    roots = RootsAtHand(ROOT, NEXT.fingerprint, NEXT)
    proposed, signed = examine(CHANGE.payload, roots)
    assert proposed.succession == "changed"
    verify_keyset(signed, pinned=ROOT.fingerprint, previous=read_keyset(FIRST), strict=True)
    assert any("THE ROOT CHANGES" in line for line in proposed_lines(proposed))
    with pytest.raises(ProposalError, match="--previous"):
        examine(CHANGE.payload, roots, previous=None)
    with pytest.raises(ProposalError, match="--next-root"):
        examine(CHANGE.payload)


def test_after_a_change_of_the_root_the_new_one_alone_signs_on() -> None:
    """The keyset before has four signatures, two of them by a root that is no longer at hand."""
    _, changed = examine(CHANGE.payload, RootsAtHand(ROOT, NEXT.fingerprint, NEXT))
    renewal = Coming(
        version=3, prev=read_keyset(changed).od, root=NEXT, nroot=AFTER.fingerprint, signers=NEXT.public
    )
    proposed, signed = examine(renewal.payload, RootsAtHand(NEXT), previous=changed)
    assert proposed.previous is not None
    verify_keyset(signed, pinned=NEXT.fingerprint, previous=read_keyset(changed), strict=True)
    with pytest.raises(ProposalError, match="another root"):
        examine(Coming(version=3, prev=PREV).payload, previous=changed)
    last = changed.rindex(b'"signature":"') + 20
    altered = changed[:last] + bytes([changed[last] ^ 1]) + changed[last + 1 :]
    with pytest.raises(ProposalError, match="keyset before"):
        examine(renewal.payload, RootsAtHand(NEXT), previous=altered)


def test_the_next_root_signs_beside_what_the_present_one_has_signed_elsewhere() -> None:
    payload, typ = CHANGE.payload, statement_typ("keyset")
    half, at_hand = ROOT.signer.sign_jws(typ, payload), RootsAtHand(next_root=NEXT)
    _, signed = examine(half, at_hand)
    whole = verify_keyset(signed, pinned=ROOT.fingerprint, previous=read_keyset(FIRST), strict=True)
    assert whole.succession == "changed"
    for roots, previous, says in (
        (at_hand, None, "beside the keyset before"),
        (RootsAtHand(ROOT), FIRST, "the next one is to sign"),
        (RootsAtHand(next_root=AFTER), FIRST, "another root"),
    ):
        with pytest.raises(ProposalError, match=says):
            examine(half, roots, previous)
    other = json.loads(AFTER.signer.sign_jws(typ, payload))["signatures"]
    forged = json.loads(half)
    for part, given in zip(forged["signatures"], other, strict=True):
        part["signature"] = given["signature"]
    with pytest.raises(ProposalError, match="breaks a rule"):
        examine(json.dumps(forged, separators=(",", ":")).encode(), at_hand)


def test_the_next_root_alone_signs_a_recovery() -> None:
    proposed, signed = examine(RECOVERY.payload, RootsAtHand(next_root=NEXT))
    keyset = verify_keyset(signed, pinned=ROOT.fingerprint, previous=read_keyset(FIRST), strict=True)
    assert (proposed.succession, keyset.succession) == ("recovered", "recovered")
    assert any("72 hours" in line for line in proposed_lines(proposed))


def test_a_revocation_is_shown_with_its_reason_and_its_time() -> None:
    proposed, signed = examine(revoke())
    assert isinstance(proposed, ProposedRevoke)
    assert proposed.row is not None
    verify_revoke(signed, read_keyset(FIRST))
    said = "\n".join(proposed_lines(proposed))
    assert KEYS[0].kid in said
    assert "stolen" in said
    assert proposed_question(proposed) == "Sign this revocation as the root of xd-reg?"
    alone, _ = examine(revoke(), previous=None)
    assert any(line.startswith("! The keyset before was not given") for line in proposed_lines(alone))


def spaced(payload: bytes) -> bytes:
    return json.dumps(json.loads(payload)).encode()


def of_kind(kind: str) -> bytes:
    value = json.loads(Coming(prev=PREV).payload)
    return canonical(value | {"k": kind})


def with_member(name: str, value: object) -> bytes:
    return canonical(json.loads(Coming(prev=PREV).payload) | {name: value})


def without_member(name: str) -> bytes:
    value = json.loads(Coming(prev=PREV).payload)
    del value[name]
    return canonical(value)


def in_the_future(payload: bytes) -> bytes:
    value = json.loads(payload)
    return canonical(value | {"body": value["body"] | {"since": NOW + 1}})


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "not canonical": (lambda: spaced(Coming(prev=PREV).payload), "canonical"),
    "no JSON": (lambda: b"keyset, please", "nothing that a root could sign (line 1, column 1: Expecting value.)"),
    "cut off": (lambda: Coming(prev=PREV).payload[:-9], "(line 1, column "),
    "a member missing": (lambda: without_member("nonce"), "(malformed: statement without nonce)"),
    "signed already": (lambda: FIRST, "keysets, revocations, reopenings and fingerprints only"),
    "another kind": (lambda: of_kind("ack"), "keysets, revocations, reopenings and fingerprints only"),
    "a member too many": (lambda: with_member("note", "x"), "(malformed: statement with a member too many)"),
    "another suite": (lambda: with_member("suite", "EC1"), "statement suite"),
    "another root": (lambda: Coming(prev=PREV, root=AFTER, signers=AFTER.public).payload, "another root"),
    "one signature only": (lambda: Coming(prev=PREV, signers=ROOT.public[:1]).payload, "root"),
    "made two days ago": (lambda: Coming(prev=PREV, iat=NOW - 2 * DAY).payload, "24 hours"),
    "made tomorrow": (lambda: Coming(prev=PREV, iat=NOW + DAY).payload, "24 hours"),
    "ended": (lambda: Coming(prev=PREV, iat=NOW - 3600, lives=1800).payload, "ended already"),
    "longer than 90 days": (lambda: Coming(prev=PREV, lives=91 * DAY).payload, "90 days"),
    "the version skips": (lambda: Coming(version=3, prev=PREV).payload, "succession"),
    "the version stays": (lambda: Coming(version=1).payload, "succession"),
    "another one before": (lambda: Coming(prev="A" * 43).payload, "succession"),
    "a key is dropped": (lambda: Coming(prev=PREV, keys=rows(*KEYS[:2])).payload, "dropped"),
    "a key begins earlier": (lambda: Coming(prev=PREV, keys=rows(*KEYS, at=NOW - 20 * DAY)).payload, "dropped"),
    "a key ended before now": (
        lambda: Coming(prev=PREV, keys=[replace(row, exp=NOW - DAY) for row in rows(*KEYS)]).payload,
        "exp moved",
    ),
    "a root in a row": (lambda: Coming(prev=PREV, keys=rows(*KEYS, ROOT.public[0])).payload, "root key in a row"),
    "revoked in the future": (
        lambda: Coming(
            prev=PREV, keys=[replace(row, st="revoked", since=NOW + 9) for row in rows(*KEYS)]
        ).payload,
        "since after iat",
    ),
    "another next root": (lambda: Coming(prev=PREV, nroot=AFTER.fingerprint).payload, "another next root"),
    "another agency": (lambda: Coming(prev=PREV, agency="xe-drugs").payload, "another agency"),
    "a revocation of the future": (lambda: in_the_future(revoke()), "revoke since"),
    "a revocation of a stranger's key": (lambda: revoke(kid=MORE[0].kid), "key-unknown"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_breaks_a_rule_is_not_signed(case: str) -> None:
    make, says = REFUSED[case]
    with pytest.raises(ProposalError, match=re.escape(says)):
        examine(make())


def test_a_root_change_must_go_to_the_announced_root() -> None:
    other = replace(CHANGE, root=AFTER, signers=(*ROOT.public, *AFTER.public), nroot="cd" * 32)
    with pytest.raises(ProposalError, match="not the announced next root"):
        examine(other.payload, RootsAtHand(ROOT, NEXT.fingerprint, AFTER))
    with pytest.raises(ProposalError, match="succession"):
        examine(other.payload, RootsAtHand(ROOT, "", AFTER))
    own = replace(CHANGE, nroot=NEXT.fingerprint)
    with pytest.raises(ProposalError, match="its own root"):
        examine(own.payload, RootsAtHand(ROOT, NEXT.fingerprint, NEXT))


def test_a_recovery_needs_a_keyset_before_that_announces_it() -> None:
    stranger = replace(RECOVERY, root=AFTER, signers=AFTER.public, nroot="cd" * 32)
    with pytest.raises(ProposalError, match="does not announce"):
        examine(stranger.payload, RootsAtHand(next_root=AFTER))


@pytest.mark.parametrize("coming", [CHANGE, RECOVERY], ids=["change", "recovery"])
def test_the_root_that_goes_is_not_announced(coming: Coming) -> None:
    """A hostile desk proposes it: a thief of the old root could recover with it later."""
    old = replace(coming, nroot=ROOT.fingerprint).payload
    roots = RootsAtHand(ROOT, NEXT.fingerprint, NEXT) if coming is CHANGE else RootsAtHand(next_root=NEXT)
    with pytest.raises(ProposalError, match="the root that goes"):
        examine(old, roots)


def test_the_root_in_force_does_not_announce_itself() -> None:
    first = Coming(version=1, nroot=ROOT.fingerprint).payload
    with pytest.raises(ProposalError, match="its own root"):
        examine(first, previous=None, roots=RootsAtHand(ROOT))


def test_a_keyset_before_that_was_altered_is_refused() -> None:
    place = FIRST.index(b'"signature":"') + 20
    altered = FIRST[:place] + bytes([FIRST[place] ^ 1]) + FIRST[place + 1 :]
    for before in (altered, b"{}", FIRST[:-3], revoke()):
        with pytest.raises(ProposalError, match="keyset before"):
            examine(Coming(prev=PREV).payload, previous=before)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (FIRST[:-3], "line 1, column "),
        (b"{}", "statement payload"),
        (b"", "line 1, column 1: Expecting value."),
    ],
)
def test_a_signed_file_that_was_damaged_on_its_way_is_named(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "signed"
    path.write_bytes(FIRST)
    assert read_signed(path) == FIRST
    path.write_bytes(content)
    with pytest.raises(ProposalError, match=r"what accord sign wrote.*once more") as refused:
        read_signed(path)
    assert said in str(refused.value) and str(path) in str(refused.value)


def test_a_file_that_holds_no_root_signs_nothing() -> None:
    with pytest.raises(ProposalError, match="another root"):
        examine(Coming(prev=PREV).payload, RootsAtHand())


def test_files_are_the_owner_s_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "proposal"
    assert write_proposal(path, b"{}", FIRST) == previous_place(path)
    assert read_proposal(previous_place(path)) == FIRST
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RequestError, match="not overwritten"):
        write_signed(path, b"other")
    path.unlink()
    with pytest.raises(RequestError, match="not overwritten"):
        write_proposal(path, b"{}", FIRST)
    assert not path.exists()
    assert write_proposal(path, b"{}", None) is None


# A person whom the agency's desk is asked to let in.

DESK = "9b2f6c1e-5a77-4d0e-8f31-2c6d7e8f9a01"


def reopening(**changed: Any) -> bytes:
    usual: dict[str, Any] = {
        "iss": "xd-reg",
        "root": ROOT.public,
        "id": uuid7_at(NOW * 1000, os.urandom(10)),
        "iat": NOW,
        "nonce": os.urandom(16),
        "desk": DESK,
        "role": "agency_admin",
        "name": "Ilse Morrow",
        "email": "ilse@reg.example",
        "account": "new",
    }
    return build_reopening(**usual | changed)


@pytest.mark.parametrize("previous", [None, FIRST])
def test_a_person_to_let_in_is_shown_and_signed(previous: bytes | None) -> None:
    proposed, signed = examine(reopening(), previous=previous)
    assert isinstance(proposed, ProposedReopening)
    said = "\n".join(proposed_lines(proposed))
    for shown in ("xd-reg", DESK, "Ilse Morrow, ilse@reg.example", "invites and removes officers", "link"):
        assert shown in said
    assert "password" not in said
    assert proposed_question(proposed) == "Let this person in at the desk of xd-reg?"
    verify_reopening(signed, agency="xd-reg", desk=DESK, root=ROOT.public, now=NOW)


def test_that_an_account_ends_with_it_is_shown() -> None:
    proposed, _signed = examine(reopening(account="again", role="keeper"))
    said = "\n".join(proposed_lines(proposed))
    assert "its password, second factors and sessions end" in said
    assert "reads no alert" in said


@pytest.mark.parametrize(
    ("payload", "roots", "words"),
    [
        (reopening(root=AFTER.public), AT_HAND, "another root"),
        (reopening(root=NEXT.public), RootsAtHand(next_root=NEXT), "another root"),
        (reopening(iat=NOW - DAY - 1), AT_HAND, "not of this day"),
        (reopening(iss="xa-lab"), AT_HAND, "of another agency"),
        (reopening().replace(b'":"', b'": "', 1), AT_HAND, "not in its canonical form"),
        (reopening().replace(b"agency_admin", b"agency_adman"), AT_HAND, "nothing that a root could sign"),
    ],
)
def test_a_person_is_let_in_by_nothing_else(payload: bytes, roots: RootsAtHand, words: str) -> None:
    with pytest.raises(ProposalError, match=words):
        examine(payload, roots)


def test_fingerprints_to_vouch_for_are_shown_each_and_signed() -> None:
    payload = build_list(
        iss="xd-reg",
        root=ROOT.public,
        id=uuid7_at(NOW * 1000, os.urandom(10)),
        iat=NOW,
        nonce=os.urandom(16),
        roots={"xa-lab": "0123" * 16, "xb-med": "4567" * 16},
    )
    proposed, signed = examine(payload)
    assert isinstance(proposed, ProposedList)
    said = "\n".join(proposed_lines(proposed))
    assert "xa-lab: 0123 0123" in said and "xb-med: 4567 4567" in said
    assert proposed_question(proposed) == "Vouch for these fingerprints as the root of xd-reg?"
    assert verify_list(signed, root=ROOT.public, now=NOW).roots["xb-med"] == "4567" * 16
