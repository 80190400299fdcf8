# SPDX-License-Identifier: Apache-2.0
"""Guide of an own desk: each step with what it makes, who does it, and where."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from desk.keeper.setting_up import SettingUp, Step


@dataclass(frozen=True)
class Words:
    """Texts of a step.

    `help` says what the step makes and what is needed; `button` leads to the keeper's page of the step, if there is
    one, and `other_button` to an alternative.
    """

    title: str | Promise
    help: str | Promise
    page: str = ""
    button: str | Promise = ""
    other_page: str = ""
    other_button: str | Promise = ""


WORDS: Final[dict[str, Words]] = {
    "exchange": Words(
        _("Which exchange"),
        _("Have its address and the verifier key of its log at hand, from its operator, best on paper."),
        "own_exchange",
        _("Name the exchange…"),
    ),
    "taken_in": Words(
        _("Your agency"),
        _(
            "The exchange's operator admits it with custody “Keys held by the agency” and the fingerprint of its root, and gives you its id and a key for entering. The root is made first, on a machine without a network, by the agency's head."
        ),
        "desk_take_in",
        _("Take in the agency…"),
        "desk_move_in",
        _("Move in from the accord command…"),
    ),
    "admin": Words(
        _("First agency admin"),
        _("A person other than you, who invites everybody else. You see no alerts and cannot invite others."),
        "desk_agency",
        _("Invite…"),
    ),
    "people": Words(
        _("Officers"),
        _(
            "The agency admin invites at least a key officer, an author and a releaser, each with a second factor."
        ),
    ),
    "keys": Words(
        _("Keys"),
        _(
            "The key officer makes a proposal under Keys; this desk draws the keys. The head signs it offline; the signed file comes back by stick. The private keys never leave this machine."
        ),
    ),
    "active": Words(
        _("Published"),
        _(
            "The exchange logs the first keyset and lets the agency take part. It takes a second; nobody has to press."
        ),
    ),
    "agreement": Words(
        _("Agreement"),
        _(
            "The exchange's operator records what your agency and its partners have agreed to. Send the operator its text; before that nobody can be sent anything."
        ),
    ),
    "peers": Words(
        _("Fingerprints of others"),
        _(
            "Two officers compare each partner's fingerprint, on paper or by telephone. Before that nothing is sealed to it."
        ),
    ),
    "duty": Words(_("Duty list"), _("The agency admin says who is called first, under Officers.")),
    "alert": Words(
        _("A first alert"),
        _(
            "An author writes an exercise to a partner and a releaser sends it, or one comes in. Then the desk is ready."
        ),
    ),
}


@dataclass(frozen=True)
class ShownStep:
    """Step as the page shows it; only the keeper's own next step has addresses."""

    step: Step
    words: Words
    address: str
    other_address: str = ""


def shown_steps(guide: SettingUp) -> Iterator[ShownStep]:
    """Yield the steps in their order."""
    for step in guide.steps:
        words = WORDS[step.name]
        address = _address(words, guide) if step.is_next and words.page else ""
        other = reverse(f"admin:{words.other_page}") if address and words.other_page else ""
        yield ShownStep(step, words, address, other)


def _address(words: Words, guide: SettingUp) -> str:
    if words.page == "desk_agency" and guide.entry is not None:
        return reverse("admin:desk_agency", args=[guide.entry.agency.pk])
    return reverse(f"admin:{words.page}")
