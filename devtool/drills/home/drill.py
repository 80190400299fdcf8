# SPDX-License-Identifier: Apache-2.0
"""`./dev drill own-desk`: an agency sets up its own desk in an empty folder, joins a hub, sends, receives, restarts.

Then it loses the machine, and goes on with a desk restored from a backup by the recovery key; it renews passphrase, recovery
key, ring and secrets; and its root lets another keeper in.

Over real processes: the hub of `./dev run --once` behind TLS, and an own desk with its production settings beside it. People
work in a browser. The hub's halves are searched for the words of the own desk's alerts.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import psycopg
from playwright.sync_api import expect

from accord.envelope.keys import show_fingerprint
from demo import alerts as texts
from demo.cast import Cast, wait_for
from demo.desk import DeskSession
from demo.halves import Half
from demo.head import Head
from demo.joining import agreement_between, compare, received, send, wait_until_active, write_to
from demo.ticks import StepFailedError, Ticks
from devtool.drills.acting import Players
from devtool.drills.home.people import PASSWORD, People, Person, draw_passphrase, people_of
from devtool.drills.home.tls import tls_in_front_of
from devtool.environments import ROOT, inherited
from devtool.errors import DevtoolError
from devtool.memory import memory_of
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.supervision import Listening, OwnDesk
from devtool.ports import free_ports
from devtool.postgres import DATABASES, SUPERUSER
from devtool.running import scratch_hub
from devtool.supervision import Hub
from hub.roles import DESK, EXCHANGE
from vault.errors import WrongSecretError
from vault.locking import draw_recovery_key, open_ring

AGENCY: Final = "xn-coast"
NAME: Final = "Coast Guard, Norrland"
LAB, LAB_AUTHOR, LAB_RELEASER = "xa-lab", "ilka", "benno"
KEEPER, ADMIN, KEYS, AUTHOR, RELEASER = (
    f"{name}@coast.example" for name in ("noor", "pavo", "ketil", "runa", "sigrid")
)
NEXT_KEEPER: Final = "tuva@coast.example"
OPERATOR: Final = "Tamsin Orrel"
TITLE: Final = "Tablets in a lifebuoy off Norrland"
FROM_STDIN: Final = ("--recovery-key-file", "-")
MOST_PAGES, MOST_FIELDS = 12, 40
"""The most pages and fields of the guided first start, up to the first agency admin."""


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if everything held."""
    parser = argparse.ArgumentParser(prog="./dev drill own-desk")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="keep a picture of each page of the guide"
    )
    options = parser.parse_args(arguments)
    ticks = Ticks()
    ticks.line(f"An own desk                          {datetime.now(UTC):%-d %b %Y %H:%M} UTC")
    with scratch_hub(ticks) as hub, tempfile.TemporaryDirectory(prefix="accord-own-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        os.environ.update(hub.demo_environment())
        exchange_port = int(hub.world.exchange_url.rpartition(":")[2])
        with tls_in_front_of(exchange_port, folder / "proxy") as front:
            try:
                _Drill(hub, ticks, folder, front.url, front.certificate, options.pictures).play()
            except StepFailedError:
                return 1
    return 0


class _Drill:
    def __init__(
        self, hub: Hub, ticks: Ticks, folder: Path, url: str, certificate: Path, pictures: Path | None
    ) -> None:
        self._hub, self._ticks, self._folder = hub, ticks, folder
        self._url, self._certificate, self._pictures = url, certificate, pictures
        self._head = Head(folder / "head")
        self._cast, self._players = Cast(), Players()
        self._passphrase = draw_passphrase()
        self._recovery_key = ""
        self._known: dict[str, Person] = {}
        self._home = folder / "desk"
        self._listening = _anywhere()
        self._at_hand: set[str] = set()
        """The digests that the own desk has received."""
        self._sent = ""

    def play(self) -> None:
        self._ticks.heading("The operator admits it")
        entry_key = self._admit()
        self._ticks.heading("First start, in the browser")
        with self._own_desk() as desk, self._people() as people:
            self._guide(people, desk, entry_key)
            self._bring_people(people)
            self._enter(people)
            self._ticks.heading("Alerts")
            self._meet(people)
            self._exchange_alerts(people)
        self._ticks.heading("Locked at rest")
        with self._own_desk() as desk, self._people() as people:
            self._unlock(people, desk)
            self._ticks.heading("The machine is lost")
            backup = self._back_up()
            self._receive_after_the_backup()
        self._lose()
        self._restore(backup)
        with self._own_desk() as desk, self._people() as people:
            self._come_back(people, desk)
            self._take_over(people)
            self._ticks.heading("What the thief had is made anew; the keeper is gone")
            self._rotate(people, desk)
            self._reopen(people)
        self._renew()

    # --- the hub's side ---------------------------------------------------------------------------------------------

    def _admit(self) -> str:
        with self._ticks.step("The head makes the root, on a machine of its own") as step:
            self._head.make_root()
            step.evidence(show_fingerprint(self._head.fingerprint)[:29] + " ...")
        self._hub.invite_operator(OPERATOR)
        with self._ticks.step(f"The operator admits {AGENCY} and issues a key for entering"):
            self._operate(
                *("admit_agency", AGENCY, "--name", NAME, "--kind", "customs", "--country", "XN"),
                *("--custody", "agency", "--fingerprint", self._head.fingerprint),
            )
            said = self._operate("issue_entry_key", AGENCY, "own desk")
            return said.split()[-1]

    def _operate(self, *words: str) -> str:
        return self._hub.manage("operator", *words, "--by", OPERATOR).strip()

    def _agree(self) -> None:
        path = self._folder / "agreement.json"
        path.write_text(json.dumps(agreement_between("G9", AGENCY, LAB)))
        self._operate("record_agreement", str(path))

    # --- the own desk -----------------------------------------------------------------------------------------------

    @contextmanager
    def _own_desk(self) -> Generator[OwnDesk]:
        folder = OwnDeskFolder(self._home)
        folder.make()
        with folder.locked():
            desk = OwnDesk(folder, self._listening, ticks=self._ticks, exchange_ca=self._certificate)
            try:
                desk.start()
                yield desk
            finally:
                desk.stop()

    @contextmanager
    def _people(self) -> Generator[People]:
        with people_of(self._listening.url, self._folder / "people", self._pictures) as people:
            people.known = self._known
            yield people

    def _guide(self, people: People, desk: OwnDesk, entry_key: str) -> None:
        with self._ticks.step(
            "Console's code, recovery key, passphrase, keeper with a second factor"
        ) as step:
            assert desk.code is not None
            self._recovery_key = people.open_first_start(desk.code, self._passphrase, KEEPER)
            _require(not desk.first_start.is_open, "The first start is still open.")
            step.evidence("closed for good")
        with self._ticks.step("The exchange is named; the fingerprint of its key is compared"):
            shown = people.tell_exchange(self._url, self._hub.secrets.ledger_vkey())
            _require(self._vkey_groups() in shown, "The page shows another fingerprint.")
        with self._ticks.step("The agency is taken in, its first admin invited") as step:
            people.take_in(AGENCY, entry_key)
            self._admin_link = people.invite_admin("Pavo Lindqvar", ADMIN)
            people.counts = False
            _require(people.pages <= MOST_PAGES and people.fields <= MOST_FIELDS, "The guide is too long.")
            step.evidence(f"{people.pages} pages, {people.fields} fields")

    def _vkey_groups(self) -> str:
        return show_fingerprint(sha256(self._hub.secrets.ledger_vkey().encode()).hexdigest())

    def _bring_people(self, people: People) -> None:
        with self._ticks.step("Five people, by links that are handed over"):
            people.accept(self._admin_link, ADMIN)
            links = {
                KEYS: people.invite("Ketil Varga", KEYS, "Key officer"),
                AUTHOR: people.invite("Runa Skarsholm", AUTHOR, "Author"),
                RELEASER: people.invite("Sigrid Moen", RELEASER, "Releaser"),
            }
            for email, link in links.items():
                people.accept(link, email)

    def _enter(self, people: People) -> None:
        with self._ticks.step(
            "The key officer proposes, the head signs offline, the keyset is published"
        ) as step:
            people.change_to(KEYS)
            proposal = people.propose_keys(
                self._head.card, self._head.next_fingerprint, self._folder / "head"
            )
            people.hand_in_keys(self._head.sign(proposal))
            officer = self._officer(people, KEYS)
            wait_until_active(officer, AGENCY)
            step.evidence(f"custody: {officer.get('/keys')['custody']}")

    def _meet(self, people: People) -> None:
        with self._ticks.step("An agreement; two officers of each side compare the other's fingerprint"):
            self._agree()
            for email in (AUTHOR, RELEASER):
                officer = self._officer(people, email)
                compare(officer, LAB)
            for login in (LAB_AUTHOR, LAB_RELEASER):
                compare(self._cast.officer(login), AGENCY)

    def _exchange_alerts(self, people: People) -> None:
        author, releaser = self._officer(people, AUTHOR), self._officer(people, RELEASER)
        with self._ticks.step(f"An alert goes from the own desk to {LAB}") as step:
            md = self._sent = send(author, releaser, LAB, TITLE)
            lab = self._cast.officer(LAB_RELEASER)
            found = wait_for(lambda: received(lab, md), "The alert at the hosted desk")
            step.evidence(f"{md[:12]}..., {found['reference']}")
        with self._ticks.step("And one back; the own desk opens it") as step:
            back = self._answer()
            found = wait_for(lambda: received(author, back), "The alert at the own desk")
            opened = author.post(f"/alerts/received/{found['id']}/open", {"reason": "on_duty"})
            _require(opened["document"]["title"] == texts.STORY["title"], "It says something else.")
            self._at_hand.add(back)
            step.evidence(f"{back[:12]}..., verified and opened")
        with self._ticks.step("Neither half of the hub holds a word of what stayed at home"):
            words = (self._passphrase, self._recovery_key, "Runa Skarsholm", RELEASER)
            for half in (EXCHANGE, DESK):
                held = Half(half, self._address(half), {}).holds(*words)
                _require(not held, f"The {half} holds words of the own desk: {', '.join(held)}")
            held = Half(EXCHANGE, self._address(EXCHANGE), {}).holds(TITLE)
            _require(not held, f"The exchange holds the alert's title: {', '.join(held)}")

    def _address(self, half: str) -> str:
        """Return the address of the superuser of a half's database."""
        server = self._hub.stores.postgres
        if server is None:
            raise DevtoolError("The drill wants a database server of its own.", "Unset DATABASE_URL.")
        return server.url(SUPERUSER, DATABASES[half])

    def _answer(self) -> str:
        alert = self._cast.officer(LAB_AUTHOR).post("/alerts", {"data": write_to([AGENCY])})["id"]
        self._players.submit(LAB_AUTHOR, str(alert))
        self._players.release(LAB_RELEASER, str(alert))
        return str(
            wait_for(lambda: self._players.digest_of(LAB_AUTHOR, str(alert)), "A receipt of the ledger")
        )

    def _unlock(self, people: People, desk: OwnDesk) -> None:
        with self._ticks.step(
            "Started again it shows the page that asks for the passphrase, and nothing else"
        ):
            people.page.goto(f"{people.address}/inbox/")
            _require(people.page.url.endswith("/unlock/"), f"It shows {people.page.url}.")
            _require(desk.code is None, "A code of the first start was drawn again.")
        with self._ticks.step(
            "A wrong one is refused; what was sent meanwhile is here after the right one"
        ) as step:
            back = self._answer()
            people.page.get_by_label("Passphrase or recovery key").fill("a wrong passphrase")
            people.press("Open")
            people.at("This desk is locked")
            people.page.get_by_label("Passphrase or recovery key").fill(self._recovery_key)
            people.press("Open")
            people.sign_in(AUTHOR)
            author = self._reader = self._officer(people, AUTHOR)
            wait_for(lambda: received(author, back), "The alert at the own desk")
            self._at_hand.add(back)
            step.evidence(f"opened by the recovery key; memory of all processes: {memory_of([os.getpid()])}")

    # --- the lost machine -------------------------------------------------------------------------------------------

    def _back_up(self) -> Path:
        backup = self._folder / "desk.backup"
        with self._ticks.step("Backup of the running desk, sealed to the recovery key; rehearsed") as step:
            step.evidence(
                _line(self._command("--folder", str(self._home), "--backup", str(backup)), "Backup")
            )
            octets = backup.read_bytes()
            words = ("PGDMP", "kek.locked", "superuser_password", AUTHOR, self._recovery_key)
            _require(
                not [word for word in words if word.encode() in octets], "The backup shows what it holds."
            )
            said = self._command("--check-backup", str(backup), *FROM_STDIN, typed=self._recovery_key)
            _require("This backup makes a desk." in said, said)
            step.evidence(_line(said, "Desk's log"))
        return backup

    def _receive_after_the_backup(self) -> None:
        with self._ticks.step("An alert that the backup knows nothing of") as step:
            back = self._answer()
            officer = self._reader
            wait_for(lambda: received(officer, back), "The alert at the own desk")
            self._at_hand.add(back)
            step.evidence(f"{back[:12]}...")

    def _lose(self) -> None:
        with self._ticks.step("The machine is gone with its folder"):
            shutil.rmtree(self._home)

    def _restore(self, backup: Path) -> None:
        self._home, self._listening = self._folder / "another-machine", _anywhere()
        restore = ("--restore", str(backup), "--folder", str(self._home), *FROM_STDIN)
        with self._ticks.step("Another recovery key restores nothing"):
            said = self._command(*restore, typed=draw_recovery_key(), status=1)
            _require("does not open this backup" in said and not self._home.exists(), said)
        with self._ticks.step("The recovery key restores it on another machine, stopped") as step:
            said = self._command(*restore, typed=self._recovery_key)
            for name in ("Holds", "Desk's log", "restored and verified"):
                step.evidence(_line(said, name))

    def _come_back(self, people: People, desk: OwnDesk) -> None:
        with self._ticks.step(
            "Started it is locked; the passphrase opens it; only an admin signs in"
        ) as step:
            people.page.goto(f"{people.address}/inbox/")
            _require(desk.code is None, "A code of the first start was drawn again.")
            people.page.get_by_label("Passphrase or recovery key").fill(self._passphrase)
            people.press("Open")
            people.at("Sign in")
            wait_for(lambda: _has_deleted(desk.world.owner_url), "What was due is deleted")
            try:
                self._officer(people, KEYS)
            except StepFailedError:
                step.evidence("the key officer is refused")
            else:
                raise StepFailedError("An officer signs in before an admin has gone through the restore.")
        with self._ticks.step("The admin goes through what came back, and sign-in opens"):
            people.sign_in(ADMIN)
            people.go("After a restore")
            people.at("After a restore")
            for box in people.page.locator("main input[type=checkbox]").all():
                box.check()
            people.press("Open sign-in")
            expect(people.page.get_by_text("Sign-in is open to everybody of your agency.")).to_be_visible()
        with self._ticks.step("What came after the backup comes again; everything is there once") as step:
            reader = self._officer(people, AUTHOR)
            wait_for(lambda: self._at_hand <= {*_inbox(reader)} or None, "Every alert at the own desk")
            _require(sorted(_inbox(reader)) == sorted(self._at_hand), "Something is there twice.")
            lab = self._cast.officer(LAB_RELEASER)
            _require(_inbox(lab).count(self._sent) == 1, "The hosted desk has the alert twice.")
            _require(_outbox(reader).count(self._sent) == 1, "What was sent is not there once.")
            step.evidence(f"{len(self._at_hand)} received, 1 sent")

    def _take_over(self, people: People) -> None:
        with self._ticks.step(
            "The exchange names the desk of before; the key officer takes the identity over"
        ) as step:
            people.change_to(KEYS)
            people.go("Signing keys")
            named = people.page.get_by_text("Another desk or command holds your agency's identity")
            expect(named).to_be_visible()
            people.press("Take the identity over…", "link")
            people.at("Take your agency's identity over?")
            people.press("Take it over")
            expect(people.page.get_by_text("This desk holds your agency's identity.")).to_be_visible()
            step.evidence("the restored desk holds it")
        with self._ticks.step(f"And sends to {LAB} again") as step:
            author, releaser = self._officer(people, AUTHOR), self._officer(people, RELEASER)
            md = send(author, releaser, LAB, f"{TITLE}, a second one")
            lab = self._cast.officer(LAB_RELEASER)
            wait_for(lambda: received(lab, md), "The alert at the hosted desk")
            step.evidence(f"{md[:12]}...")

    def _rotate(self, people: People, desk: OwnDesk) -> None:
        with self._ticks.step("Another passphrase, recovery key and ring, while people work") as step:
            before = desk.state.locked_ring.read_bytes()
            fresh = draw_passphrase()
            self._manage(
                "change_desk_passphrase",
                "--secret-file",
                "-",
                "--new-file",
                "-",
                typed=f"{self._passphrase}\n{fresh}",
            )
            said = self._manage("change_recovery_key", "--passphrase-file", "-", typed=fresh)
            recovery_key = _line(said, "Recovery key:").split()[-1]
            both = ("--passphrase-file", "-", "--recovery-key-file", "-")
            step.evidence(
                _line(self._manage("rotate_desk_ring", *both, typed=f"{fresh}\n{recovery_key}"), "The ring")
            )
            now = desk.state.locked_ring.read_bytes()
            for secret in (self._passphrase, self._recovery_key):
                _require(not _opens(now, secret), "An earlier secret opens the ring of now.")
            _require(open_ring(before, self._passphrase) != open_ring(now, fresh), "The ring is the same.")
            self._passphrase, self._recovery_key = fresh, recovery_key
            author, releaser = self._officer(people, AUTHOR), self._officer(people, RELEASER)
            md = send(author, releaser, LAB, f"{TITLE}, a third one")
            lab = self._cast.officer(LAB_RELEASER)
            wait_for(lambda: received(lab, md), "The alert at the hosted desk")
            _require(set(_inbox(author)) == self._at_hand, "What was received before does not open.")

    def _reopen(self, people: People) -> None:
        with self._ticks.step("Another keeper is let in by the root, from the console") as step:
            request = self._folder / "head" / "reopen.proposal"
            person = ("--as", "keeper", "--name", "Tuva Rensen", "--email", NEXT_KEEPER)
            self._manage("reopen", *person, "--out", str(request))
            said = self._manage("reopen", "--signed", str(signed := self._head.sign(request)))
            people.accept(said.split()[-1], NEXT_KEEPER)
            self._manage("reopen", "--signed", str(signed), status=1)
            people.at("This desk")
            people.change_to(AUTHOR)
            expect(people.page.get_by_text("Your agency's root has let Tuva Rensen in")).to_be_visible()
            step.evidence("once; everybody of the agency reads of it")

    def _renew(self) -> None:
        with self._ticks.step("The stopped desk's secrets are drawn anew; it starts, locked"):
            self._command("--folder", str(self._home), "--renew-secrets")
            with self._own_desk(), self._people() as people:
                people.page.goto(f"{people.address}/")
                people.page.get_by_label("Passphrase or recovery key").fill(self._passphrase)
                people.press("Open")
                people.sign_in(AUTHOR)

    def _manage(self, *words: str, typed: str = "", status: int = 0) -> str:
        return self._command("--folder", str(self._home), "--manage", *words, typed=typed, status=status)

    def _command(self, *words: str, typed: str = "", status: int = 0) -> str:
        """Run `./dev own-desk` with this on its standard input; return its output. Raises StepFailedError for another status."""
        done = subprocess.run(
            [sys.executable, "-m", "devtool", "own-desk", *words],
            input=f"{typed}\n",
            env={**inherited(os.environ), "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        _require(done.returncode == status, f"own-desk {words[0]}: {done.stdout.strip()[-600:]}")
        return done.stdout

    def _officer(self, people: People, email: str) -> DeskSession:
        os.environ["SSL_CERT_FILE"] = str(self._home / "certificate.pem")
        return DeskSession(people.address, email, PASSWORD, people.known[email].telephone)


def _inbox(officer: DeskSession) -> list[str]:
    return [str(row["received"]["md"]) for row in officer.get("/alerts?box=inbox&limit=100")["items"]]


def _outbox(officer: DeskSession) -> list[str]:
    rows = (row["alert"] for row in officer.get("/alerts?box=outbox&limit=100")["items"])
    return [str(row["md"]) for row in rows if row["md"]]


def _has_deleted(owner_url: str) -> bool | None:
    """Tell whether the restored desk has deleted content past its `keep`, after which an admin signs in."""
    with psycopg.connect(owner_url) as connection:
        found = connection.execute("SELECT 1 FROM ledger_restore WHERE cards_deleted_at IS NOT NULL")
        return found.fetchone() is not None or None


def _opens(octets: bytes, secret: str) -> bool:
    try:
        open_ring(octets, secret)
    except WrongSecretError:
        return False
    return True


def _anywhere() -> Listening:
    (port,) = free_ports(1)
    return Listening("localhost", port)


def _line(said: str, begins: str) -> str:
    """Return the line of a command's output that begins with this."""
    found = next((line for line in said.splitlines() if begins in line), "")
    _require(bool(found), f"It does not say {begins!r}: {said.strip()[-600:]}")
    return " ".join(found.split())


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)
