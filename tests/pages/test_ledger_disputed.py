# SPDX-License-Identifier: Apache-2.0
"""A partner has seen another ledger: the operator reads it on the first page, and nobody else does."""

from accord.envelope.encoding import b64u
from accord.envelope.statements.form import CheckpointRef, SubjectRef
from sharing.models import Envelope
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

ALARM = "A partner has seen another ledger, at "


def test_the_operator_is_told_until_the_week_is_over(desk: DeskWorld, as_officer: SignIn) -> None:
    alert = desk.send(desk.draft())
    jti = Envelope.objects.get(pk=alert.md).jti
    assert ALARM not in as_officer(desk.noor).get("/").content.decode()
    desk.hub.fetch(desk.reg, alert)  # type: ignore[arg-type]
    jws = desk.hub.statement(
        desk.reg,
        "ack",
        SubjectRef("manifest", jti, alert.md),
        body={"st": "opened", "code": None},
        act="officer-1",
        cp=CheckpointRef(1, b64u(bytes(32))),
    )
    desk.hub.submit(desk.reg, jws)
    assert ALARM in as_officer(desk.noor).get("/").content.decode()
    assert ALARM not in as_officer(desk.benno).get("/").content.decode()
