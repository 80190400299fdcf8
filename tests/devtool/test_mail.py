# SPDX-License-Identifier: Apache-2.0
"""The demonstration's mail sink keeps whole mails; the suite's mail server fails as a test asks."""

import smtplib
from collections.abc import Generator
from pathlib import Path

import pytest

from devtool.mailsink import MailSink
from devtool.ports import LOOPBACK
from tests.mail_server import MailServer

MAIL = b"From: accord@hub.example\r\nSubject: [Accord] URGENT 7QK4-M2XN\r\n\r\nYour agency has an alert.\r\n"


def _send(port: int, *recipients: str) -> None:
    with smtplib.SMTP(LOOPBACK, port, timeout=20) as client:
        client.sendmail("accord@hub.example", recipients or ("aroha@xb-health.example",), MAIL)


@pytest.fixture
def sink(tmp_path: Path) -> Generator[MailSink]:
    started = MailSink(tmp_path / "mail")
    started.start()
    yield started
    started.stop()


def test_the_sink_keeps_each_mail_as_a_file_with_its_envelope(sink: MailSink) -> None:
    _send(sink.port, "aroha@xb-health.example")
    _send(sink.port, "dele@xb-health.example")
    files = sorted(path.name for path in sink.folder.iterdir())
    assert files == ["000001.eml", "000002.eml"]
    kept = (sink.folder / "000002.eml").read_bytes()
    assert b"X-Envelope-To: dele@xb-health.example\r\n" in kept
    assert kept.endswith(MAIL)


def test_a_folder_that_was_cleared_away_is_made_again(sink: MailSink) -> None:
    sink.folder.rmdir()
    _send(sink.port)
    assert [path.name for path in sink.folder.iterdir()] == ["000001.eml"]


def test_a_new_sink_on_the_same_folder_overwrites_nothing(sink: MailSink) -> None:
    _send(sink.port)
    successor = MailSink(sink.folder)
    successor.start()
    try:
        _send(successor.port)
    finally:
        successor.stop()
    assert sorted(path.name for path in sink.folder.iterdir()) == ["000001.eml", "000002.eml"]


@pytest.fixture
def world_outside() -> Generator[MailServer]:
    started = MailServer()
    started.start()
    yield started
    started.stop()


def test_a_well_behaved_world_takes_mail(world_outside: MailServer) -> None:
    _send(world_outside.port)
    [mail] = world_outside.wait_for_count(1)
    assert mail.message["Subject"] == "[Accord] URGENT 7QK4-M2XN"
    assert world_outside.mails_to("aroha@xb-health.example") == [mail]
    assert world_outside.connections == 1


def test_it_puts_mail_off_as_often_as_told(world_outside: MailServer) -> None:
    world_outside.misbehaviour.temporary_replies = 1
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        _send(world_outside.port)
    assert refusal.value.smtp_code == 451
    _send(world_outside.port)
    assert len(world_outside.mails) == 1


def test_it_refuses_an_address_for_good(world_outside: MailServer) -> None:
    world_outside.misbehaviour.permanent_for = frozenset({"gone@xb-health.example"})
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        _send(world_outside.port, "gone@xb-health.example")
    _send(world_outside.port)
    assert len(world_outside.mails) == 1


HANG_UPS = {
    "after it took the mail": ("hang_up_before_reply_at", 1),
    "and loses the mail": ("hang_up_unread_at", 0),
}


@pytest.mark.parametrize("case", sorted(HANG_UPS))
def test_it_hangs_up(case: str, world_outside: MailServer) -> None:
    attribute, taken = HANG_UPS[case]
    setattr(world_outside.misbehaviour, attribute, frozenset({1}))
    with pytest.raises(smtplib.SMTPServerDisconnected):
        _send(world_outside.port)
    assert len(world_outside.mails) == taken
    _send(world_outside.port)
    assert len(world_outside.mails) == taken + 1


def test_it_is_down_for_a_while_and_comes_back_on_the_same_port(world_outside: MailServer) -> None:
    with world_outside.down(), pytest.raises(OSError, match="refused"):
        _send(world_outside.port)
    _send(world_outside.port)
    assert len(world_outside.mails) == 1


def test_behaving_forgets_everything(world_outside: MailServer) -> None:
    world_outside.misbehaviour.temporary_replies = 5
    world_outside.behave()
    _send(world_outside.port)
    world_outside.behave()
    assert world_outside.mails == []
