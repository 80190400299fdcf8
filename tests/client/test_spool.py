# SPDX-License-Identifier: Apache-2.0
"""The spool: written whole or not at all, even on a full disk; signed again after a day; shared by two programs."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accord.cli import exits
from accord.client.client import Client
from accord.client.errors import OutlivedError, RefusedError, SpoolError, UnreachableError
from accord.client.resending import terms_anew
from accord.client.spool import Spool
from accord.envelope.content import Attachment
from accord.envelope.errors import SealingError
from accord.envelope.manifest import Terms
from accord.envelope.statements.form import parse_statement
from accord.privatefiles import PrivateFileError
from sharing.models import Envelope, Statement
from tests.client.altered_answers import Instead, cut_off, flip
from tests.client.conftest import DOCUMENT, PASSPHRASE, PartnerWorld, alert_to
from tests.client.terminals import Terminal

DAY = 24 * 3600
FILE = Attachment("a.txt", "text/plain", b"spectrum " * 1000)
ID = "019b2f7a-0000-7000-8000-000000000000"


def unsent(world: PartnerWorld, *, age_secs: int, **changes: Any) -> str:
    """Store an alert in the spool that found no network so many seconds ago; return its jti."""
    sender = world.lied_to("xa-alpha", post_envelope=Instead(cut_off))
    with pytest.raises(UnreachableError):
        sender.submit(alert_to("xb-bravo", **changes))
    (jti,) = world.place("xa-alpha").spool.ids()
    make_older(world, "xa-alpha", age_secs)
    return jti


def make_older(world: PartnerWorld, agency: str, age_secs: int) -> None:
    """Move the time of signing back in this home's record of the waiting alerts."""
    place = world.place(agency)
    with place.state(place.open_keys(PASSPHRASE).ring).change() as state:
        for d, record in state.submissions.items():
            state.submissions[d] = replace(record, iat=record.iat - age_secs)


# Whole or not at all.


def test_a_draft_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    full = OSError(28, "No space left on device")
    with pytest.raises(SpoolError, match="No space"), spool.draft() as draft, draft.blob(0) as sink:
        sink.write(b"half")
        raise full
    assert spool.ids() == []
    assert list((tmp_path / "spool").iterdir()) == []
    with pytest.raises(RuntimeError), spool.draft() as draft:
        draft.write("manifest", b"{}")
        raise RuntimeError
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_place_that_is_taken_is_not_overwritten(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.keep_statement(ID, b"one")
    with pytest.raises(SpoolError):
        spool.keep_statement(ID, b"other")
    assert spool.statement(ID) == b"one"
    with pytest.raises(SpoolError, match="whole"):
        spool.envelope(ID)


def test_renewing_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.keep_statement(ID, b"old")
    with spool.draft(f"{ID}.new") as draft:
        draft.write("statement", b"new")
        draft.needed = True
    assert spool.statement(ID) == b"old"
    spool.drop(ID)
    for _ in range(2):
        spool.renew(ID, f"{ID}.new")
        assert spool.statement(ID) == b"new"


def test_drafts_of_a_killed_program_are_cleared_away_a_day_later(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    with spool.draft("left") as draft:
        draft.needed = True
    spool.drop_old_drafts(now=int(time.time()) + DAY - 60)
    assert draft.folder.is_dir()
    spool.drop_old_drafts(now=int(time.time()) + DAY + 60)
    assert not draft.folder.exists()


def test_a_blob_of_nowhere_is_no_part(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    with pytest.raises(SpoolError), spool.draft() as draft:
        draft.take(0, tmp_path / "absent")
    with spool.draft() as draft, pytest.raises(PrivateFileError):
        draft.take(0, tmp_path / "absent")


DISK = """\
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from accord.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("limit", [200_000, 40_000, 2_000, 100])
def test_on_a_full_disk_nothing_is_sent_and_nothing_half_stays(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], tmp_path: Path, limit: int
) -> None:
    """The disk takes no file above this size: blob, entries or state does not fit."""
    alpha, _ = terminals
    alpha.client.plan(alert_to("xb-bravo"))
    before = alpha.client.state()
    document, file = tmp_path / "alert.json", tmp_path / "a.bin"
    document.write_text(json.dumps(DOCUMENT))
    file.write_bytes(os.urandom(300_000))
    marking = ["--to", "xb-bravo", "--lane", "science", "--purpose", "prevent", "--tlp", "GREEN"]
    more = ["--attach", str(file), "--yes", "--json"]
    refused = subprocess.run(
        [sys.executable, "-c", DISK, str(limit), "submit", str(document), *marking, *more],
        env={**os.environ, **alpha.environment, "PYTHONPATH": os.getcwd()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == exits.LOCAL, refused.stderr
    assert json.loads(refused.stderr)["exit"] == exits.LOCAL
    assert not Envelope.objects.exists()
    assert world.place("xa-alpha").spool.ids() == []
    spool = world.home("xa-alpha") / "spool"
    assert not spool.exists() or list(spool.iterdir()) == []
    assert alpha.client.state().submissions == before.submissions == {}
    assert alpha.client.submit(alert_to("xb-bravo"), wait_secs=10).log_time is not None


def test_an_attachment_that_was_altered_in_the_spool_is_not_sent(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    jti = unsent(world, age_secs=0, attachments=(FILE,))
    blob = world.place("xa-alpha").spool.place(jti) / "blob-0"
    octets = blob.read_bytes()
    blob.write_bytes(flip(octets, 100))
    with pytest.raises(SpoolError, match="altered"):
        pair[0].resend()
    blob.unlink()
    with pytest.raises(SpoolError):
        pair[0].resend()
    assert not Envelope.objects.exists()
    blob.touch(mode=0o600)
    blob.write_bytes(octets)
    assert pair[0].resend()[0].to == ("xb-bravo",)


# Signed again after a day.


def test_after_a_day_without_an_answer_it_is_signed_anew_under_its_id(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    jti = unsent(world, age_secs=DAY + 60, attachments=(FILE,))
    (old,) = pair[0].state().submissions.values()
    (sent,) = pair[0].resend()
    assert (sent.jti, sent.to) == (jti, ("xb-bravo",))
    assert sent.md != old.d
    envelope = Envelope.objects.get()
    assert (envelope.md, envelope.jti) == (sent.md, jti)
    assert abs(envelope.iat - time.time()) < 600
    world.sequence()
    opened = pair[1].open(sent.md)
    assert (dict(opened.alert), opened.attachment(0)) == (DOCUMENT, FILE.plain)
    (record,) = pair[0].state().submissions.values()
    assert (record.d, record.id) == (sent.md, jti)
    assert [item.log_time is not None for item in pair[0].submissions()] == [True]
    assert world.place("xa-alpha").spool.ids() == []
    assert not pair[0].check_submissions().alarm


def test_within_the_day_the_same_octets_go_out(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    unsent(world, age_secs=DAY - 3600)
    (old,) = pair[0].state().submissions.values()
    (sent,) = pair[0].resend()
    assert sent.md == old.d


def test_a_hub_that_had_it_after_all_keeps_the_first(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    """The answer was lost, not the alert: a day later the hub says that it has it."""
    sender = world.lied_to("xa-alpha", post_envelope=lambda answer, *parts: cut_off())
    with pytest.raises(UnreachableError):
        sender.submit(alert_to("xb-bravo"))
    (old,) = sender.state().submissions.values()
    assert (old.accepted, Envelope.objects.get().md) == (False, old.d)
    world.sequence()
    make_older(world, "xa-alpha", DAY + 60)
    (sent,) = pair[0].resend()
    assert sent.md == old.d
    assert sent.log_time is not None
    assert Envelope.objects.count() == 1


def test_times_to_answer_within_count_anew_where_they_are_over() -> None:
    terms = Terms(
        kind="alert",
        status="actual",
        jti=ID,
        iat=1000,
        exp=9 * DAY,
        keep=10 * DAY,
        tlp="GREEN",
        rel="none",
        lane="science",
        purpose="prevent",
        pri="flash",
        ack_by=1000 + 3600,
        reply_by=5 * DAY,
    )
    anew = terms_anew(terms, now=2 * DAY)
    assert (anew.iat, anew.ack_by, anew.reply_by) == (2 * DAY, 2 * DAY + 3600, 5 * DAY)
    assert (anew.exp, anew.keep, anew.jti) == (terms.exp, terms.keep, terms.jti)
    late = terms_anew(replace(terms, reply_by=None, ack_by=8 * DAY), now=9 * DAY - 1)
    assert (late.ack_by, late.reply_by) == (10 * DAY, None)


def test_what_has_ended_meanwhile_is_let_go(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    unsent(world, age_secs=0, exp=int(time.time()) + DAY)
    with pytest.raises(OutlivedError):
        world.lied_to("xa-alpha", off_by=2 * DAY).resend()
    assert (pair[0].resend(), world.place("xa-alpha").spool.ids()) == ([], [])
    assert not Envelope.objects.exists()


def test_a_recipient_that_can_no_longer_receive_is_named_and_it_stays(world: PartnerWorld) -> None:
    """Ninety days later bravo's keyset has ended."""
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    jti = unsent(world, age_secs=0, exp=int(time.time()) + 200 * DAY)
    with pytest.raises(SealingError) as caught:
        world.lied_to("xa-alpha", off_by=91 * DAY).resend()
    assert caught.value.agencies == ("xb-bravo",)
    assert world.place("xa-alpha").spool.ids() == [jti]
    assert alpha.resend()[0].jti == jti


def test_a_statement_is_signed_anew_too(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    sent = pair[0].submit(alert_to("xb-bravo"), wait_secs=10)
    pair[1].open(sent.md)
    sender = world.lied_to("xb-bravo", post_statement=Instead(cut_off))
    with pytest.raises(UnreachableError):
        sender.acknowledge(sent.md, officer="officer-7")
    make_older(world, "xb-bravo", DAY + 60)
    (old,) = sender.state().submissions.values()
    (again,) = pair[1].resend()
    assert (again.jti, again.md != old.d) == (old.id, True)
    row = Statement.objects.get(k="ack")
    said = parse_statement(bytes(row.jws)).statement
    assert (said.id, said.act, said.body) == (old.id, "officer-7", {"st": "opened", "code": None})
    world.sequence()
    (news,) = pair[0].inbox()
    assert news.statement is not None


def test_a_program_killed_between_state_and_spool_finishes_later(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    """The state names the new octets, the spool still holds the old ones."""
    jti = unsent(world, age_secs=DAY + 60)
    spool = world.place("xa-alpha").spool
    old = spool.envelope(jti)
    stopped = world.lied_to("xa-alpha", post_envelope=Instead(cut_off))
    with pytest.raises(UnreachableError):
        stopped.resend()
    fresh = spool.envelope(jti)
    (record,) = pair[0].state().submissions.values()
    with spool.draft(f"{jti}.{record.d}") as draft:
        draft.write("manifest", fresh.manifest)
        draft.write("jwe", fresh.jwe)
        draft.needed = True
    spool.drop(jti)
    spool.keep_envelope(jti, old.manifest, old.jwe, [])
    (sent,) = pair[0].resend()
    assert (sent.md, sent.jti) == (record.d, jti)


# Refused, and two at once.


def test_a_refused_id_is_not_consumed(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    """Refused by policy, it leaves the spool; the same octets are accepted once the lane is open again."""
    jti = unsent(world, age_secs=0)
    parts = world.place("xa-alpha").spool.envelope(jti)
    pair[1].suspend(["xa-alpha"], ["science"])
    world.sequence()
    with pytest.raises(RefusedError):
        pair[0].resend()
    assert (world.place("xa-alpha").spool.ids(), pair[0].state().submissions) == ([], {})
    pair[1].resume(["xa-alpha"], ["science"])
    world.sequence()
    exchange = pair[0]._session.exchange
    exchange.post_envelope(jti, parts)
    assert Envelope.objects.get().jti == jti


SENDER = """\
import json, sys
from accord.client.client import Client
from accord.client.outgoing import AlertToSend
from pathlib import Path
home, passphrase, document = sys.argv[1:]
order = AlertToSend(json.loads(document), ("xb-bravo",), "science", "prevent", tlp="GREEN")
with Client(Path(home), passphrase) as client:
    print(json.dumps([client.submit(order).md for _ in range(4)]))
"""


def test_two_programs_of_one_agency_at_once_lose_nothing(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    command = [sys.executable, "-c", SENDER, str(world.home("xa-alpha")), PASSPHRASE, json.dumps(DOCUMENT)]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    programs = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [program.communicate(timeout=240) for program in programs]
    assert [program.returncode for program in programs] == [0, 0], answers
    mds = {md for out, _ in answers for md in json.loads(out)}
    assert len(mds) == 8
    assert set(pair[0].state().submissions) == mds == set(Envelope.objects.values_list("md", flat=True))
    world.sequence()
    assert {status.d for status in pair[0].submissions() if status.log_time is not None} == mds
    assert world.place("xa-alpha").spool.ids() == []
    assert not pair[0].check_submissions().alarm


def test_two_that_learn_at_once_keep_the_older_submission(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    other = world.client("xa-alpha")
    first, second = alpha.submit(alert_to("xb-bravo")), other.submit(alert_to("xb-bravo"))
    assert set(alpha.state().submissions) == {first.md, second.md}
    assert replace(first, md=second.md) != second
