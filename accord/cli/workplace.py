# SPDX-License-Identifier: Apache-2.0
"""The context of a verb: its options, its environment, the home, the client, and its output."""

from __future__ import annotations

import contextlib
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from accord.cli.asking import read_passphrase, read_proxy
from accord.cli.keys.words import warning_words
from accord.cli.progress import ProgressLine
from accord.cli.sentences import api_key_sentence, clock_sentence, sentence_of
from accord.cli.showing import print_json
from accord.client.client import Client, system_clock
from accord.client.errors import HeldElsewhereError, LedgerAlarmError
from accord.client.progress import Progress, tell_nobody
from accord.client.session import connect_http, connect_through
from accord.envelope.errors import EnvelopeError
from accord.envelope.vocabulary import MAX_CLOCK_AHEAD_SECS
from accord.passphrases import wiped
from accord.state import OtherHolder, StateError


@dataclass(frozen=True)
class Workplace:
    """One run of the command; `now` in seconds, `clock` returns them too."""

    options: Namespace
    environment: Mapping[str, str] = field(repr=False)
    home: Path
    now: int
    clock: Callable[[], int] = system_clock
    _clients: list[Client] = field(default_factory=list)

    def client(self) -> Client:
        """Return the client of this home; ask for the passphrase. Warn about keys that end soon."""
        with wiped(read_passphrase(self.options.passphrase_file, self.environment)) as passphrase:
            proxy = read_proxy(self.environment)
            connect = connect_through(proxy) if proxy else connect_http
            client = Client(self.home, passphrase, connect=connect, clock=self.clock, progress=self.progress)
        self._clients.append(client)
        if self.options.verb != "keys":
            self._warn_of_keys(client)
        if self.options.verb not in ("enrol", "api-key"):
            self._warn_of_api_key(client)
        return client

    def _warn_of_keys(self, client: Client) -> None:
        """Warn in one line about what ends first; where the state cannot be read the verb itself says so."""
        with contextlib.suppress(StateError, EnvelopeError):
            for warning in client.keys.warnings()[:1]:
                facts = {"kid": warning.kid, "until": warning.until, "remedy": warning.remedy}
                self._warn(warning.what, warning_words(warning), **facts)

    def _warn_of_api_key(self, client: Client) -> None:
        with contextlib.suppress(StateError):
            facts = client.api_key()
            if facts.warned_days(self.now) is not None:
                sentence = api_key_sentence(facts, self.now)
                self._warn("api-key", sentence, prefix=facts.prefix, until=facts.until)

    @property
    def progress(self) -> Progress:
        """The progress display, on request or where a person watches standard error."""
        asked = getattr(self.options, "progress", False)
        watched = sys.stderr.isatty() and not self.options.json
        return ProgressLine() if asked or watched else tell_nobody

    def warn_of_clock(self) -> None:
        """Warn where this machine's clock is far from the hub's."""
        for client in self._clients:
            ahead_secs = client.clock_ahead_secs()
            if ahead_secs is not None and abs(ahead_secs) > MAX_CLOCK_AHEAD_SECS:
                self._warn("clock", clock_sentence(ahead_secs), ahead_secs=ahead_secs)

    def warn_of_restart(self) -> None:
        """Say that the hub was set back, and that nothing has to be done here."""
        self._warn(
            "restart",
            "The hub has begun its feed anew, as after a restore from a backup. All of it was read again, and nothing is "
            "listed twice. What the hub had lost of yours in the last 7 days is given again; look with: accord submit --resend",
        )

    def warn_of_pause(self, failed: Exception, pause_secs: float) -> None:
        """Say that the hub gives no answer and when it is asked again."""
        sentence = f"{sentence_of(failed)} Asked again in {pause_secs:.0f} seconds."
        self._warn("pause", sentence, pause_secs=round(pause_secs, 1))

    def warn_of_holder(self, other: OtherHolder) -> None:
        """Say that the hub names another holder of the identity: reading goes on, nothing is sent."""
        self._warn(
            "held-elsewhere", str(HeldElsewhereError(other)), holder=other.holder, software=other.software
        )

    def warn_of_alarm(self, alarm: LedgerAlarmError) -> None:
        """Say loudly that an agency has signed for another ledger, even if output is read by a program."""
        self._warn("alarm", sentence_of(alarm), agency=alarm.agency)

    def warn_of_unusual(self, sentence: str, pointer: str, code: str) -> None:
        """Name what an alert says that is seldom meant, before it is sent."""
        self._warn("unusual", sentence, pointer=pointer, code=code)

    def _warn(self, kind: str, sentence: str, **facts: object) -> None:
        """Print to standard error, so that standard output holds only what was asked for."""
        line = json.dumps({"warning": kind, "message": sentence} | facts)
        print(line if self.options.json else f"accord: {sentence}", file=sys.stderr, flush=True)

    def tell(self, value: object, *lines: str) -> None:
        """Print the result: the value as JSON on request, else the lines."""
        if self.options.json:
            print_json(value)
        else:
            print("\n".join(lines))
