# SPDX-License-Identifier: Apache-2.0
"""`./dev drill first-start`: kill the first start of an own desk at every write, from its key ring to its published keys.

Over real processes: the exchange of a hub behind TLS, and an own desk with production's settings. A person at the desk reads
its state on its pages, and takes the next step; during that the web process is killed by SIGKILL at its first write, then at
its second, and so on, until the step is done. Handing in the first keyset is killed in the desk-worker too. Where a kill has
advanced the desk without anybody being told, the whole machine is killed as well. Each time there must be at most one set of
keys, and a person who comes back must be told the desk's state.
"""

import argparse
import os
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
from urllib3.exceptions import HTTPError

from demo.cast import wait_for
from demo.head import Head
from demo.ticks import StepFailedError, Ticks
from devtool.drills.first_start.desk import OF_THE_FIRST_KEYS, WEB, WORKER, Machine
from devtool.drills.first_start.people import HIDDEN, Browser, Person, shown_in, title_of
from devtool.drills.home.tls import tls_in_front_of
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.supervision import Listening
from devtool.ports import free_ports
from devtool.postgres import DATABASES, SUPERUSER
from devtool.programs import port_of
from devtool.running import scratch_hub_of
from devtool.supervision import Hub
from devtool.supervisor import Part
from hub.roles import DESK, EXCHANGE, ROLES

AGENCY: Final = "xn-coast"
OPERATOR: Final = "Tamsin Orrel"
CODE_PAGE, KEEPER_PAGE, MADE = "First start of this desk", "2 of 2", "A keeper was made already"
NEXT: Final = {
    "Name the exchange…": "the exchange named",
    "Take in the agency…": "the agency taken in",
    "Invite…": "the first admin",
}
DONE: Final = "done"
KEYS_OF_TWO_SUITES: Final = 4
WRITES_OF_THE_WORKER: Final = 10
"""The last of the worker's writes at which it is killed; afterwards only the page's own writes are."""
MOST_WRITES: Final = 120
"""No step writes this often; more would mean that the drill loops."""


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if everything held."""
    argparse.ArgumentParser(prog="./dev drill first-start").parse_args(arguments)
    ticks = Ticks()
    ticks.line(f"A first start killed at every write  {datetime.now(UTC):%-d %b %Y %H:%M} UTC")
    with (
        scratch_hub_of(_ExchangeAlone, ticks) as hub,
        tempfile.TemporaryDirectory(prefix="accord-first-") as name,
    ):
        folder = Path(name)
        folder.chmod(0o711)
        with tls_in_front_of(port_of(hub.world.exchange_url), folder / "proxy") as front:
            drill = _Drill(hub, ticks, folder, front.url, front.certificate)
            try:
                drill.play()
            except StepFailedError:
                return 1
            finally:
                drill.machine.switch_off()
    return 0


class _ExchangeAlone(Hub):
    """The half that the own desk belongs to, without agencies: nobody else is needed."""

    def prepare(self) -> None:
        self.make_tables()

    def make_parts(self) -> list[Part]:
        return [part for part in super().make_parts() if ROLES[part.child.name].half == EXCHANGE]


class _Drill:
    def __init__(self, hub: Hub, ticks: Ticks, folder: Path, url: str, certificate: Path) -> None:
        self._hub, self._ticks, self._url = hub, ticks, url
        home = OwnDeskFolder(folder / "desk")
        home.make()
        self._home = home
        (port,) = free_ports(1)
        listening = Listening("localhost", port)
        self.machine = Machine(home, listening, certificate)
        people = folder / "people"
        self._keeper, self._admin, self._officer = (
            Person(listening.url, f"{name}@coast.example", title, people)
            for name, title in (("noor", "Noor Ashdene"), ("pavo", "Pavo Lindqvar"), ("ketil", "Ketil Varga"))
        )
        self._anybody = Browser(listening.url)
        self._head = Head(folder / "head")
        self._passphrase = secrets.token_urlsafe(18)
        self._file = folder / "first.json"
        self._entry_key = self._page = ""
        self._sends_by_hand = False
        self._number = 0
        """The write of the present step at which the processes are killed."""

    def play(self) -> None:
        self._admit()
        with self._home.locked():
            with self._ticks.step("An own desk is switched on, that nobody has set up"):
                self.machine.switch_on()
                os.environ["SSL_CERT_FILE"] = str(self.machine.desk.certificate.path)
            self._ring()
            self._kill_at_each(
                "A keeper, with a second factor",
                self._first_start_stage,
                {
                    "the keeper": self._make_keeper,
                    "the second factor": self._prove_keeper,
                },
            )
            self._kill_at_each(
                "Exchange, agency, first admin",
                self._keepers_stage,
                {
                    "the exchange named": self._tell_exchange,
                    "the agency taken in": self._take_in,
                    "the first admin": self._invite_admin,
                },
            )
            self._kill_at_each(
                "The first admin comes",
                self._admins_stage,
                {"the admin's password": lambda: self._accept(self._admin)},
            )
            self._bring_officer()
            self._kill_at_each(
                "Keys drawn, signed, handed in, published",
                self._keys_stage,
                {
                    "the proposal": self._propose,
                    "the signed file": self._hand_in,
                    "sent": self._send,
                },
            )
            self._published()

    # --- the round ----------------------------------------------------------------------------------------------------

    def _kill_at_each(
        self, title: str, stage: Callable[[], str], acts: dict[str, Callable[[], None]]
    ) -> None:
        """Take the steps that `stage` says are next, each killed at its first write, its second, and so on."""
        with self._ticks.step(title) as step:
            before, kills, number, at = Counter[str](), self.machine.kills, 0, ""
            while (now := stage()) != DONE:
                number, at = (number + 1 if now == at else 1), now
                if number > MOST_WRITES:
                    raise StepFailedError(f"It does not get on from: {at}.")
                self._number = number
                with suppress(HTTPError):
                    acts[at]()
                if self.machine.was_killed(WEB):
                    before[at] += 1
                    self.machine.start_again(WEB)
                    self._come_back(stage, at)
                self._look()
            for name, count in before.items():
                step.evidence(f"{name}: killed at {count} writes")
            step.evidence(f"{self.machine.kills - kills} kills, and nothing lost or twice")

    def _arm(self) -> None:
        """Have the web process end, from now on, at the write whose turn it is."""
        self.machine.arm(WEB, self._number)

    def _come_back(self, stage: Callable[[], str], at: str) -> None:
        """Switch the whole machine off once more where the kill came after the step was stored."""
        if stage() == at:
            return
        self.machine.switch_off()
        self.machine.switch_on()
        if self._sends_by_hand:
            self.machine.desk.stop_some([WORKER])
        self._open()

    def _open(self) -> None:
        """Type the passphrase, as a person does after a start."""
        status, there, page = self._anybody.look("/unlock/")
        if status == 200:
            there = self._anybody.send_form("/unlock/", page, secret=self._passphrase).headers.get(
                "Location", ""
            )
        if there not in {"/login/", "/", "/first-start/"}:
            raise StepFailedError(f"The passphrase does not open the desk: {status} {there}")

    def _look(self) -> None:
        """Require at most one set of keys, and the same here and at the exchange."""
        with (
            psycopg.connect(self._address_of_desk()) as desk,
            psycopg.connect(self._address(EXCHANGE)) as there,
        ):
            held = _column(desk, "SELECT kid FROM vault_vaultkey WHERE agency_id = %s")
            proposals = _column(desk, "SELECT od FROM vault_proposal WHERE agency_id = %s")
            drawn = _column(
                desk,
                "SELECT d.kid FROM vault_drawnkey d JOIN vault_proposal p ON p.od = d.proposal_id WHERE p.agency_id = %s",
            )
            words = _column(desk, "SELECT od FROM vault_keystatement WHERE agency_id = %s")
            keysets = _column(there, "SELECT od FROM agencies_keyset WHERE agency_id = %s")
            kids = _column(there, "SELECT kid FROM agencies_key WHERE agency_id = %s AND use <> 'root'")
        _require(
            len(held) in {0, KEYS_OF_TWO_SUITES} and len(proposals) <= 1 and len(words) <= 1,
            "Keys are half kept.",
        )
        _require(len(drawn) == KEYS_OF_TWO_SUITES * len(proposals), "A proposal is there without its keys.")
        _require(len(keysets) <= 1 and kids <= held, "The exchange has keys that are not here.")
        _require(not (held and drawn), "There are two sets of keys.")

    # --- the hub's side -----------------------------------------------------------------------------------------------

    def _admit(self) -> None:
        with self._ticks.step("The head makes the root, the operator admits the agency"):
            self._head.make_root()
            self._hub.invite_operator(OPERATOR)
            self._operate(
                *("admit_agency", AGENCY, "--name", "Coast Guard, Norrland", "--kind", "customs"),
                *("--country", "XN", "--custody", "agency", "--fingerprint", self._head.fingerprint),
            )
            self._entry_key = self._operate("issue_entry_key", AGENCY, "own desk").split()[-1]

    def _operate(self, *words: str) -> str:
        return self._hub.manage("operator", *words, "--by", OPERATOR).strip()

    def _address(self, half: str) -> str:
        server = self._hub.stores.postgres
        assert server is not None
        return server.url(SUPERUSER, DATABASES[half])

    def _address_of_desk(self) -> str:
        server = self.machine.desk.stores.postgres
        assert server is not None
        return server.url(SUPERUSER, DATABASES[DESK])

    # --- first start --------------------------------------------------------------------------------------------------

    def _ring(self) -> None:
        """Kill the making of the ring, on a new machine each time, since a ring is made once."""
        title = "The key ring and what opens it, on a new machine each time"
        with self._ticks.step(title) as step:
            number, order = 0, list[str]()
            while True:
                number += 1
                self._forget_ring()
                paper = self._write_down()
                self.machine.arm(WEB, number)
                self._make_ring(paper)
                if not self.machine.was_killed(WEB):
                    break
                order.append(self.machine.at[-1])
                if self._home.locked_ring.exists():
                    self.machine.switch_off()
                    self.machine.switch_on()
                else:
                    self.machine.start_again(WEB)
                self._require_ring_of(paper)
            step.evidence(
                f"killed at {number - 1} writes: unmade, or made and opened by what was written down"
            )
            files = [point.partition("after ")[2] for point in order if "after " in point]
            step.evidence(
                ", ".join(point for point in files if "ring" in point or "kek" in point or "folder" in point)
            )

    def _forget_ring(self) -> None:
        """Begin as on a machine where nothing was made: nobody has an account yet."""
        if self.machine.desk.world.opened_ring.exists():
            self.machine.desk.world.opened_ring.unlink()
        for path in self._home.path.glob("*kek.locked*"):
            path.unlink()
        _require(CODE_PAGE in self._anybody.look("/first-start/")[2], "The first start does not begin.")

    def _write_down(self) -> str:
        page = self._anybody.press("/first-start/", code=self._code())
        self._page = page
        return shown_in(page)

    def _make_ring(self, paper: str) -> None:
        self._anybody.press(
            "/first-start/",
            self._page,
            code=self._code(),
            recovery_key=paper,
            written_down=paper.rpartition("-")[2],
            passphrase=self._passphrase,
            passphrase_again=self._passphrase,
        )

    def _require_ring_of(self, paper: str) -> None:
        """Require that either nothing was made, and the page begins anew, or the paper opens it."""
        status, there, page = self._anybody.look("/first-start/")
        if status == 200:
            _require(CODE_PAGE in page, f"It shows: {title_of(page)}")
            return
        _require(there == "/unlock/", f"It leads to {there}.")
        _, _, page = self._anybody.look("/unlock/")
        answer = self._anybody.send_form("/unlock/", page, secret=paper)
        _require(answer.status == 303, "What was written down does not open the desk.")

    def _code(self) -> str:
        return self.machine.desk.code or ""

    def _first_start_stage(self) -> str:
        status, there, page = self._anybody.look("/first-start/")
        if there == "/unlock/":
            self._open()
            return self._first_start_stage()
        if status == 404:
            return DONE
        if MADE in page:
            return "the second factor"
        _require(KEEPER_PAGE in page, f"It shows: {title_of(page)}")
        return "the keeper"

    def _make_keeper(self) -> None:
        keeper = self._keeper
        self._arm()
        self._anybody.press(
            "/first-start/",
            code=self._code(),
            full_name=keeper.name,
            email=keeper.email,
            password=keeper.password,
            again=keeper.password,
        )

    def _prove_keeper(self) -> None:
        self._keeper.sign_in()
        self._arm()
        self._keeper.set_up_codes()

    # --- the keeper ---------------------------------------------------------------------------------------------------

    def _keepers_stage(self) -> str:
        page = self._page_of(self._keeper)
        return DONE if self._admin.link else next(stage for words, stage in NEXT.items() if words in page)

    def _page_of(self, person: Person) -> str:
        """Return the person's start page; sign in again where a kill ended the session."""
        if not person.is_signed_in():
            person.sign_in()
        status, there, page = person.browser.look("/")
        _require(status == 200, f"{person.email} is led to {there}.")
        return page

    def _tell_exchange(self) -> None:
        told = {"url": self._url, "vkey": self._hub.secrets.ledger_vkey()}
        self._arm()
        self._keeper.browser.press("/desk/exchange/", compared="on", **told)

    def _take_in(self) -> None:
        path, given = "/desk/agencies/take-in/", {"agency_id": AGENCY, "entry_key": self._entry_key}
        self._arm()
        page = self._keeper.browser.press(path, **given)
        confirmed = {name: value for name, value in HIDDEN.findall(page) if name != "csrfmiddlewaretoken"}
        if "confirmed" in page:
            self._keeper.browser.press(path, page, **confirmed)

    def _invite_admin(self) -> None:
        """Invite the admin, and again after a kill: the first link was never seen."""
        where, admin = f"/desk/agencies/{AGENCY}/", self._admin
        shown = self._keeper.browser.page(where)
        self._arm()
        if "Invite again" in shown:
            page = self._keeper.browser.press(f"{where}admin/again/", shown)
        else:
            page = self._keeper.browser.press(f"{where}admin/", full_name=admin.name, email=admin.email)
        admin.link = shown_in(page)

    # --- the people ---------------------------------------------------------------------------------------------------

    def _admins_stage(self) -> str:
        """Return the admin's next step: a used link shows no form any more, then the password counts."""
        guest = self._guest_of(self._admin)
        return "the admin's password" if 'name="again"' in guest.look("/welcome/")[2] else DONE

    def _guest_of(self, person: Person) -> Browser:
        guest = Browser(self.machine.listening.url)
        guest.page(person.link.removeprefix(self.machine.listening.url))
        return guest

    def _accept(self, person: Person) -> None:
        guest = self._guest_of(person)
        self._arm()
        guest.press("/welcome/", password=person.password, again=person.password)

    def _bring_officer(self) -> None:
        with self._ticks.step("The admin sets up a second factor and invites a key officer, who does too"):
            self._admin.sign_in()
            self._admin.set_up_codes()
            officer = self._officer
            officer.link = shown_in(
                self._admin.browser.press(
                    "/officers/invite/",
                    full_name=officer.name,
                    email=officer.email,
                    roles=["reader", "key_officer"],
                )
            )
            self._guest_of(officer).press("/welcome/", password=officer.password, again=officer.password)
            officer.sign_in()
            officer.set_up_codes()
            _require(officer.is_signed_in(), "The key officer is not let in.")

    # --- keys ---------------------------------------------------------------------------------------------------------

    def _keys_stage(self) -> str:
        self._page_of(self._officer)
        said = self._officer.browser.json("/keys")
        if said["to_send"]:
            return "sent"
        if said["proposals"]:
            return "the signed file"
        return DONE if said["keyset"] else "the proposal"

    def _propose(self) -> None:
        self._sends_by_hand = True
        self.machine.desk.stop_some([WORKER])
        self._arm()
        self._officer.browser.press(
            "/keys/create/",
            version="0",
            go="do",
            root=("root.public.json", self._head.card.read_bytes()),
            announce=self._head.next_fingerprint,
            suites=["PQ1", "EC1"],
        )

    def _hand_in(self) -> None:
        """Sign the proposal that the page lists, even if an earlier page made it."""
        self.machine.desk.stop_some([WORKER])
        od = self._officer.browser.json("/keys")["proposals"][0]["od"]
        where = f"/keys/proposals/{od}/"
        self._file.write_bytes(self._officer.browser.file(f"{where}file/"))
        signed = self._head.sign(self._file).read_bytes()
        self._arm()
        self._officer.browser.press(where, signed=("first.signed", signed))

    def _send(self) -> None:
        """Send first by the worker, which is killed at each of its writes, then by hand on the page."""
        self.machine.desk.stop_some([WORKER])
        if self._number <= WRITES_OF_THE_WORKER:
            self._have_it_sent()
        words = self._officer.browser.json("/keys")["to_send"]
        if words:
            shown = self._officer.browser.page("/keys/")
            self._arm()
            self._officer.browser.press(f"/keys/waiting/{words[0]['od']}/send/", shown)

    def _have_it_sent(self) -> None:
        self.machine.arm(WORKER, self._number, OF_THE_FIRST_KEYS)
        self.machine.desk.start_some([WORKER])

        def is_over() -> bool | None:
            lives = self._has_worker()
            return not (lives and self._officer.browser.json("/keys")["to_send"]) or None

        wait_for(is_over, "The worker's attempt")
        self.machine.desk.stop_some([WORKER])
        self.machine.was_killed(WORKER)

    def _published(self) -> None:
        with self._ticks.step(
            "One keyset is published, by the keys that were drawn here; the log verifies"
        ) as step:
            self.machine.desk.start_some([] if self._has_worker() else [WORKER])

            def is_active() -> bool | None:
                items = self._officer.browser.json("/directory")["items"]
                return any(one["id"] == AGENCY and one["status"] == "active" for one in items) or None

            wait_for(is_active, f"{AGENCY} is active")
            self._look()
            self.machine.desk.manage("desk-sequencer", "verify_ledger")
            step.evidence(f"{self.machine.kills} kills in all")

    def _has_worker(self) -> bool:
        return any(child.name == WORKER and child.alive for child in self.machine.desk.children)


def _column(connection: psycopg.Connection, query: str) -> set[str]:
    return {str(row[0]) for row in connection.execute(query, [AGENCY])}


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)
