# SPDX-License-Identifier: Apache-2.0
"""Changes outside an own desk: the certificate of the hub is replaced, and the mail server refuses everything."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from aiosmtpd.controller import Controller

from demo.cast import wait_for
from demo.home import ADMIN, AUTHOR, KEEPER
from demo.ticks import StepFailedError
from devtool.drills.apart.notices import wait_until_told
from devtool.drills.apart.officers import received_one
from devtool.drills.desks.stage import LAB, PARTNER, OwnStage
from devtool.mailsink import MailKeeper
from devtool.ports import LOOPBACK, free_ports

UNTRUSTED: Final = "The certificate of the exchange is not trusted on this machine."
MAILED_WITHIN_SECONDS: Final = 180


def play(own: OwnStage, _seed: int) -> None:
    """Play this part."""
    _Outside(own).play()


class _Outside:
    def __init__(self, own: OwnStage) -> None:
        self._own, self._ticks, self._side = own, own.stage.ticks, own.sides[-1]
        self._officers = self._side.officers(LAB, PARTNER)
        self._partner = own.partner()
        self._inbox = self._side.inbox()
        self._sent: list[str] = []
        self._received: list[str] = []

    def play(self) -> None:
        self._ticks.heading("The certificate of the hub is replaced")
        self._replace_certificate()
        self._ticks.heading("The mail server refuses everything")
        self._refuse_mail()

    # --- the certificate --------------------------------------------------------------------------------------------

    def _replace_certificate(self) -> None:
        side, front = self._side, self._side.front
        (alert,) = self._officers.write("under another certificate")
        self._officers.check(alert)
        front.replace_certificate()
        with self._ticks.step("Under one that the desk does not know: what is released waits") as step:
            (state,) = self._officers.release(alert)
            _require(state == "queued", f"What was released is {state}.")
            self._receive("under another certificate", files=False)
            step.evidence(self._keeper_reads(UNTRUSTED))
        with self._ticks.step("Nobody has told a word to whoever shows it"):
            _require(front.served == 0, f"{front.served} calls went through to it.")
        with self._ticks.step("The desk is started with the new one: all leaves, all comes, once") as step:
            side.stop()
            side.exchange_ca = front.certificate
            side.begin_again()
            (facts,) = self._officers.wait_until_logged(alert)
            self._sent.append(str(facts["md"]))
            self._require_once()
            _require(front.served > 0, "The count of calls that went through does not count.")
            step.evidence(f"sent {len(self._sent)}, received {len(self._received)}: lost 0, doubled 0")

    def _keeper_reads(self, words: str) -> str:
        """Have the keeper ask the exchange at once; require these words on the page and return them."""
        keeper = self._side.cast.officer(KEEPER)
        keeper.send_form("/desk/exchange/ask/", keeper.page("/"))
        shown = keeper.page("/")
        _require(words in shown, f"The keeper's page does not say: {words}")
        return words

    def _receive(self, title: str, *, files: bool = True) -> str:
        """Have the partner send; with `files`, wait until the alert is in the inbox."""
        md = self._partner.send_surely(title, (self._side.agency,), "urgent")
        self._partner.settle()
        self._received.append(md)
        if files:
            received_one(self._side.cast.officer(AUTHOR), md)
        return md

    def _require_once(self) -> list[dict[str, Any]]:
        self._partner.require_shown(self._sent)
        return self._inbox.require(self._received)

    # --- the mail server --------------------------------------------------------------------------------------------

    def _refuse_mail(self) -> None:
        side = self._side
        server = _Server(side.data.parent / "mail")
        with _serving(server) as url:
            with self._ticks.step("The desk is told of a mail server; it refuses everything") as step:
                side.send_mail_by(url)
                self._receive("while no mail goes out")
                wait_until_told(side.running)
                failed = self._failed()
                _require(bool(failed) and not server.kept(), "Nothing failed, or something was taken.")
                step.evidence(f"the alert is here; {len(failed)} mails: {failed[0]['cause']}")
            with self._ticks.step("The keeper sees it; an invitation is refused with its reason") as step:
                step.evidence(self._invite())
                _require(
                    "mails in the last 24 hours" in side.cast.officer(KEEPER).page("/"), "No sign of it."
                )
            with self._ticks.step("The server takes mail again: sent again each goes out once") as step:
                server.refuses = False
                admin = side.cast.officer(ADMIN)
                for notice in failed:
                    admin.post(f"/notifications/{notice['id']}/resend")
                wait_for(
                    lambda: len(server.kept()) >= len(failed) or None,
                    "Every mail",
                    within_seconds=MAILED_WITHIN_SECONDS,
                )
                wait_until_told(side.running)
                told = server.kept()
                _require(len(told) == len({*told}) == len(failed), f"These mails went out: {told}")
                step.evidence(f"{len(told)} mails: lost 0, doubled 0")
        with self._ticks.step("Of alerts nothing was lost on the way"):
            self._require_once()

    def _failed(self) -> list[dict[str, Any]]:
        items = self._side.cast.officer(ADMIN).get("/notifications?state=failed&limit=100")["items"]
        return [item for item in items if item["occasion"] == "alert"]

    def _invite(self) -> str:
        admin = self._side.cast.officer(ADMIN)
        answer = admin.send_form(
            "/officers/invite/", full_name="Tove Rinnan", email="tove@river.example", roles=["reader"]
        )
        found = re.search(r"The mail server refuses this[^<]*", admin.page(answer.headers["Location"]))
        _require(found is not None, "The page does not say that the invitation did not go out.")
        assert found is not None
        return found[0]


class _Server(MailKeeper):
    """A mail server that refuses everything until it is told otherwise."""

    refuses = True

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.refuses:
            return "554 5.7.1 We take nothing from you"
        envelope.mail_from = address
        return "250 OK"

    def kept(self) -> list[str]:
        """Return the Message-IDs of the mails that it accepted."""
        heads = (path.read_text(errors="replace") for path in sorted(self.folder.glob("*.eml")))
        return [str(re.findall(r"^Message-ID: *(\S+)", head, re.MULTILINE)[0]) for head in heads]


@contextmanager
def _serving(server: _Server) -> Generator[str]:
    (port,) = free_ports(1)
    controller = Controller(server, hostname=LOOPBACK, port=port, ident="Accord drill")
    controller.start()
    try:
        yield f"smtp://{LOOPBACK}:{port}"
    finally:
        controller.stop()


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)
