# SPDX-License-Identifier: Apache-2.0
"""Drill of an absent exchange, for a day: the desk goes on, and released alerts leave by themselves, or return to a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from demo.cast import wait_for
from demo.ticks import StepFailedError, Ticks
from devtool.drills.apart.counting import Mailboxes
from devtool.drills.apart.notices import uncertain_mails, wait_until_told
from devtool.drills.apart.officers import (
    AUTHOR,
    OWN_KEYS,
    READING,
    RELEASER,
    SENDING,
    Inbox,
    Officers,
    addresses_of,
    received_one,
)
from devtool.drills.apart.partner import Partner
from devtool.drills.apart.stage import Stage, staged
from hub.roles import DESK, EXCHANGE

WITHIN_HOURS, BEYOND_HOURS = 22, 24
"""An alert is sent by itself within 23 hours of its release; later it has to be released again."""
UNSENT, CAME_BACK = "NOT SENT", "CAME BACK"
MAILED_WITHIN_SECONDS = 120


def play(ticks: Ticks) -> None:
    """Play this part."""
    with staged(ticks) as stage:
        _Day(stage).play()


class _Day:
    def __init__(self, stage: Stage) -> None:
        self._stage, self._ticks = stage, stage.ticks
        self._officers = Officers(stage.cast)
        self._partner = Partner(stage.client(OWN_KEYS))
        self._inbox = Inbox(self._officers, READING)
        self._mails = Mailboxes(stage.cast.mail_dir)
        self._sent: list[str] = []
        """Digests of everything that was sent, in the required order of arrival."""

    def play(self) -> None:
        self._ticks.heading(f"The exchange is away for {WITHIN_HOURS} hours")
        self._before()
        answered = self._receive("22 h")
        self._leave()
        waiting = self._release_in_order("22 h")
        self._go_on_meanwhile(answered)
        self._move_desk(WITHIN_HOURS)
        with self._ticks.step("Releaser and duty list hear of the flash alert") as step:
            step.evidence(self._mailed(UNSENT, {_address(AUTHOR): 1, _address(RELEASER): 1}))
        self._come_back()
        with self._ticks.step("All leaves by itself, flash first") as step:
            step.evidence(self._require_order(waiting))
        with self._ticks.step("The acknowledgement arrived, once"):
            self._partner.require_acknowledged(answered)
        self._require_once_everywhere()
        self._ticks.heading(f"The exchange is away for {BEYOND_HOURS} hours")
        answered = self._receive("24 h")
        self._leave()
        waiting = self._release_in_order("24 h")
        self._go_on_meanwhile(answered)
        self._move_desk(BEYOND_HOURS)
        self._come_back()
        self._release_once_more(waiting, answered)
        self._require_once_everywhere()
        with self._ticks.step("The logs of both halves are sound") as step:
            step.evidence(self._stage.hub.verify_ledgers())

    def _before(self) -> None:
        """Send a flash and a routine alert while the exchange still says who may receive what."""
        with self._ticks.step("Sent while both are there: a flash, a routine alert"):
            alerts = [
                *self._officers.send("before", pri="flash"),
                *self._officers.send("before, too"),
            ]
            self._sent += [one["md"] for one in self._officers.wait_until_logged(*alerts)]
            self._partner.require_shown(self._sent)

    def _receive(self, name: str) -> str:
        """Wait for an alert of the partner's; return its digest."""
        with self._ticks.step("Received while both are there"):
            md = self._partner.send_surely(f"{name}, to be acknowledged", (SENDING,), "urgent")
            self._partner.settle()
            received_one(self._officers.sign_in(RELEASER), md)
        return md

    def _leave(self) -> None:
        with self._ticks.step("The exchange's processes stop"):
            self._stage.stop(EXCHANGE)

    def _release_in_order(self, name: str) -> list[str]:
        """Have officers write, submit, check and release three routine alerts and, as the third, a flash; return their ids."""
        with self._ticks.step("Written, submitted, checked, released: 3 routine, 1 flash") as step:
            first, second, last = self._officers.write(*(f"{name}, routine {n}" for n in (1, 2, 3)))
            flash = self._officers.write(f"{name}, flash", pri="flash")[0]
            order = (first, second, flash, last)
            self._officers.check(*order)
            states = self._officers.release(*order)
            if set(states) != {"queued"}:
                raise StepFailedError(f"Released while the exchange is away, they are: {states}")
            waiting = self._officers.sign_in(RELEASER).get("/alerts/handed-in")["items"]
            step.evidence(f"{len(waiting)} wait: {waiting[0]['text']}")
        return [flash, first, second, last]

    def _go_on_meanwhile(self, md: str) -> None:
        with self._ticks.step("Officers read what is there and acknowledge it") as step:
            step.evidence(self._acknowledge(md))

    def _acknowledge(self, md: str) -> str:
        """Open and acknowledge it; return the desk's judgement of its signatures."""
        officer = self._officers.sign_in(RELEASER)
        here = received_one(officer, md)["received"]
        opened = officer.post(f"/alerts/received/{here['id']}/open", {"reason": "on_duty"})
        officer.post(f"/alerts/received/{here['id']}/acknowledge")
        return str(opened["verification"]["text"])

    def _move_desk(self, hours: int) -> None:
        with self._ticks.step(f"{hours} hours pass at the desk, the exchange stays away"):
            self._stage.stop(DESK)
            self._stage.pass_time(hours)
            self._stage.start(DESK)

    def _come_back(self) -> None:
        with self._ticks.step("The exchange comes back"):
            self._stage.start(EXCHANGE)

    def _require_order(self, waiting: Sequence[str]) -> str:
        """Require that they are logged in this order, and shown to the partner in it; return what was seen."""
        facts = self._officers.wait_until_logged(*waiting)
        places = [int(one["log_index"]) for one in facts]
        if places != sorted(places):
            raise StepFailedError(f"Flash, then 1, 2, 3 went to these places of the log: {places}")
        mds = [str(one["md"]) for one in facts]
        self._sent += mds
        self._partner.require_shown(self._sent)
        shown = [md for md in self._partner.order if md in mds]
        if shown != mds:
            raise StepFailedError(
                f"The partner was shown them in the order {[mds.index(md) for md in shown]}"
            )
        return f"flash, 1, 2, 3: leaves {', '.join(map(str, places))}; released at the time of signing: " + (
            "yes" if all(_is_of_signing(one) for one in facts) else "no"
        )

    def _release_once_more(self, waiting: Sequence[str], answered: str) -> None:
        with self._ticks.step("All came back to be released once more") as step:
            states = wait_for(lambda: self._all_back(waiting), "Every alert back with the releaser")
            step.evidence(f"{len(states)} are checked, not sent: {self._reason()}")
            step.evidence(self._mailed(CAME_BACK, {_address(RELEASER): len(waiting) + 1}))
        with self._ticks.step("The releaser presses once for each; each goes out once"):
            self._officers.release(*waiting)
            facts = self._officers.wait_until_logged(*waiting)
            self._sent += [str(one["md"]) for one in facts]
        with self._ticks.step("The acknowledgement is unsaid; said again it arrives, once"):
            here = received_one(self._officers.sign_in(RELEASER), answered)["received"]
            if here["acknowledged_at"] is not None:
                raise StepFailedError(f"It still counts as acknowledged: {here['acknowledged_at']}")
            self._acknowledge(answered)
            self._partner.require_acknowledged(answered)

    def _all_back(self, waiting: Sequence[str]) -> list[dict[str, Any]] | None:
        facts = self._officers.facts(*waiting)
        return facts if all(one["state"] == "validated" for one in facts) else None

    def _reason(self) -> str:
        items = self._officers.sign_in(RELEASER).get("/alerts/handed-in")["items"]
        return next(str(one["text"]) for one in items if one["state"] == "refused")

    def _mailed(self, words: str, expected: Mapping[str, int]) -> str:
        """Wait until everybody has this many mails with these words in their subject, and no mail is under way."""
        wait_for(
            lambda: self._mails.with_words(words) >= Counter(expected) or None,
            f"Mails that say {words}",
            within_seconds=MAILED_WITHIN_SECONDS,
        )
        wait_until_told(self._stage.hub)
        found = self._mails.with_words(words)
        if found != Counter(expected):
            raise StepFailedError(f"Mails that say {words}: {dict(found)}")
        return f"mails that say {words}: {', '.join(f'{to} {count}' for to, count in sorted(found.items()))}"

    def _require_once_everywhere(self) -> None:
        with self._ticks.step("At partner, desk and in mailboxes: each once") as step:
            self._partner.require_shown(self._sent)
            rows = self._inbox.require(self._sent)
            references, addresses = [str(row["received"]["reference"]) for row in rows], addresses_of(READING)
            wait_until_told(self._stage.hub)
            again = self._mails.require_told(references, addresses, uncertain_mails(self._stage.hub))
            mails = len(references) * len(addresses)
            step.evidence(f"{len(rows)} alerts: lost 0, doubled 0; mails {mails}, twice {again}")


def _address(login: str) -> str:
    return f"{login}@{SENDING}.example"


def _is_of_signing(facts: dict[str, Any]) -> bool:
    """Tell whether the time of release is that of the press, a day before it was logged."""
    return str(facts["released_at"]) < str(facts["logged_at"])
