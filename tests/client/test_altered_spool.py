# SPDX-License-Identifier: Apache-2.0
"""An alert in the spool is signed again only if it is the one that was signed: a disk must not choose its words."""

import time

import pytest

from accord.client.client import Client
from accord.client.errors import SpoolError, UnreachableError
from accord.envelope.private import SignerSet, SigningKey
from accord.envelope.statements.form import SubjectRef, make_statement
from sharing.models import Envelope, Statement
from tests.client.altered_answers import Instead, cut_off
from tests.client.conftest import DOCUMENT, PartnerWorld, alert_to
from tests.client.test_spool import DAY, make_older, unsent


def test_another_statement_in_the_spool_is_not_signed(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    sent = pair[0].submit(alert_to("xb-bravo"), wait_secs=10)
    sender = world.lied_to("xa-alpha", post_statement=Instead(cut_off))
    with pytest.raises(UnreachableError):
        sender.retract(sent.md, code="error")
    (waiting,) = [record for record in sender.state().submissions.values() if record.what == "statement"]
    forged = make_statement(
        "retract",
        iss="xa-alpha",
        signer=SignerSet([SigningKey.generate("Ed25519")]),
        suite="EC1",
        id=waiting.id,
        iat=int(time.time()),
        nonce=bytes(16),
        sub=SubjectRef("manifest", sent.jti, sent.md),
        body={"code": "legal", "by": None},
    )
    (world.place("xa-alpha").spool.place(waiting.id) / "statement").write_bytes(forged)
    make_older(world, "xa-alpha", DAY + 60)
    with pytest.raises(SpoolError):
        pair[0].resend()
    assert not Statement.objects.filter(k="retract").exists()


def test_another_envelope_in_the_spool_is_not_signed(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    first = unsent(world, age_secs=0)
    spool = world.place("xa-alpha").spool
    other = spool.envelope(first)
    sender = world.lied_to("xa-alpha", post_envelope=Instead(cut_off))
    with pytest.raises(UnreachableError):
        sender.submit(alert_to("xb-bravo", alert=DOCUMENT | {"title": "Second"}))
    (second,) = [jti for jti in spool.ids() if jti != first]
    spool.drop(second)
    spool.keep_envelope(second, other.manifest, other.jwe, [])
    with_state = world.place("xa-alpha")
    spool.drop(first)
    make_older(world, "xa-alpha", DAY + 60)
    state = with_state  # the first one's record is removed, as after a refusal
    ring = state.open_keys("correct horse battery staple").ring
    with state.state(ring).change() as kept:
        kept.submissions = {d: record for d, record in kept.submissions.items() if record.id == second}
    with pytest.raises(SpoolError):
        pair[0].resend()
    assert not Envelope.objects.exists()
