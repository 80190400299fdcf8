# SPDX-License-Identifier: Apache-2.0
"""Drill of an absent desk, the hosted one for a day: when back it receives and notifies once, and its deadlines are right."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from accord.envelope.vocabulary import ACKNOWLEDGE_WITHIN_SECS
from demo.cast import wait_for
from demo.ticks import StepFailedError, Ticks
from devtool.drills.apart.counting import Mailboxes
from devtool.drills.apart.notices import uncertain_mails, wait_until_told
from devtool.drills.apart.officers import OWN_KEYS, SENDING, Inbox, Officers, addresses_of
from devtool.drills.apart.partner import Partner
from devtool.drills.apart.stage import Stage, staged
from devtool.drills.partners import READER
from devtool.owndesk.supervision import OwnDesk
from devtool.supervision import Hub
from hub.roles import DESK, EXCHANGE

HOURS = 24
OWN_OFFICER = "marisel"
"""An officer of the sending partner."""


def play(ticks: Ticks) -> None:
    """Play this part."""
    with staged(ticks) as stage:
        officers = Officers(stage.cast)
        hosted = Away(
            hours=HOURS,
            agency=SENDING,
            officers=officers,
            inbox=Inbox(officers, SENDING),
            stop=partial(stage.stop, DESK),
            start=partial(stage.start, DESK),
            verify=stage.hub.verify_ledgers,
            require_told=partial(require_told, stage.hub, stage.cast.mail_dir, addresses_of(SENDING)),
        )
        Absence(stage, hosted).play()


@dataclass(frozen=True)
class Away:
    """The absent desk, its agency that partners send to, and the length of the absence."""

    hours: int
    agency: str
    officers: Officers
    inbox: Inbox
    stop: Callable[[], object]
    start: Callable[[], object]
    """Starts the desk at the hub's time, ready for officers."""
    verify: Callable[[], str]
    """Verifies the logs; raises StepFailedError."""
    require_told: Callable[[Collection[str]], str]
    """Requires that officers were told of these references by mail, once; returns the count."""


class Absence:
    """The desk's absence, in which partners send, and the checks after its return."""

    def __init__(self, stage: Stage, away: Away) -> None:
        self._stage, self._ticks, self._away = stage, stage.ticks, away
        self._officers, self._inbox = away.officers, away.inbox
        self._to = (away.agency, READER)
        self._sender = Partner(stage.client(OWN_KEYS))
        self._reader = Partner(stage.client(READER))
        self._in_time: dict[str, str] = {}
        """Speed of each alert that was sent when the day began, by digest."""
        self._late = ""
        self._own = self._own_md = ""

    def play(self) -> None:
        hours = self._away.hours
        self._ticks.heading(f"The desk is away for {hours} hours")
        self._before()
        with self._ticks.step("The desk's processes stop"):
            self._away.stop()
            left = self._stage.now
        self._send_meanwhile()
        with self._ticks.step(f"{hours} hours pass at the exchange, the desk stays away"):
            self._stage.stop(EXCHANGE)
            self._stage.pass_time(hours)
            self._stage.start(EXCHANGE)
        with self._ticks.step("A partner sends once more; the other one has all, once"):
            self._late = self._sender.send_surely("the next day", self._to, "urgent", "actual")
            self._sender.settle()
            self._reader.require_shown([*self._in_time, self._late])
        with self._ticks.step("The sender sees: fetched by nobody, nobody told") as step:
            step.evidence(self._require_untold())
        with self._ticks.step("The desk comes back"):
            back = self._stage.now
            self._away.start()
        rows = self._require_filed()
        with self._ticks.step("Officers are told once") as step:
            references = [str(row["received"]["reference"]) for row in rows]
            step.evidence(self._away.require_told(references))
        with self._ticks.step("Clocks tell the truth: overdue, and since when") as step:
            step.lines.extend(self._require_clocks(rows, left))
        with self._ticks.step("The sender sees when they were told; its answer's time") as step:
            step.lines.extend(self._require_facts(left, back))
        with self._ticks.step("The logs are sound") as step:
            step.evidence(self._away.verify())

    def _before(self) -> None:
        with self._ticks.step("Sent and received while both are there"):
            (alert,) = self._officers.send("before", pri="urgent")
            (facts,) = self._officers.wait_until_logged(alert)
            self._own, self._own_md = alert, str(facts["md"])
            self._sender.require_shown([self._own_md])

    def _send_meanwhile(self) -> None:
        with self._ticks.step("Partners send: routine, urgent, flash; one acknowledges") as step:
            for pri in ("routine", "urgent", "flash"):
                md = self._sender.send_surely(f"{pri} while the desk is away", self._to, pri, "actual")
                self._in_time[md] = pri
            self._acknowledge()
            self._sender.settle()
            self._reader.require_shown([*self._in_time])
            step.evidence(f"{len(self._in_time)} alerts logged, at the other partner once")

    def _acknowledge(self) -> None:
        """Have the partner acknowledge what the desk had sent it."""
        officer = self._stage.cast.public_id(OWN_OFFICER)
        self._sender.client.acknowledge(self._own_md, officer=officer)

    def _require_untold(self) -> str:
        for md in [*self._in_time, self._late]:
            facts = self._delivery(md)
            if facts.told_at is not None or facts.fetched_at is not None:
                raise StepFailedError(f"The sender reads of {md}: {facts}")
        return f"{len(self._in_time) + 1} deliveries are {facts.state}"

    def _delivery(self, md: str) -> Any:
        found = self._sender.client.submission(md).deliveries
        return next(one for one in found if one.recipient == self._away.agency)

    def _require_filed(self) -> list[dict[str, Any]]:
        with self._ticks.step("All is in the inbox, once, in the order of the feed") as step:
            sent = [*self._in_time, self._late]
            rows = self._inbox.require(sent)
            if [row["received"]["md"] for row in rows] != sent:
                raise StepFailedError("The inbox is in another order than they were sent.")
            step.evidence(f"{len(rows)} alerts: lost 0, doubled 0")
        return rows

    def _require_clocks(self, rows: Collection[Mapping[str, Any]], left: datetime) -> list[str]:
        """Require that alerts from before the absence are overdue, and new ones are not."""
        said = []
        for row in rows:
            facts, pri = row["received"], self._in_time.get(row["received"]["md"])
            if row["state"] != ("overdue" if pri else "unread"):
                raise StepFailedError(f"The alert ({pri}) is shown as {row['state']}: {row['state_text']}")
            if pri:
                asked = timedelta(seconds=ACKNOWLEDGE_WITHIN_SECS[pri])
                _require_moment(facts["ack_by"], left + asked, f"{pri}: acknowledge by")
            said.append(
                f"{pri or 'the next day'}: {row['state_text']}, sent {facts['iat']}, logged {facts['logged_at']}"
            )
        late = self._officers.sign_in(self._officers.author).get("/alerts?box=inbox&overdue=1&limit=100")[
            "items"
        ]
        listed = {row["received"]["md"] for row in late} & {*self._in_time, self._late}
        if listed != self._in_time.keys():
            raise StepFailedError(f"Listed as overdue: {sorted(listed)}")
        return said

    def _require_facts(self, left: datetime, back: datetime) -> list[str]:
        """Require that the sender's `told` is after the return, and that the desk has the partner's answer from before it."""

        def look() -> list[Any] | None:
            found = [self._delivery(md) for md in [*self._in_time, self._late]]
            return found if all(one.told_at is not None for one in found) else None

        told = wait_for(look, "Told, as the sender sees it", within_seconds=120)
        early = [one.told_at for one in told if datetime.fromisoformat(one.told_at) < back]
        if early:
            raise StepFailedError(f"Told before the desk was back: {early}")
        answered = wait_for(self._answered_at, "The partner's acknowledgement at the desk")
        _require_moment(answered, left, "acknowledged")
        return [f"told {told[0].told_at}", f"the partner's acknowledgement of before: {answered}"]

    def _answered_at(self) -> str | None:
        found = self._officers.sign_in(self._officers.releaser).get(f"/alerts/{self._own}")["recipients"]
        said: str | None = next(row["acknowledged_at"] for row in found if row["agency"] == OWN_KEYS)
        return said


def require_told(
    desk: Hub | OwnDesk, mail_dir: Path, addresses: Collection[str], references: Collection[str]
) -> str:
    """Require that everybody was told once of each; return the count. Raises StepFailedError."""
    mails = Mailboxes(mail_dir)
    mails.require_told(references, addresses)
    wait_until_told(desk)
    again = mails.require_told(references, addresses, uncertain_mails(desk))
    return f"mails {len(references) * len(addresses)}, twice {again}"


def _require_moment(stated: str, expected: datetime, what: str) -> None:
    """Raise where a stated moment is further than some minutes from the expected one."""
    if abs(datetime.fromisoformat(stated) - expected) > timedelta(minutes=10):
        raise StepFailedError(f"{what}: {stated}, not about {expected.isoformat()}")
