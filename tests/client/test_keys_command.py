# SPDX-License-Identifier: Apache-2.0
"""The commands of an agency's keys at a terminal, against a live hub; each verb also as JSON."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accord.cli import exits
from accord.cli.keys.words import warning_words
from accord.cli.main import main
from accord.client.home import NewRoot, create_operational, create_root
from accord.client.keys.overview import KeyWarning
from agencies.models import Keyset, Revocation
from tests.client.conftest import CHEAP, PASSPHRASE, PartnerWorld, alert_to
from tests.client.key_terminal import ELLIPSIS, KeyTerminal
from tests.client.test_terminal_prompts import Keyboard


@pytest.fixture
def alpha(world: PartnerWorld, capsys: pytest.CaptureFixture[str]) -> KeyTerminal:
    world.enrol("xa-alpha")
    return KeyTerminal(world, "xa-alpha", capsys)


def test_keys_are_listed_for_people_and_programs(alpha: KeyTerminal) -> None:
    shown = alpha.run("keys")
    assert shown.startswith("xa-alpha: keyset version 1, until ")
    assert len(re.findall(r"\bcurrent\b", shown)) == 3
    assert "Root (held here): " in shown
    listed = alpha.json("keys")
    assert (listed["version"], listed["warnings"], listed["pending"]) == (1, [], None)
    assert alpha.json("keys", "list", "--offline") == listed


def test_renew_and_rotate_and_resume(alpha: KeyTerminal) -> None:
    alpha.begin("keys", "renew")
    assert "The keyset was renewed." in alpha.run("keys", "resume")
    alpha.begin("keys", "rotate", "--use", "enc")
    assert "A change (rotate enc) has not been finished" in alpha.run("keys")
    done = alpha.json("keys", "rotate", "--use", "enc")
    assert (done["version"], done["resumed"], len(done["kids"])) == (3, True, 1)
    assert alpha.run("keys", "resume") == "Nothing was left unfinished.\n"
    assert alpha.json("keys", "resume") is None
    assert "retiring" in alpha.run("keys")


def test_retire_asks_first(alpha: KeyTerminal) -> None:
    old = alpha.kid("enc")
    alpha.begin("keys", "rotate", "--use", "enc")
    alpha.run("keys", "resume")
    alpha.run("keys", "retire", ELLIPSIS + old, expect=exits.USAGE)
    assert f"Retire the key {ELLIPSIS}{old[-4:]}?" in alpha.err
    alpha.begin("keys", "retire", "--yes", ELLIPSIS + old)
    assert "The key was retired." in alpha.run("keys", "resume")


def test_revoke_shows_what_it_reaches_before_it_asks(world: PartnerWorld, alpha: KeyTerminal) -> None:
    world.enrol("xb-bravo")
    client = world.client("xa-alpha")
    client.pin("xb-bravo", world.client("xb-bravo").fingerprint)
    world.client("xb-bravo").pin("xa-alpha", client.fingerprint)
    world.hub.now = timezone.now()
    world.hub.make_agreement("G1", "xa-alpha", "xb-bravo")
    sent = client.submit(alert_to("xb-bravo"), wait_secs=10)
    old = alpha.kid("sign")
    argv = ["keys", "revoke", "--code", "stolen", "--since", "2h"]

    alpha.run(*argv, ELLIPSIS + old, expect=exits.USAGE)
    assert f"alert {sent.md}, logged" in alpha.out
    assert "It is the only key for signing" in alpha.out
    assert "stop counting: 1. This cannot be undone." in alpha.err
    alpha.run(*argv, "--yes", ELLIPSIS + old, expect=exits.USAGE)
    assert "--rotate" in alpha.err
    assert not Revocation.objects.exists()

    alpha.begin("keys", "rotate", "--use", "sign")
    alpha.run("keys", "resume")
    alpha.run(*argv, "--yes", "--wait", "0", ELLIPSIS + old, expect=exits.NOT_YET)
    world.sequence()
    said = alpha.json(*argv, "--yes", ELLIPSIS + old)
    assert said["changes"][0]["kids"] == [old]
    assert Revocation.objects.count() == 1
    assert "revoked since" in alpha.run("keys")
    alpha.run(*argv, "--yes", ELLIPSIS + old, expect=exits.USAGE)
    assert "earlier" in alpha.err


def test_a_time_that_cannot_be_read_is_named(alpha: KeyTerminal) -> None:
    for since in ("tomorrow", "2027-01-31T12:00", "0h", "5w"):
        alpha.run("keys", "revoke", "--code", "lost", "--since", since, "abcd", expect=exits.USAGE)
        assert "--since: write how long ago" in alpha.err, since


def test_change_root_writes_the_new_next_root_once(world: PartnerWorld, alpha: KeyTerminal) -> None:
    alpha.run("keys", "change-root", expect=exits.USAGE)
    assert "Change the root to" in alpha.err
    alpha.begin("keys", "change-root", "--yes")
    made = sorted(world.home("xa-alpha").glob("next-root-*.accord"))
    assert len(made) == 1
    shown = alpha.run("keys", "change-root", "--yes")
    assert "The root was changed." in shown
    assert sorted(world.home("xa-alpha").glob("next-root-*.accord")) == made
    new = alpha.json("fingerprint")
    assert (
        alpha.json("fingerprint", str(world.place("xa-alpha").next_root_file))["fingerprint"]
        == new["fingerprint"]
    )
    assert alpha.json("fingerprint", str(made[0]))["fingerprint"] == new["next_fingerprint"]


def test_a_root_that_is_lost_is_recovered_and_two_are_the_end(
    world: PartnerWorld, alpha: KeyTerminal, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old = alpha.json("fingerprint")["fingerprint"]
    apart = tmp_path / "apart.accord"
    world.place("xa-alpha").next_root_file.rename(apart)
    key = world.another_api_key("xa-alpha")
    again = KeyTerminal(world, "xa-alpha", capsys)
    again.environment |= {"ACCORD_HOME": str(tmp_path / "anew"), "ACCORD_API_KEY": key}
    create_operational(tmp_path / "anew", PASSPHRASE, now=int(time.time()), cost=CHEAP)
    again.run("fingerprint", expect=exits.KEYS)
    enrol = ["enrol", "xa-alpha", "--hub", world.address, "--ledger", world.hub.key.vkey]
    again.run(*enrol, "--fingerprint", old)
    assert again.json("fingerprint")["fingerprint"] == old

    again.run("keys", "recover-root", "--yes", expect=exits.USAGE)
    assert "the agency enters again" in again.err
    again.begin("keys", "recover-root", "--next-root", str(apart), "--yes")
    shown = again.run("keys", "recover-root", "--next-root", str(apart), "--yes")
    assert "after 72 hours in public" in shown
    made = sorted((tmp_path / "anew").glob("next-root-*"))
    again.run("keys", "recover-root", "--next-root", str(apart), "--yes", expect=exits.REFUSED)
    assert sorted((tmp_path / "anew").glob("next-root-*")) == made and len(made) == 2
    alpha.run("keys")
    assert "! ALARM: your agency's root is recovered by the next root" in alpha.out
    alpha.run("inbox")
    assert "ALARM" in alpha.err
    # The home that recovers holds the identity now; the owner of the present root takes it back by name.
    alpha.run("keys", "renew", expect=exits.REFUSED)
    alpha.run("holder", "--take-over")
    alpha.begin("keys", "renew")
    alpha.run("keys", "resume")
    alpha.run("inbox")
    assert alpha.err == ""
    again.run("keys")
    assert "was cancelled by the present root" in again.out and "ALARM" not in again.out


@dataclass
class Apart:
    """An agency whose root lies in a safe: one terminal with a network, one without."""

    world: PartnerWorld
    folder: Path
    terminal: KeyTerminal
    offline: KeyTerminal
    root: NewRoot
    after: NewRoot

    @property
    def root_option(self) -> tuple[str, str]:
        return "--root", str(self.root.root_file)

    def signed(self, name: str, *propose: str, next_root: bool = False) -> str:
        """Propose with a network, look at it and sign without one; return the path of the signed file."""
        proposal, out = self.folder / name, self.folder / f"{name}.signed"
        roots = (*self.root_option, *(("--next-root", str(self.after.root_file)) if next_root else ()))
        self.terminal.run("keys", "propose", *propose, "--out", str(proposal))
        assert "accord sign" in self.terminal.out
        self.offline.run("sign", str(proposal), *roots, "--out", str(out), expect=exits.USAGE)
        assert "Agency:  xd-reg" in self.offline.out
        self.offline.run("sign", str(proposal), *roots, "--out", str(out), "--yes")
        return str(out)

    def enter(self) -> str:
        """Enter with a first keyset that was signed apart; return the path of its file."""
        first = self.signed("first", "first", "--agency", "xd-reg", "--public", str(self.root.public_file))
        enrol = ["enrol", "xd-reg", "--hub", self.world.address, "--ledger", self.world.hub.key.vkey]
        self.terminal.run(*enrol, "--keyset", first, "--wait", "0", expect=exits.NOT_YET)
        self.world.sequence()
        assert "is enrolled" in self.terminal.run(*enrol, "--keyset", first)
        return first


@pytest.fixture
def apart(world: PartnerWorld, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Apart:
    root, after = create_root(tmp_path / "safe", PASSPHRASE, now=int(time.time()), cost=CHEAP)
    create_operational(world.home("xd-reg"), PASSPHRASE, now=int(time.time()), cost=CHEAP)
    terminal, offline = (KeyTerminal(world, "xd-reg", capsys) for _ in range(2))
    offline.environment["ACCORD_HOME"] = str(tmp_path / "no-home")
    terminal.environment["ACCORD_API_KEY"] = world.admit("xd-reg", root.fingerprint)
    return Apart(world, tmp_path, terminal, offline, root, after)


def test_an_agency_with_an_offline_root_enters_and_publishes_once_what_that_signed(apart: Apart) -> None:
    made = [key.public.kid for key in apart.world.place("xd-reg").open_keys(PASSPHRASE).ring.keys]
    listed = apart.terminal.run("keys")
    assert all(kid in listed for kid in made)
    assert "has not enrolled yet" in listed
    assert [key["kid"] for key in apart.terminal.json("keys")["unpublished"]] == made
    terminal, first = apart.terminal, apart.enter()
    terminal.run("keys", "renew", expect=exits.KEYS)
    assert "accord keys propose" in terminal.err
    assert terminal.json("keys")["holds_root"] is False

    old = terminal.kid("sign")
    rotation = apart.signed("rotation", "rotate")
    terminal.begin("keys", "submit", rotation)
    assert "What the root signed was published." in terminal.run("keys", "submit", rotation)
    assert "It stands already" in terminal.run("keys", "submit", rotation)
    assert "It stands already" in terminal.run("keys", "submit", first)
    revocation = apart.signed("revocation", "revoke", "--code", "lost", ELLIPSIS + old)
    terminal.begin("keys", "submit", revocation)
    assert "is revoked" in terminal.run("keys", "submit", revocation)
    assert terminal.json("keys", "submit", revocation)["kind"] == "stands"


def test_an_offline_root_is_fetched_for_a_renewal_and_changed(apart: Apart) -> None:
    terminal = apart.terminal
    apart.enter()
    assert terminal.run("keys", "renew", *apart.root_option, "--wait", "0", expect=exits.NOT_YET) == ""
    apart.world.sequence()
    terminal.run("keys", "resume")

    third = json.loads(apart.offline.run("keygen", "--next-root", "--json"))["fingerprint"]
    announce = ("--public", str(apart.after.public_file), "--announce", third)
    change = apart.signed("change", "change-root", *announce, next_root=True)
    terminal.begin("keys", "submit", change)
    terminal.run("keys", "resume")
    assert terminal.json("fingerprint")["fingerprint"] == apart.after.fingerprint
    assert [keyset.succession for keyset in Keyset.objects.order_by("version")] == ["same"] * 2 + ["changed"]
    assert terminal.json("keys")["holds_root"] is False


def test_what_was_signed_for_another_home_is_refused_before_it_is_sent(
    world: PartnerWorld, alpha: KeyTerminal, tmp_path: Path
) -> None:
    proposal, out = tmp_path / "renewal", tmp_path / "signed"
    alpha.run("keys", "propose", "renew", "--out", str(proposal))
    alpha.run("keys", "propose", "renew", "--out", str(proposal), expect=exits.USAGE)
    stranger, _ = create_root(tmp_path / "safe", PASSPHRASE, now=int(time.time()), cost=CHEAP)
    alpha.run(
        "sign",
        str(proposal),
        "--root",
        str(stranger.root_file),
        "--out",
        str(out),
        "--yes",
        expect=exits.NOT_VERIFIED,
    )
    assert "another root" in alpha.err
    alpha.run("sign", str(proposal), "--out", str(out), "--yes")
    alpha.run("sign", str(proposal), "--out", str(out), "--yes", expect=exits.USAGE)
    altered = bytearray(out.read_bytes())
    altered[altered.index(b'"signature":"') + 20] ^= 1
    wrong = tmp_path / "wrong"
    wrong.write_bytes(bytes(altered))
    alpha.run("keys", "submit", str(wrong), expect=exits.NOT_VERIFIED)
    assert alpha.json("keys")["pending"] is None
    alpha.begin("keys", "submit", str(out))
    assert alpha.json("keys", "resume")["version"] == 2


def test_a_warning_is_one_sentence_with_its_remedy() -> None:
    at = 1_800_000_000
    cases: dict[str, Any] = {
        "within 14 days": KeyWarning("keyset", None, at, 14, "accord keys renew"),
        "within a day": KeyWarning("key", "A" * 43, at, 1, "accord keys rotate"),
        "nothing can be sent": KeyWarning("keyset", None, at, 0, "accord keys renew"),
        "ALARM": KeyWarning("recovery", None, at, None, "accord keys renew"),
        "was cancelled": KeyWarning("recovery-cancelled", None, at, None, "accord keys"),
    }
    for words, warning in cases.items():
        said = warning_words(warning)
        assert words in said
        assert warning.remedy in said
        assert "\n" not in said


def test_a_key_is_revoked_by_typing_its_last_characters(world: PartnerWorld, alpha: KeyTerminal) -> None:
    old = alpha.kid("enc")
    keyboard = Keyboard(world.home("xa-alpha"))
    argv = ["keys", "revoke", "--code", "ended", "--rotate", "--wait", "0", ELLIPSIS + old]
    asked = f"This cannot be undone. Type {old[-4:]}: "
    wrong = [("Passphrase: ", PASSPHRASE), (asked, "yes")]
    assert "Nothing was done." in keyboard.run(*argv, answers=wrong, expect=exits.USAGE)
    assert not Revocation.objects.exists()
    right = [("Passphrase: ", PASSPHRASE), (asked, old[-4:])]
    keyboard.run(*argv, answers=right, expect=exits.NOT_YET)
    assert Revocation.objects.get().key_id == old


@pytest.mark.parametrize(
    "argv",
    [
        "keys list",
        "keys renew",
        "keys rotate",
        "keys retire",
        "keys revoke",
        "keys change-root",
        "keys recover-root",
        "keys propose",
        "keys propose first",
        "keys submit",
        "keys resume",
        "keys passphrase",
        "pins print",
        "pins import",
    ],
)
def test_every_act_explains_itself(capsys: pytest.CaptureFixture[str], argv: str) -> None:
    assert main([*argv.split(), "--help"], {}) == exits.OK
    said = capsys.readouterr().out
    assert f"usage: accord {argv}" in said
