# SPDX-License-Identifier: Apache-2.0
"""`python -m demo.story`: one alert on real input, from draft to acknowledgement, each step with its evidence.

Plays against a running hub over HTTP only: officers sign in at the desk, xe-drugs uses its own keys at the blind exchange.
Every step checks its claim and fails with a sentence when it does not hold. Where both databases are reachable, each step says
what was added to each half, and the last one searches all of both for the content.
"""

import email
import email.policy
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from accord.calls.exchange import EnvelopeParts, HttpExchange
from accord.calls.multipart import Moved
from accord.client.client import Client
from accord.client.errors import AbsentError, RefusedError
from accord.client.outgoing import AlertToSend
from accord.client.results import InboxEntry
from accord.envelope.tree.notes import VerifierKey
from accord.envelope.tree.receipts import Receipt
from demo import alerts as texts
from demo.cast import Cast, OwnSystem, wait_for
from demo.desk import DeskSession
from demo.halves import Half, halves_here
from demo.ticks import Step, StepFailedError, Ticks

SPECTRUM = Path(__file__).with_name("data") / texts.SPECTRUM_FILE
NEVER_SENT = "AAAA-AAAA"
READERS = 6
SHOWN_DIGITS = 8


@dataclass
class Story:
    """State that the steps pass on to each other."""

    cast: Cast
    ilka: DeskSession = field(init=False)
    benno: DeskSession = field(init=False)
    estmark: OwnSystem = field(init=False)
    client: Client = field(init=False)
    draft: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    entry: InboxEntry | None = None
    references: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/alerts/{self.draft['id']}"

    @property
    def md(self) -> str:
        return str(self.sent["alert"]["md"])

    def reference_of(self, agency: str) -> str:
        return self.references[agency]


def require(holds: bool, otherwise: str, remedy: str = "") -> None:
    """Fail unless a claim of the story holds."""
    if not holds:
        raise StepFailedError(otherwise, remedy)


def write_draft(story: Story, step: Step) -> None:
    spectrum = SPECTRUM.read_bytes()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    story.ilka = story.cast.officer("ilka")
    created = story.ilka.post("/alerts", {"data": {**texts.STORY, "event_date": yesterday}})
    story.draft = story.ilka.attach(
        f"/alerts/{created['id']}/attachments", SPECTRUM.name, spectrum, etag=created["etag"]
    )
    data, files = story.draft["data"], story.draft["attachments"]
    require([file["size"] for file in files] == [len(spectrum)], "The attachment did not arrive whole.")
    step.evidence(
        f"{data['preferred_name']}, {data['harm_evidence']}, TLP:{data['tlp']}, "
        f"{files[0]['filename']} {files[0]['size'] / 1000:.1f} kB"
    )


def submit_draft(story: Story, step: Step) -> None:
    findings = story.draft["findings"]
    require(not findings["errors"] and not findings["questions"], f"The draft has findings: {findings}")
    story.draft = story.ilka.post(f"{story.path}/submit", etag=story.draft["etag"])
    require(story.draft["state"] == "submitted", "The draft was not submitted.")
    hints = len(findings["hints"])
    step.title = f"Ilka submits it: 0 errors, {hints} hint{'s' if hints != 1 else ''}"


def release(story: Story, step: Step) -> None:
    story.benno = story.cast.officer("benno")
    checked = story.benno.get(story.path)
    rows = checked["preview"]["items"]
    seen = {"preview": checked["preview"]["digest"]}
    checked = story.benno.post(f"{story.path}/validate", seen, etag=checked["etag"])
    story.benno.post(f"{story.path}/release", etag=checked["etag"])
    will = [row["agency"] for row in rows if row["will"]]
    require(will == ["xc-customs", "xe-drugs", "xb-health"] or len(will) == 3, f"Will receive: {will}")
    step.evidence(f"will receive: {', '.join(sorted(will))}")
    for row in rows:
        if not row["will"]:
            step.evidence(f"will not: {row['agency']} ({row['text']})")


def carry(story: Story, step: Step) -> None:
    def look() -> dict[str, Any] | None:
        sent = story.benno.get(story.path)
        return sent if sent.get("log_index") is not None else None

    story.sent = wait_for(look, "A receipt of the ledger")
    exchange = story.estmark.transport()
    for address in ("/alerts", "/alerts/schema"):
        try:
            exchange.get(address, accept="application/json", limit=65536)
        except AbsentError:
            continue
        raise StepFailedError(f"The exchange answers {address}, which belongs to the desk.")
    step.evidence("it serves no address of the desk and holds no key that opens")


def prove_entry(story: Story, step: Step) -> None:
    transport, index = story.estmark.transport(), story.sent["log_index"]
    proof = transport.get(f"/ledger/proof/{index}", accept="text/plain", limit=65536).body.decode()
    receipt = Receipt.parse_tlog_proof(proof)
    keys = [VerifierKey.parse(story.cast.ledger_vkey)]
    logged_at = datetime.fromtimestamp(receipt.verify(d=story.md, keys=keys), UTC)
    size = receipt.checkpoint_under(keys).size
    step.title = f"Ledger entry {index}, checkpoint {size}, inclusion proved"
    step.evidence(f"logged {logged_at:%H:%M:%S} UTC, time stated by the exchange alone")


def find_slice(story: Story, step: Step) -> None:
    story.client = story.estmark.client()
    story.entry = wait_for(lambda: _entry_of(story.client, story.md), "The alert in xe-drugs' feed")
    slice_octets = HttpExchange(story.estmark.transport()).slice(story.md)
    parts = json.loads(slice_octets)
    payload = json.loads(_unb64(parts["manifest"]["payload"]))
    require(len(parts["manifest"]["signatures"]) == 2, "The manifest has not both signatures.")
    require(payload["suite"] == "PQ1" and payload["rn"] == 4, "It was not sealed for four by PQ1.")
    require(len(parts["jwe"]["recipients"]) == 1, "The slice shows more than its own recipient's entry.")
    step.evidence(f"suite PQ1, manifest {_short(story.md)}, each recipient gets its own entry only")


def tell_officers(story: Story, step: Step) -> None:
    at_desks = {
        "xb-health": _reference(story.cast.officer("aroha"), story.md),
        "xc-customs": _reference(story.cast.officer("nourin"), story.md),
    }
    story.references = at_desks | {"xe-drugs": str(story.entry.ref if story.entry else "")}
    if not story.cast.mail_is_kept:
        wait_for(lambda: _told_agencies(story) == len(at_desks) or None, "Every agency of the desk told")
        step.title = f"Officers of {len(at_desks)} agencies told by the given mail server"
        return
    mails = wait_for(lambda: _mails_of(story), f"{READERS} mails")
    told = {str(mail["X-Envelope-To"]) for mail in mails}
    require(len(told) == len(mails) == READERS, f"{len(mails)} mails went to {len(told)} officers.")
    words = ("metodesnitazene", texts.STORY["title"], "xa-lab", "GREEN", "etizolam")
    for mail in mails:
        text = mail.as_string() + str(mail.get_content())
        require(not any(word.lower() in text.lower() for word in words), "A mail says more than it should.")
    step.title = f"{len(mails)} officers told: SMTP 250 x {len(mails)}, no content in mail"
    step.evidence(f"subject: {mails[0]['Subject']}")


def open_with_own_keys(story: Story, step: Step) -> None:
    opened = story.client.open(story.reference_of("xe-drugs"))
    require(opened.alert["preferred_name"] == "metodesnitazene", "Another alert was opened.")
    require(opened.attachment(0) == SPECTRUM.read_bytes(), "The attachment's bytes differ.")
    step.evidence(f"{len(opened.checks)} checks hold; attachment digest equal")


def acknowledge_with_own_keys(story: Story, step: Step) -> None:
    stated = story.client.acknowledge(story.md, officer=story.cast.public_id("marisel"), wait_secs=30)
    require(stated.log_time is not None, "The acknowledgement has no receipt.")
    step.evidence(f"statement {_short(stated.od)}, logged")


def read_at_the_desk(story: Story, step: Step) -> None:
    aroha = story.cast.officer("aroha")
    received = _received(aroha, story.md)
    opened = aroha.post(f"/alerts/received/{received['id']}/open", {"reason": "on_duty"})
    require(opened["verification"]["state"] == "verified", opened["verification"]["text"])
    acknowledged = aroha.post(f"/alerts/received/{received['id']}/acknowledge")
    require(acknowledged["acknowledged_at"] is not None, "The acknowledgement was not noted.")
    step.evidence(opened["verification"]["text"])


def refuse_a_stranger(story: Story, step: Step) -> None:
    stranger = story.cast.own_system("xd-reg").transport()
    real, invented = (
        _refusal(stranger, reference) for reference in (story.reference_of("xb-health"), NEVER_SENT)
    )
    require(real == invented, "A stranger can tell a real reference from an invented one.")
    step.evidence(f"both: {real[0]}, same bytes")


def refuse_a_changed_byte(story: Story, step: Step) -> None:
    system = story.cast.own_system("xd-reg")
    with tempfile.TemporaryDirectory(prefix="accord-story-") as folder:
        home = Path(folder) / "home"
        shutil.copytree(system.home, home)
        client = system.client(_ChangesOneByte(system.transport()), home)
        order = AlertToSend(
            alert={
                "schema": "accord-alert/1",
                "alert_type": "new_substance",
                "title": "Changed on the way",
            },
            to=("xe-drugs",),
            lane="science",
            purpose="science",
            tlp="GREEN",
        )
        try:
            client.submit(order)
        except RefusedError as refusal:
            step.evidence(f"the hub answers {refusal.status}")
        else:
            raise StepFailedError("The exchange took an envelope with a changed byte.")


def see_what_became_of_it(story: Story, step: Step) -> None:
    def look() -> list[dict[str, Any]] | None:
        rows = story.ilka.get(story.path)["recipients"]
        done = sum(row["acknowledged_at"] is not None for row in rows)
        told = sum(row["told_at"] is not None for row in rows)
        return rows if (told, done) == (2, 2) else None

    rows = wait_for(look, "Told 2/3, acknowledged 2/3 on the originator's page")
    told, opened, acknowledged = (
        sum(row[fact] is not None for row in rows) for fact in ("told_at", "opened_at", "acknowledged_at")
    )
    require(
        (told, opened, acknowledged) == (2, 2, 2),
        f"told {told}, opened {opened}, acknowledged {acknowledged}",
    )
    step.title = f"xa-lab sees: told {told}/3, opened {opened}/3, acknowledged {acknowledged}/3"


def look_for_content(halves: Sequence[Half], step: Step) -> None:
    """Search every row that the halves' web processes may read for the alert's words."""
    words = (str(texts.STORY["title"]), str(texts.STORY["narrative"])[:40])
    for half in halves:
        found = half.holds(*words)
        require(not found, f"The content stands in the database of the {half.name}: {', '.join(found)}.")
    step.evidence("searched as text and as octets, with the rights of either web process")


STEPS = (
    ("Ilka Torvane (xa-lab) writes a draft", write_draft),
    ("Ilka submits it", submit_draft),
    ("Benno Ashgrove, not the author, checks, releases it", release),
    ("Exchange verifies and carries what it cannot open", carry),
    ("Ledger entry, inclusion proved", prove_entry),
    ("Signed Ed25519 + ML-DSA-65, sealed for 4 by X-Wing", find_slice),
    ("Officers told", tell_officers),
    ("xe-drugs opens with its own keys: every check holds", open_with_own_keys),
    ("xe-drugs acknowledges, signed", acknowledge_with_own_keys),
    ("Aroha Pemberwick (xb-health) opens, acknowledges", read_at_the_desk),
    ("xd-reg gets the answer of a reference that never was", refuse_a_stranger),
    ("One changed byte is refused", refuse_a_changed_byte),
    ("xa-lab sees what became of it", see_what_became_of_it),
)


class _ChangesOneByte(HttpExchange):
    """A transport that changes one byte of the sealed content."""

    def post_envelope(self, jti: str, parts: EnvelopeParts, *, moved: Moved | None = None) -> None:
        jwe = json.loads(parts.jwe)
        sealed = jwe["ciphertext"]
        jwe["ciphertext"] = ("B" if sealed[0] == "A" else "A") + sealed[1:]
        changed = json.dumps(jwe, separators=(",", ":")).encode()
        super().post_envelope(jti, replace(parts, jwe=changed), moved=moved)


def _entry_of(client: Client, md: str) -> InboxEntry | None:
    return next((entry for entry in client.inbox() if entry.d == md), None)


def _received(officer: DeskSession, md: str) -> dict[str, Any]:
    """Return the row in an officer's inbox, once the desk-worker has filed it."""

    def look() -> dict[str, Any] | None:
        rows = officer.get("/alerts?box=inbox")["items"]
        return next((row["received"] for row in rows if row["received"]["md"] == md), None)

    return wait_for(look, "The alert in the inbox")


def _reference(officer: DeskSession, md: str) -> str:
    return str(_received(officer, md)["reference"])


def _told_agencies(story: Story) -> int:
    """Return how many recipients the originator's page shows as told: a mail server answered 250 for each."""
    return sum(row["told_at"] is not None for row in story.benno.get(story.path)["recipients"])


def _mails_of(story: Story) -> list[EmailMessage] | None:
    """Return the mails that name one of the alert's references, once all have arrived."""
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(story.cast.mail_dir.glob("*.eml"))
    ]
    ours = [mail for mail in mails if str(mail["Subject"]).rpartition(" ")[2] in story.references.values()]
    return ours if len(ours) >= READERS else None


def _refusal(transport: Any, reference: str) -> tuple[int, str]:
    try:
        transport.get("/inbox", query={"ref": reference}, accept="application/json", limit=65536)
    except RefusedError as refusal:
        return refusal.status, str(refusal)
    raise StepFailedError("A stranger was answered.")


def _unb64(text: str) -> bytes:
    from accord.envelope.encoding import unb64u

    return unb64u(text)


def _short(digest: str) -> str:
    return f"{digest[:SHOWN_DIGITS]}…{digest[-4:]}"


def main() -> int:
    ticks = Ticks()
    story, halves = Story(Cast()), halves_here()
    story.estmark = story.cast.own_system("xe-drugs")
    ticks.heading("One alert, from draft to acknowledgement")
    try:
        for title, play in STEPS:
            with ticks.step(title) as step:
                play(story, step)
                for half in halves:
                    step.evidence(f"new at the {half.name}: {half.grown()}")
        if halves:
            with ticks.step("Neither half has a word of it in its database") as step:
                look_for_content(halves, step)
    except StepFailedError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
