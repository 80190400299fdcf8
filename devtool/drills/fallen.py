# SPDX-License-Identifier: Apache-2.0
"""`./dev drill fallen`: an attacker holds the exchange's processes, database and broker, and tries to read or to deceive.

On a hub of its own, as `./dev run --once` has it, over real processes. The attacker is the superuser of the exchange's
database: triggers and rights are no hindrance. Desks are checked as their officers see them. docs/fallen-exchange.md states the
result of each lie, with further tests.
"""

import argparse
import json
import os
import secrets
import signal
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import redis

from accord.client.outgoing import AlertToSend
from accord.envelope.keys import PQ1
from accord.envelope.keysets import KeyRow, build_keyset_body, read_keyset
from accord.envelope.private import Root, generate_decryption_key, generate_signing_keys
from accord.envelope.statements.form import make_statement, parse_statement
from callers.identifiers import uuid7_at
from demo import alerts as texts
from demo.cast import Cast, wait_for
from demo.desk import DeskSession
from demo.halves import Half
from demo.joining import received
from demo.ticks import StepFailedError, Ticks
from devtool.drills.acting import Players
from devtool.errors import DevtoolError
from devtool.postgres import DATABASES, SUPERUSER, PostgreSQL
from devtool.running import scratch_hub
from devtool.supervision import Hub
from hub.roles import DESK, EXCHANGE, LOGINS, ROLES

AUTHOR, RELEASER, READER = "ilka", "benno", "aroha"
"""Two officers of the laboratory, which compared every fingerprint, and one of a hosted recipient."""
PEER, SENDER, RECIPIENT, STRANGER = "xe-drugs", "xd-reg", "xb-health", "xf-border"
WORDS = (str(texts.STORY["title"]), str(texts.STORY["narrative"])[:40])
OTHER_TELEPHONE = "+000 9 5550 999"
DAY_SECS = 24 * 3600


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if every lie was refused."""
    argparse.ArgumentParser(prog="./dev drill fallen").parse_args(arguments)
    ticks = Ticks()
    ticks.line("Somebody holds the exchange")
    with scratch_hub(ticks) as hub:
        server = hub.stores.postgres
        if server is None:
            raise DevtoolError("The drill wants a database server of its own.", "Unset DATABASE_URL.")
        os.environ.update(hub.demo_environment())
        Lies(hub, server, ticks, LiedTo(Cast())).play()
    return 0


@dataclass(frozen=True)
class LiedTo:
    """The deceived desk: its players, and its recipients."""

    cast: Cast
    """Its officers, and the partners with the command."""
    author: str = AUTHOR
    releaser: str = RELEASER
    reader: str = READER
    """A reader at `agency`."""
    agency: str = RECIPIENT
    """The agency of this desk that receives altered objects."""
    recipient: str = RECIPIENT
    """A recipient to which it sends, and goes on sending."""
    to: tuple[str, ...] = ()
    """The recipients of the searched alert; empty for those of the story."""


class _Thief:
    """The superuser of the exchange's database."""

    def __init__(self, server: PostgreSQL) -> None:
        self.address = server.url(SUPERUSER, DATABASES[EXCHANGE])
        self._connection = psycopg.connect(self.address, autocommit=True)
        # Disables triggers for this connection.
        self._connection.execute("SET session_replication_role = replica")

    def do(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows, if it has any."""
        cursor = self._connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


class Lies:
    """The attacker's attempts on one desk, one after the other."""

    def __init__(self, hub: Hub, server: PostgreSQL, ticks: Ticks, desk: LiedTo) -> None:
        self._hub, self._server, self._ticks = hub, server, ticks
        self._thief, self._desk, self._cast = _Thief(server), desk, desk.cast
        self._players = Players(desk.cast)

    def play(self) -> None:
        """Play all attempts, on a desk whose database is in the same server; raise StepFailedError."""
        self._ticks.heading("To read")
        self.search()
        self._enter_the_desks_database()
        self.be_believed()

    def be_believed(self) -> None:
        """Lie to it in every way; raise StepFailedError where it is deceived."""
        self._ticks.heading("To be believed")
        self._add_a_recipient()
        self._say_another_telephone()
        self._change_what_is_on_its_way()
        self._plant_a_keyset()
        self._ticks.heading(
            "What is withheld or late, and lies about policy and agreements, no desk can notice."
        )

    def search(self) -> None:
        """Send an alert, and search for its words; raise StepFailedError where one is found."""
        with self._ticks.step("An alert goes out from a desk") as step:
            md = self._send_from_desk(*self._desk.to)
            step.evidence(f"{md[:12]}..., to {self._desk.recipient}, {PEER} and another")
        with self._ticks.step("No row of the exchange and no message of the broker has a word of it"):
            found = Half(EXCHANGE, self._thief.address, {}).holds(*WORDS)
            _require(not found, f"Words of the alert stand in {', '.join(found)}.")
            _require(not _broker_has(self._hub, *WORDS), "Words of the alert stand in the broker.")

    def _enter_the_desks_database(self) -> None:
        with self._ticks.step("No login of the exchange is let into the desk's database") as step:
            logins = [login for role, login in LOGINS.items() if ROLES[role].half == EXCHANGE]
            for login in logins:
                _require(
                    not _enters(self._server.url(login, DATABASES[DESK])),
                    f"{login} enters the desk's database.",
                )
            step.evidence(", ".join(logins))

    def _add_a_recipient(self) -> None:
        with self._ticks.step(
            f"A delivery to {STRANGER} is added: the sender's page shows whom it sealed to"
        ):
            md, alert = self._sent
            self._thief.do(
                "INSERT INTO sharing_delivery (envelope_id, iss, recipient_id, index, agreement_version_id, state,"
                " reference, told_at, answer, changed) SELECT envelope_id, iss, %(stranger)s, 99, agreement_version_id,"
                " 'available', %(reference)s, now(), '', pg_current_xact_id()::text::bigint FROM sharing_delivery"
                " WHERE envelope_id = %(md)s LIMIT 1",
                stranger=STRANGER, reference="ZZZZ-ZZZZ", md=md,
            )  # fmt: skip
            # The exchange's word on true recipients is trusted: once that has arrived, so has the lie.
            self._thief.do(
                "UPDATE sharing_delivery SET opened_at = now(), changed = pg_current_xact_id()::text::bigint"
                " WHERE envelope_id = %(md)s AND recipient_id = %(own)s",
                md=md, own=self._desk.recipient,
            )  # fmt: skip
            releaser = self._cast.officer(self._desk.releaser)

            def shown() -> set[str] | None:
                rows = {row["agency"]: row for row in releaser.get(f"/alerts/{alert}")["recipients"]}
                return set(rows) if rows[self._desk.recipient]["opened_at"] else None

            found = wait_for(shown, "What the exchange says of a true recipient")
            _require(STRANGER not in found, f"The page shows {', '.join(sorted(found))}.")

    def _say_another_telephone(self) -> None:
        with self._ticks.step(f"Another telephone number of {PEER}: shown, not taken") as step:
            self._thief.do(
                "UPDATE agencies_agency SET duty_phone = %(number)s WHERE id = %(peer)s",
                number=OTHER_TELEPHONE, peer=PEER,
            )  # fmt: skip
            found = self._peer_once(lambda peer: peer["telephone_said"] == OTHER_TELEPHONE, "The number said")
            _require(found["telephone"] != OTHER_TELEPHONE, "The new number took the place of the old one.")
            step.evidence(f"to call in an alarm: {found['telephone']}")

    def _change_what_is_on_its_way(self) -> None:
        with self._ticks.step(
            "A sealed envelope is changed on its way: the desk opens nothing of it"
        ) as step:
            with self._standing_still("sequencer"):
                md = self._send_from_partner()
                (true,) = self._thief.do("SELECT jwe_head FROM sharing_envelope WHERE md = %(md)s", md=md)[0]
                self._put_head(md, _changed(true))
            reader = self._cast.officer(self._desk.reader)
            found = wait_for(lambda: received(reader, md), "The alert as it was filed")
            _require(found["unopenable"], "The changed envelope was opened.")
            wait_for(lambda: self._is_asked_again(md), "The desk asks for it again")
            step.evidence(f"{md[:12]}..., shown as one not to rely on, and asked for again")
        with self._ticks.step("It is put back as it was: the desk opens it, nothing is lost"):
            self._put_head(md, true)
            wait_for(
                lambda: ((found := received(reader, md)) is not None and not found["unopenable"]) or None,
                "The alert opens",
                within_seconds=180,
            )

    def _plant_a_keyset(self) -> None:
        with self._ticks.step(f"A keyset of {PEER} by another root is planted, and logged: an alarm") as step:
            self._log_forged_keyset()
            found = self._peer_once(lambda peer: bool(peer["problem"]), "The alarm")
            step.evidence(f"{found['name']}: {found['problem']}")
        with self._ticks.step(f"Nothing is sealed to {PEER}; to everybody else it goes on") as step:
            step.evidence(self._refused_to(PEER))
            self._send_from_desk(self._desk.recipient)

    # --- what the thief does ------------------------------------------------------------------------------------

    def _put_head(self, md: str, head: str) -> None:
        self._thief.do("UPDATE sharing_envelope SET jwe_head = %(head)s WHERE md = %(md)s", head=head, md=md)

    def _is_asked_again(self, md: str) -> bool | None:
        served = self._thief.do(
            "SELECT count(*) FROM ledger_auditevent WHERE act = 'slice.served' AND subject = %(md)s AND agency = %(own)s",
            md=md, own=self._desk.agency,
        )  # fmt: skip
        return int(served[0][0]) > 1 or None

    def _log_forged_keyset(self) -> None:
        """Store and log a forged keyset as the exchange does after verification, without verifying it."""
        last = self._thief.do(
            "SELECT version, od, jws FROM agencies_keyset WHERE agency_id = %(peer)s ORDER BY version DESC LIMIT 1",
            peer=PEER,
        )[0]
        jws = _forged(int(last[0]) + 1, str(last[1]), bytes(last[2]))
        said, keyset, now = parse_statement(jws), read_keyset(jws), datetime.now(UTC)
        self._thief.do(
            "INSERT INTO agencies_keyset (agency_id, version, od, prev, succession, jws, root_fingerprint, custody, low,"
            " iat, exp, rows, accepted_at) SELECT agency_id, %(version)s, %(od)s, od, 'same', %(jws)s, root_fingerprint,"
            " custody, low, %(iat)s, %(exp)s, rows, %(now)s FROM agencies_keyset WHERE od = %(last)s",
            version=keyset.version, od=said.od, jws=jws, iat=keyset.iat, exp=keyset.exp, now=now, last=str(last[1]),
        )  # fmt: skip
        entry = {"id": uuid.uuid4(), "od": said.od, "peer": PEER, "now": now}
        self._thief.do(
            "INSERT INTO ledger_entry (id, od, kind, agency, is_audit, created_at)"
            " VALUES (%(id)s, %(od)s, 'keyset', %(peer)s, false, %(now)s)",
            **entry,
        )
        self._thief.do(
            "INSERT INTO ledger_pendingentry (entry_id, od, kind, agency, created_at)"
            " VALUES (%(id)s, %(od)s, 'keyset', %(peer)s, %(now)s)",
            **entry,
        )

    @contextmanager
    def _standing_still(self, name: str) -> Generator[None]:
        """Suspend the process during the block: a holder of the exchange chooses when it works."""
        leader = next(child.pid for child in self._hub.children if child.name == name)
        os.killpg(leader, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(leader, signal.SIGCONT)

    # --- what officers and partners do ----------------------------------------------------------------------------

    def _send_from_desk(self, *to: str) -> str:
        """Write, check and release as two officers of the laboratory; return the digest, once it is logged."""
        author = self._cast.officer(self._desk.author)
        alert = self._draft(author, *to)
        self._players.submit(self._desk.author, alert)
        self._players.release(self._desk.releaser, alert)
        md = wait_for(lambda: self._players.digest_of(self._desk.author, alert), "A receipt of the ledger")
        self._sent = (md, alert)
        return md

    def _draft(self, author: DeskSession, *to: str) -> str:
        evidence = [{**line, "file": ""} for line in texts.STORY["evidence"]]
        yesterday = datetime.fromtimestamp(time.time() - DAY_SECS, UTC).date().isoformat()
        data = {**texts.STORY, "event_date": yesterday, "evidence": evidence}
        if to:
            data["recipients"] = list(to)
        return str(author.post("/alerts", {"data": data})["id"])

    def _refused_to(self, peer: str) -> str:
        alert = self._draft(self._cast.officer(self._desk.author), peer)
        try:
            self._players.submit(self._desk.author, alert)
            self._players.release(self._desk.releaser, alert)
        except StepFailedError as refused:
            return refused.what
        raise StepFailedError(f"An alert went out to {peer}, whose keys are planted.")

    def _send_from_partner(self) -> str:
        order = AlertToSend(
            alert={
                "schema": "accord-alert/1",
                "alert_type": "new_substance",
                "title": f"Drill {secrets.token_hex(4)}",
                "harm_evidence": "none_yet",
            },
            to=(self._desk.agency,),
            lane="science",
            purpose="prevent",
            tlp="GREEN",
            status="exercise",
        )
        return str(self._cast.own_system(SENDER).client().submit(order).md)

    def _peer_once(self, holds: Any, what: str) -> dict[str, Any]:
        """Return the peer as an officer of the laboratory sees it, once the condition holds."""
        officer = self._cast.officer(self._desk.releaser)

        def look() -> dict[str, Any] | None:
            items = officer.get("/peers")["items"]
            found: dict[str, Any] = next(item for item in items if item["agency"] == PEER)
            return found if holds(found) else None

        return wait_for(look, what, within_seconds=120)


def _forged(version: int, prev: str, newest: bytes) -> bytes:
    """Return a keyset that adds the attacker's own keys to the true ones, signed by another root."""
    root, now = Root.generate(), int(time.time())
    keys = [*(signer.public for signer in generate_signing_keys(PQ1)), generate_decryption_key(PQ1).public]
    rows = [*read_keyset(newest).rows, *(KeyRow(key, now - 60, now + 300 * DAY_SECS) for key in keys)]
    return make_statement(
        "keyset",
        iss=PEER,
        signer=root.signer,
        suite=PQ1,
        id=uuid7_at(datetime.fromtimestamp(now, UTC), os.urandom(10)),
        iat=now,
        exp=now + 90 * DAY_SECS,
        nonce=os.urandom(16),
        body=build_keyset_body(
            version=version,
            prev=prev,
            root=root.public,
            nroot=Root.generate().fingerprint,
            custody="agency",
            low=PQ1,
            rows=rows,
        ),
    )


def _changed(head: str) -> str:
    """Return the sealed parts with one letter of their authentication tag changed."""
    parts = json.loads(head)
    tag = parts["tag"]
    return json.dumps({**parts, "tag": ("B" if tag[0] == "A" else "A") + tag[1:]}, separators=(",", ":"))


def _enters(address: str) -> bool:
    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError as refused:
        _require("permission denied for database" in str(refused), f"Refused otherwise: {refused}")
        return False
    return True


def _broker_has(hub: Hub, *words: str) -> bool:
    with redis.Redis.from_url(hub.world.redis_super_url) as broker:
        values = [
            broker.lrange(key, 0, -1) if broker.type(key) == b"list" else broker.hgetall(key)
            for key in broker.scan_iter()
            if broker.type(key) in {b"list", b"hash"}
        ]
    return any(word in repr(values) for word in words)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)
