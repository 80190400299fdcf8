# SPDX-License-Identifier: Apache-2.0
"""Here are the commands of the client that do at an agency what the wizard does at the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from officers.keyfacts import KeyFact

SUFFIX_LENGTH: Final = 8


@dataclass(frozen=True)
class Command:
    """What is done, and what to type for it."""

    does: str | Promise
    line: str


def short_name(kid: str) -> str:
    """The end of a kid as the client takes it; never with a leading dash, which would be read as an option."""
    return kid[-SUFFIX_LENGTH:].lstrip("-")


def command_of(verb: str, kid: str = "") -> str:
    """The command for one verb of the wizard."""
    return _LINES[verb] % {"kid": short_name(kid)}


_LINES: Final[Mapping[str, str]] = {
    "create": "accord keygen",
    "renew": "accord keys renew",
    "rotate": "accord keys rotate",
    "retire": "accord keys retire %(kid)s",
    "revoke": "accord keys revoke %(kid)s --code stolen --since 6h",
    "suspend": "POST /api/v1/keys/%(kid)s/suspension",
    "change_root": "accord keys change-root",
    "recover_root": "accord keys recover-root",
    "cancel_recovery": "accord keys renew",
}


def first_commands(agency_id: str, hub: str) -> tuple[Command, ...]:
    """Before an agency's first keyset; `hub` is the address of this hub."""
    enrol = f"accord enrol {agency_id} --hub {hub} --ledger VKEY"
    return (
        Command(_("Make the keys, on your own system"), "accord keygen"),
        Command(
            _("Bring them in, with the API key and the ledger's verifier key that you were given"), enrol
        ),
    )


LATER: Final = (
    Command(_("See your keys and what ends soon"), "accord keys"),
    Command(_("Renew the keyset for 90 days"), "accord keys renew"),
    Command(_("Rotate: new keys, the old ones overlap for 30 days"), "accord keys rotate"),
    Command(_("Change the root to the announced next one"), "accord keys change-root"),
    Command(_("Recover a lost root, in 72 hours"), "accord keys recover-root"),
    Command(_("Where the root stays offline: propose"), "accord keys propose rotate --out rotate.proposal"),
    Command(
        _("… have it signed beside the root"),
        "accord sign rotate.proposal --root root.accord --out rotate.signed",
    ),
    Command(_("… and hand it in"), "accord keys submit rotate.signed"),
)
CANCEL: Final = Command(_("Cancel the recovery: any keyset of the present root does"), "accord keys renew")


def commands_for(key: KeyFact) -> tuple[Command, ...]:
    """What can be done to one key, while it counts."""
    revoke = Command(_("Revoke it (code: stolen, lost, error, ended)"), command_of("revoke", key.kid))
    if key.state == "revoked":
        return ()
    if key.state in ("retired", "ended"):
        return (revoke,)
    return (Command(_("End it now"), command_of("retire", key.kid)), revoke)
