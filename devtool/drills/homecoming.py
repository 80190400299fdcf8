# SPDX-License-Identifier: Apache-2.0
"""`./dev drill homecoming`: an agency with traffic at a hosted desk moves to its own, by the steps of docs/own-desk.md.

Over real processes: a hub as `./dev run --once` has it, behind TLS, and an own desk with production's settings, empty at first.
The root is at the hosted desk, so both desks and the agency's head sign. While the history is taken in, every process of the
own desk is killed, repeatedly.
"""

import argparse
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final, LiteralString

import psycopg

from callers.capabilities import CALLS_OF_A_DESK
from demo.cast import wait_for
from demo.desk import DeskSession
from demo.halves import Half
from demo.head import Head
from demo.home import ADMIN, AUTHOR, KEYS, LAB_AUTHOR, PEOPLE, RELEASER
from demo.ticks import StepFailedError, Ticks
from devtool.drills.apart.officers import SENDING, Inbox, Officers, md_of, received, received_one
from devtool.drills.desks.stage import LAB, PARTNER, OwnSide, OwnStage, SignedIn, own_stage
from devtool.errors import DevtoolError
from devtool.postgres import DATABASES, SUPERUSER
from hub.roles import DESK, EXCHANGE, SEQUENCES

AGENCY: Final = SENDING
NAME: Final = "Health Authority, Belmora"
READER, FIRST, SECOND = "aroha", "dele", "wirin"
"""At the hosted desk: its author, and the key officers, who are the releaser and the admin."""
SCOPES: Final = sorted(CALLS_OF_A_DESK)
KILLS: Final = 3
TITLES: Final = [f"before {n}" for n in range(30)]
"""Titles of alerts that the agency receives before it moves, besides those of the demonstration."""
LATE: Final = "after the keys"
FROM_HOME, DRAFT = "Lozenges in a teapot", "Nobody has read this draft"
LEAVES: Final = "Your agency leaves this desk"
HOLDS_WITHIN_SECONDS: Final = 420
"""A desk that the exchange refused asks again every five minutes."""
_COUNTS: Final = re.compile(r"</dt><dd>(?:<span[^>]*>)?(\d+)<")
_RECEIPT: Final = re.compile(r'class="digest groups">([^<]+)<')
_TEXT: Final = re.compile(r'"text":"([^"]+)"')
_VERSION: Final = re.compile(r'name="version" value="(\d+)"')


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if all of it held."""
    argparse.ArgumentParser(prog="./dev drill homecoming").parse_args(arguments)
    ticks = Ticks()
    ticks.line("Accord: an agency goes home")
    try:
        with own_stage(ticks) as own:
            side = OwnSide(own.stage, own.front, own.folder, (AGENCY, NAME))
            own.sides.append(side)
            try:
                _Homecoming(own, side).play()
            finally:
                side.stop()
    except StepFailedError:
        return 1
    return 0


class _Homecoming:
    def __init__(self, own: OwnStage, side: OwnSide) -> None:
        self._own, self._side, self._ticks = own, side, own.stage.ticks
        self._cast = SignedIn(own.stage)
        self._hosted = Officers(self._cast, to=(LAB, PARTNER))
        self._head = Head(own.folder / "head")
        self._partner = own.partner()
        self._lab = Inbox(own.lab, LAB)
        self._sent: list[str] = []
        """Digests of what the agency has sent, from any desk."""
        self._of_partner: list[str] = []
        """Digests of what the partner has sent to it and to the hosted agency."""

    def play(self) -> None:
        self._ticks.heading("At the hosted desk")
        self._live_before()
        api_key = self._prepare()
        root = self._announce_root()
        self._ticks.heading("It goes")
        self._side.come(api_key, root)
        waiting = self._leave()
        self._make_keys()
        self._name_holder()
        self._require_hosted_silent(waiting)
        self._ticks.heading("The history")
        history = self._make_history()
        receipt = self._take_history(history)
        self._open_before()
        self._ticks.heading("Home")
        self._write_from_home()
        self._receive_at_home()
        self._destroy(receipt)
        self._search()

    # --- at the hosted desk -----------------------------------------------------------------------------------------

    def _live_before(self) -> None:
        with self._ticks.step(f"{len(TITLES)} alerts come to {AGENCY}, and it sends one") as step:
            mds = [self._partner.send_surely(title, (AGENCY, LAB)) for title in TITLES]
            self._partner.settle()
            self._of_partner += mds
            reader = self._cast.officer(READER)
            for md in mds:
                received_one(reader, md)
            self._send(self._hosted, "sent by the hosted desk")
            step.evidence(f"{len(received(reader))} alerts in its inbox")

    def _prepare(self) -> str:
        with self._ticks.step(
            "The operator allows the move; the admin issues an API key for the own desk"
        ) as step:
            step.evidence(self._own.operate("allow_move", AGENCY))
            admin = self._cast.officer(SECOND)
            listed = admin.get("/exchange-keys")["items"]
            self._hosted_key = next(str(item["prefix"]) for item in listed if item["is_own"])
            key = {"client": "own desk", "scopes": [*SCOPES], "networks": []}
            return str(admin.post("/exchange-keys", key)["key"])

    def _announce_root(self) -> str:
        """Have the hosted desk announce the head's root; return the fingerprint of the root in force then."""
        with self._ticks.step("The head makes a root; the hosted desk announces it"):
            self._head.make_root()
            officer = self._cast.officer(FIRST)
            before = officer.get("/keys")["keyset"]["version"]
            self._press(officer, "/keys/leaving/root/", announce=self._head.fingerprint)

            def logged() -> str | None:
                keyset = officer.get("/keys")["keyset"]
                is_there = keyset["version"] > before and keyset["is_logged"]
                return str(keyset["root"]) if is_there else None

            return wait_for(logged, "The keyset that announces it")

    # --- it goes ----------------------------------------------------------------------------------------------------

    def _leave(self) -> str:
        """Let the agency go; return the id of an alert that is checked and not released."""
        (waiting,) = self._hosted.write("checked and not released")
        self._hosted.check(waiting)
        with self._ticks.step(
            "Two key officers at the hosted desk let it go; nothing is sent from there"
        ) as step:
            self._press(self._cast.officer(FIRST), "/keys/leaving/ask/")
            self._press(self._cast.officer(SECOND), "/keys/leaving/agree/")
            self._left_at = time.monotonic()
            self._outgoing = self._hosted_outgoing()
            step.evidence(_refused(lambda: self._hosted.release(waiting)))
        return waiting

    def _make_keys(self) -> None:
        with self._ticks.step(
            "Keys are made at home; hosted root and head sign; the signed file is handed in"
        ) as step:
            officer, head = self._side.cast.officer(KEYS), self._head
            page = officer.page("/keys/move/")
            found = _VERSION.search(page)
            answer = officer.send_form(
                "/keys/move/",
                page,
                version=found[1] if found else "",
                go="do",
                root=("root.public.json", head.card.read_bytes()),
                announce=head.next_fingerprint,
            )
            proposal = _redirected(answer)
            octets = officer.file(f"{proposal}file/")
            half, previous = self._own.folder / "move.half", self._own.folder / "move.previous"
            previous.write_bytes(officer.file(f"{proposal}previous/"))
            signing = self._cast.officer(FIRST).send_form("/keys/leaving/sign/", proposal=("move", octets))
            _require(signing.status == 200, f"The hosted desk did not sign: {signing.status}.")
            half.write_bytes(signing.data)
            signed = head.sign_as_next(half, previous).read_bytes()
            _redirected(officer.send_form(proposal, signed=("move.signed", signed)))
            step.evidence(f"{len(octets)} octets proposed, {len(signed)} signed")

    def _name_holder(self) -> None:
        with self._ticks.step("The own desk holds the identity, and its keys are in the log") as step:
            officer = self._side.cast.officer(KEYS)

            def is_home() -> bool | None:
                keys = officer.get("/keys")
                is_logged = keys["keyset"] is not None and keys["keyset"]["is_logged"]
                return (keys["custody"] == "agency" and is_logged and not keys["to_send"]) or None

            wait_for(self._is_elsewhere, "The hosted desk sees it", within_seconds=HOLDS_WITHIN_SECONDS)
            wait_for(is_home, "The keyset at home")
            own, hosted = self._kids(self._side.running.world.owner_url), self._kids(self._address(DESK))
            _require(
                bool(own and hosted) and not own & hosted, "A private key of before is at home, or none is."
            )
            seconds = time.monotonic() - self._left_at
            step.evidence(
                f"{seconds:.0f} s after it was let go; {len(own)} keys, none of the {len(hosted)} of before"
            )

    def _is_elsewhere(self) -> bool | None:
        return "/keys/leaving/history/" in self._cast.officer(FIRST).page("/keys/leaving/") or None

    def _require_hosted_silent(self, waiting: str) -> None:
        with self._ticks.step(
            "What comes now opens at home alone; the hosted desk says why it sends nothing"
        ) as step:
            md = self._partner.send_surely(LATE, (AGENCY, LAB), "urgent")
            self._partner.settle()
            self._of_partner.append(md)
            reader = self._cast.officer(READER)
            row = received_one(reader, md)["received"]
            place = f"/alerts/received/{row['id']}"
            step.evidence(_refused(lambda: reader.post(f"{place}/open", {"reason": "on_duty"}), ""))
            for act in (lambda: reader.post(f"{place}/acknowledge"), lambda: self._hosted.release(waiting)):
                said = _refused(act)
            step.evidence(said)
            self._require_nothing_sent()

    def _require_nothing_sent(self) -> None:
        now = self._hosted_outgoing()
        _require(now == self._outgoing, f"The hosted desk has {now - self._outgoing} more signed items.")

    # --- the history ------------------------------------------------------------------------------------------------

    def _make_history(self) -> bytes:
        with self._ticks.step("The hosted desk makes the file, sealed to the key at home") as step:
            officer = self._cast.officer(FIRST)
            began = time.monotonic()
            answer = officer.send_form("/keys/leaving/history/", officer.page("/keys/leaving/"))
            name = answer.headers.get("Content-Disposition", "")
            _require(answer.status == 200 and "-last.accord" in name, f"No last part: {answer.status} {name}")
            step.evidence(f"{len(answer.data)} octets in {time.monotonic() - began:.1f} s")
        return answer.data

    def _take_history(self, history: bytes) -> str:
        side, rows = self._side, [0]
        for n in range(KILLS):
            with self._ticks.step(
                f"Kill {n + 1} of {KILLS} -9 while it is taken in; started and opened again"
            ) as step:
                began = time.monotonic()
                self._take_and_kill(history, rows[-1])
                fell = time.monotonic()
                side.begin_again()
                with psycopg.connect(side.running.world.owner_url) as database:
                    rows.append(_handed(database))
                _require(rows[-2] < rows[-1], "What was taken in before the blow is gone.")
                step.evidence(
                    f"after {fell - began:.1f} s, {rows[-1]} envelopes there; back in {time.monotonic() - fell:.1f} s"
                )
        with self._ticks.step("Taken in to its end, and once more: nothing twice, the same receipt") as step:
            began = time.monotonic()
            (taken, known, over, refused), receipt = self._take(history)
            seconds = time.monotonic() - began
            _require(known == rows[-1] and taken > 0 and not refused, f"{taken}, {known}, {over}, {refused}")
            again, same = self._take(history)
            _require(again == (0, known + taken, over, 0) and same == receipt, f"Again: {again}, {same}")
            step.evidence(
                f"{taken} taken in {seconds:.1f} s, {known} here already, {over} past their time, {refused} refused"
            )
        return receipt

    def _take_and_kill(self, history: bytes, before: int) -> None:
        """Begin to take it in, and end every process once more of it has arrived."""
        self._side.cast.officer(KEYS, DeskSession)
        address = self._side.running.world.owner_url
        with ThreadPoolExecutor(1) as pool, psycopg.connect(address, autocommit=True) as database:
            taking = pool.submit(self._take, history)
            while _handed(database) <= before:
                _require(not taking.done(), "It was taken in before the blow fell.")
            self._side.power_off()
            _require(taking.exception() is not None, "It was taken in before the blow fell.")

    def _take(self, history: bytes) -> tuple[tuple[int, ...], str]:
        """Take it in; return the counts (taken, known, over, refused) and the receipt."""
        officer = self._side.cast.officer(KEYS, DeskSession)
        answer = officer.send_form("/keys/history/", history=("history.accord", history))
        page = answer.data.decode()
        receipt = _RECEIPT.search(page)
        _require(answer.status == 200 and receipt is not None, f"It was not taken in: {answer.status}.")
        assert receipt is not None
        return tuple(map(int, _COUNTS.findall(page)))[:4], receipt[1]

    def _open_before(self) -> None:
        with self._ticks.step("Alerts of before open at home") as step:
            reader = self._side.cast.officer(AUTHOR)
            for md, title in zip(self._of_partner, [*TITLES, LATE], strict=True):
                _open(reader, md, title)
            rows = [md_of(row) for row in received(reader)]
            _require(len(rows) == len({*rows}), "An alert stands in the inbox twice.")
            step.evidence(f"{len(TITLES)} of before and one since; {len(rows)} in the inbox, none twice")

    # --- home -------------------------------------------------------------------------------------------------------

    def _write_from_home(self) -> None:
        self._side.compare(LAB, PARTNER)
        releaser = self._side.cast.officer(RELEASER)
        for peer in releaser.get("/peers")["items"]:
            if circles := [one["circle"] for one in peer["new_in"]]:
                releaser.post(f"/peers/{peer['agency']}/confirm", {"circles": circles})
        officers = self._side.officers(LAB, PARTNER)
        with self._ticks.step(f"An alert goes from home to {LAB}, which is hosted, and to {PARTNER}") as step:
            began = time.monotonic()
            md = self._send(officers, FROM_HOME)
            officers.write(DRAFT)
            _open(self._cast.officer(LAB_AUTHOR), md, FROM_HOME)
            self._partner.require_shown(self._sent)
            step.evidence(
                f"{md[:12]}..., opened at {LAB} {time.monotonic() - began:.1f} s after it was begun"
            )

    def _receive_at_home(self) -> None:
        with self._ticks.step(
            "One is received at home and acknowledged; the hosted desk has sent nothing"
        ) as step:
            title = "to the own desk"
            md = self._partner.send_surely(title, (AGENCY, LAB), "urgent")
            self._partner.settle()
            self._of_partner.append(md)
            reader = self._side.cast.officer(AUTHOR)
            place = _open(reader, md, title)
            reader.post(f"{place}/acknowledge")
            self._partner.require_acknowledged(md)
            self._require_nothing_sent()
            step.evidence("acknowledged once")

    def _destroy(self, receipt: str) -> None:
        with self._ticks.step(
            "With the receipt the hosted desk destroys its keys; its API key is ended from home"
        ) as step:
            address = self._address(DESK)
            before = len(self._kids(address))
            officer = self._cast.officer(FIRST)
            wrong = officer.send_form("/keys/leaving/destroy/", receipt="0000 0000 0000 0000")
            _require(wrong.status == 422 and len(self._kids(address)) == before, "A wrong receipt is taken.")
            self._press(officer, "/keys/leaving/destroy/", receipt=receipt)
            _require(not self._kids(address), "A private key is at the hosted desk still.")
            _require("no working key" in officer.page("/keys/leaving/"), "The page does not say so.")
            admin = self._side.cast.officer(ADMIN)
            self._press(admin, f"/api-keys/exchange/{self._hosted_key}/end/")
            self._require_nothing_sent()
            step.evidence(f"{before} keys deleted")
        with self._ticks.step("Home sends once more; the logs of both desks are sound") as step:
            self._send(self._side.officers(LAB, PARTNER), f"{FROM_HOME}, again")
            self._partner.require_shown(self._sent)
            self._lab.require([*self._sent, *self._of_partner])
            step.evidence(self._side.verify())
            step.evidence(self._own.stage.hub.manage(SEQUENCES[DESK], "verify_ledger").splitlines()[0])

    def _search(self) -> None:
        with self._ticks.step("Neither half of the hub has a word of what was written at home") as step:
            home = self._side.home
            words = (FROM_HOME, DRAFT, home.passphrase, home.recovery_key)
            people = [
                word
                for login in (ADMIN, AUTHOR, KEYS, RELEASER)
                for word in (PEOPLE[login], home.address_of(login))
            ]
            for half in (EXCHANGE, DESK):
                found = Half(half, self._address(half), {})
                held = found.holds(*words, *people)
                _require(not held, f"The {half} holds words of home in {', '.join(held)}.")
                tables = found.holds(self._sent[-1])
                _require(bool(tables), f"The search finds nothing in the {half} at all.")
                step.evidence(
                    f"{half}: none of {len(words) + len(people)}; the digest in {len(tables)} tables"
                )

    # --- by all -----------------------------------------------------------------------------------------------------

    def _send(self, officers: Officers, title: str) -> str:
        (facts,) = officers.wait_until_logged(*officers.send(title))
        self._sent.append(str(facts["md"]))
        return self._sent[-1]

    def _press(self, officer: DeskSession, path: str, **fields: str) -> None:
        _redirected(officer.send_form(path, **fields))

    def _address(self, half: str) -> str:
        """Return the address of the superuser of a half's database."""
        server = self._own.stage.hub.stores.postgres
        if server is None:
            raise DevtoolError("The drill wants a database server of its own.", "Unset DATABASE_URL.")
        return server.url(SUPERUSER, DATABASES[half])

    def _hosted_outgoing(self) -> int:
        """Count the signed items of the agency that the hosted desk has ever had to hand in."""
        with psycopg.connect(self._address(DESK)) as database:
            return int(_rows(database, "SELECT count(*) FROM peers_outgoing WHERE reader = %s")[0])

    @staticmethod
    def _kids(address: str) -> set[str]:
        with psycopg.connect(address) as database:
            return {*map(str, _rows(database, "SELECT kid FROM vault_vaultkey WHERE agency_id = %s"))}


def _open(reader: DeskSession, md: str, title: str) -> str:
    """Open a received alert, once it is there; return its path. Raises StepFailedError where its content differs."""
    place = f"/alerts/received/{received_one(reader, md)['received']['id']}"
    opened = reader.post(f"{place}/open", {"reason": "on_duty"})
    _require(opened["document"]["title"] == f"Drill: {title}", f"It is not {title}.")
    return place


def _refused(act: Callable[[], object], words: str = LEAVES) -> str:
    """Return the desk's refusal. Raises StepFailedError where it does not refuse, or not in these words."""
    try:
        act()
    except StepFailedError as refused:
        _require(words in refused.what, f"It is refused otherwise: {refused.what}")
        said = _TEXT.search(refused.what)
        return said[1] if said else refused.what[:160]
    raise StepFailedError("It was not refused.")


def _redirected(answer: Any) -> str:
    """Return the redirect target of an accepted form. Raises StepFailedError."""
    _require(answer.status == HTTPStatus.FOUND, f"The form was not taken: {answer.status}.")
    return str(answer.headers["Location"])


def _handed(database: psycopg.Connection) -> int:
    """Count what a desk has taken in of a history."""
    return int(_rows(database, "SELECT count(*) FROM vault_handedentry WHERE agency_id = %s")[0])


def _rows(database: psycopg.Connection, query: LiteralString) -> list[Any]:
    """Read the first column of the agency's rows."""
    return [row[0] for row in database.execute(query, [AGENCY]).fetchall()]


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)
