# SPDX-License-Identifier: Apache-2.0
"""Alerts that a suspended lane kept from an agency, by command: noted at home, sent after the suspension, recognised there."""

import pytest

from accord.client.errors import RefusedError, RequestError
from accord.client.withheld import resend_withheld
from accord.envelope.content import Attachment
from accord.state import SubmissionRecord
from tests.client.conftest import DOCUMENT, PartnerWorld, alert_to
from tests.client.terminals import Terminal

TO = ("--to", "xb-bravo", "--lane", "science")


@pytest.fixture
def three(world: PartnerWorld, capsys: pytest.CaptureFixture[str]) -> tuple[Terminal, Terminal, Terminal]:
    """The terminals of three partners; the first has suspended science with the second."""

    def build() -> None:
        alpha, _, _ = world.partners("xa-alpha", "xb-bravo", "xc-charlie")
        alpha.suspend(["xb-bravo"], ["science"])
        world.sequence()

    world.restored("one of three suspended", build)
    alpha, bravo, charlie = (Terminal(world, name, capsys) for name in ("xa-alpha", "xb-bravo", "xc-charlie"))
    return alpha, bravo, charlie


def send(terminal: Terminal, **changes: object) -> str:
    sent = terminal.client.submit(alert_to("xb-bravo", "xc-charlie", **changes), wait_secs=10)
    assert (sent.to, sent.withheld) == (("xc-charlie",), ("xb-bravo",))
    return sent.md


def test_it_goes_to_the_others_at_once_and_after_the_suspension_to_its_last_recipient(
    world: PartnerWorld, three: tuple[Terminal, Terminal, Terminal]
) -> None:
    alpha, bravo, charlie = three
    md = send(alpha, attachments=(Attachment("a.txt", "text/plain", b"as it was"),))
    (row,) = alpha.json("withheld")
    assert (row["md"], row["peer"], row["state"]) == (md, "xb-bravo", "suspended")
    assert "is suspended" in alpha.run("resend", *TO, "--yes", expect=2) + alpha.err
    assert charlie.client.inbox()[0].d == md and bravo.json("withheld") == []
    alpha.run("resume", "xb-bravo", "--lane", "science")
    world.sequence()
    assert "waiting" in alpha.run("withheld")
    (sent,) = alpha.json("resend", *TO, "--yes")
    assert sent["state"] == "signed"
    world.sequence()
    alpha.run("submissions")
    assert alpha.json("withheld")[0]["state"] == "logged"
    (news,) = [entry for entry in bravo.client.inbox() if entry.what == "envelope"]
    assert "sent after a suspension" in bravo.run("open", news.d)
    opened = bravo.client.open(news.d)
    assert opened.alert["resent"]["md"] == md and opened.alert["title"] == DOCUMENT["title"]
    assert opened.attachment(0) == b"as it was"
    assert opened.written_at == alpha.client.state().submissions[md].logged_at
    with pytest.raises(RequestError):
        alpha.client.resend_withheld("xb-bravo", "science")


def test_what_broke_off_goes_on_under_the_same_id(
    world: PartnerWorld, three: tuple[Terminal, Terminal, Terminal]
) -> None:
    alpha, bravo, _ = three
    for n in range(3):
        send(alpha, alert=DOCUMENT | {"title": f"Report {n}"})
        world.sequence()
    alpha.run("resume", "xb-bravo", "--lane", "science")
    world.sequence()
    client = alpha.client
    broken_off = resend_withheld(client._begin_to_send(), "xb-bravo", "science")
    next(broken_off)
    del broken_off
    before = {key: record.jti for key, record in alpha.client.state().resent.items()}
    assert [row.state for row in alpha.client.withheld()] == ["signed", "chosen", "chosen"]
    world.sequence()
    for _ in resend_withheld(client._begin_to_send(), "xb-bravo", "science"):
        world.sequence()
    assert {key: record.jti for key, record in alpha.client.state().resent.items()} == before
    arrived = [entry.d for entry in bravo.client.inbox() if entry.what == "envelope"]
    titles = sorted(bravo.client.open(md).alert["title"] for md in arrived)
    assert titles == ["Report 0", "Report 1", "Report 2"]


def test_what_no_longer_fits_stops_no_other(
    world: PartnerWorld, three: tuple[Terminal, Terminal, Terminal]
) -> None:
    alpha, _, _ = three
    amber, green = send(alpha, tlp="AMBER"), send(alpha)
    alpha.run("resume", "xb-bravo", "--lane", "science")
    world.sequence()
    world.hub.make_agreement("G1", "xa-alpha", "xb-bravo", "xc-charlie", ceiling="GREEN")
    found = {row.md: (row.state, row.code) for row in alpha.client.resend_withheld("xb-bravo", "science")}
    assert found == {amber: ("refused", "tlp-above-ceiling"), green: ("signed", "")}


def test_where_everybody_is_suspended_nothing_is_sent_and_nothing_noted(
    three: tuple[Terminal, Terminal, Terminal],
) -> None:
    alpha, _, _ = three
    with pytest.raises(RefusedError):
        alpha.client.submit(alert_to("xb-bravo"))
    assert alpha.client.withheld() == []
    kept: list[SubmissionRecord] = list(alpha.client.state().submissions.values())
    assert all(record.what == "statement" for record in kept)


def test_what_was_withdrawn_is_not_sent(
    world: PartnerWorld, three: tuple[Terminal, Terminal, Terminal]
) -> None:
    alpha, _, _ = three
    md = send(alpha)
    alpha.client.retract(md, code="error", wait_secs=10)
    alpha.run("resume", "xb-bravo", "--lane", "science")
    world.sequence()
    assert [row.state for row in alpha.client.withheld()] == ["ended"]
    with pytest.raises(RequestError):
        alpha.client.resend_withheld("xb-bravo", "science")
