# SPDX-License-Identifier: Apache-2.0
"""Texts of the wizard for each verb: what it does, what it cannot undo, and a button that repeats the verb."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vault.suspending import Told

Text = str | Promise


@dataclass(frozen=True)
class VerbWords:
    """Texts of one verb; `short`, `version`, `next` and `total` in them stand for the key, the next version, and so on.

    `here` is shown only where the hub holds the root, `elsewhere` only where the agency's head does. `does_sealing` stands in
    place of `does` for a key that others seal to, which signs nothing.
    """

    title: Text
    button: Text
    does: tuple[Text, ...]
    lasts: Text
    done: Text
    does_sealing: tuple[Text, ...] = ()
    here: Text = ""
    elsewhere: Text = ""
    is_grave: bool = False


VERBS: Final[Mapping[str, VerbWords]] = {
    "create": VerbWords(
        title=gettext_lazy("Create your agency's keys"),
        button=gettext_lazy("Create the keys"),
        does=(
            gettext_lazy(
                "Makes signing and encryption keys and publishes the first keyset, valid for 90 days."
            ),
            gettext_lazy("Your agency can send and be sent to once the log has it, usually within seconds."),
        ),
        here=gettext_lazy("The root is made here too: this desk holds it, and can act as your agency."),
        elsewhere=gettext_lazy(
            "The keys lie in this desk's vault; the root stays with your agency's head, offline."
        ),
        lasts=gettext_lazy("It is done once. Keys can be replaced later, never unmade."),
        done=gettext_lazy("The keys are made and are being logged."),
    ),
    "renew": VerbWords(
        title=gettext_lazy("Renew the keyset"),
        button=gettext_lazy("Renew as version %(version)s"),
        does=(gettext_lazy("Publishes version %(version)s: the same keys, valid for 90 days from now."),),
        lasts=gettext_lazy("No key changes. A published version stays in the log."),
        done=gettext_lazy("Renewed. The new version is being logged."),
    ),
    "rotate": VerbWords(
        title=gettext_lazy("Rotate the keys"),
        button=gettext_lazy("Rotate the keys"),
        does=(
            gettext_lazy(
                "Makes new keys and publishes version %(version)s. The old ones retire over 30 days."
            ),
            gettext_lazy("What was sealed to the old keys stays readable; what they signed still counts."),
        ),
        lasts=gettext_lazy("A key that retires does not become current again."),
        done=gettext_lazy("Rotated. The new keys are being logged."),
    ),
    "move": VerbWords(
        title=gettext_lazy("Make your agency's keys here"),
        button=gettext_lazy("Make the keys here"),
        does=(
            gettext_lazy(
                "Makes new keys on this desk and proposes version %(version)s, which says who holds them from then on. Every earlier key ends with it."
            ),
            gettext_lazy(
                "It goes to the exchange once the other desk has given your agency's identity back, and the exchange's operator has allowed the move."
            ),
        ),
        elsewhere=gettext_lazy(
            "The keys lie in this desk's vault; the root stays with your agency's head, offline."
        ),
        lasts=gettext_lazy(
            "What was sealed to the earlier keys opens here by the history that the other desk hands over."
        ),
        done=gettext_lazy("The keys are made here and are being logged."),
    ),
    "retire": VerbWords(
        title=gettext_lazy("Retire key …%(short)s?"),
        button=gettext_lazy("Retire key …%(short)s"),
        does=(
            gettext_lazy("The key ends now. What it signed before still counts."),
            gettext_lazy("If somebody else may have it, revoke it instead."),
        ),
        does_sealing=(
            gettext_lazy("The key ends now. What was sealed to it stays readable."),
            gettext_lazy("If somebody else may have it, revoke it instead."),
        ),
        lasts=gettext_lazy("It cannot be used again."),
        done=gettext_lazy("Key …%(short)s is retired."),
        is_grave=True,
    ),
    "revoke": VerbWords(
        title=gettext_lazy("Revoke key …%(short)s?"),
        button=gettext_lazy("Revoke key …%(short)s"),
        does=(
            gettext_lazy("Says in the log, for every agency, since when this key is not to be believed."),
            gettext_lazy("Your agency cannot use it again: rotate the keys afterwards."),
        ),
        lasts=gettext_lazy("This cannot be undone. Another revocation can only name an earlier time."),
        done=gettext_lazy("Key …%(short)s is revoked. Now rotate the keys, so that your agency can go on."),
        is_grave=True,
    ),
    "suspend": VerbWords(
        title=gettext_lazy("Suspend key …%(short)s?"),
        button=gettext_lazy("Suspend key …%(short)s"),
        does=(
            gettext_lazy(
                "From now on nothing is signed with it here, and the exchange takes nothing that is and offers it to nobody."
            ),
            gettext_lazy("At this exchange only, at once. What it signed before still counts."),
        ),
        does_sealing=(
            gettext_lazy(
                "From now on the exchange offers it to nobody and takes nothing new that is sealed to it."
            ),
            gettext_lazy("At this exchange only, at once. What was sealed to it before stays readable."),
        ),
        lasts=gettext_lazy(
            "Only the root lifts it: the next keyset that lists the key as current does. Renew the keyset for that."
        ),
        done=gettext_lazy("Key …%(short)s is suspended."),
    ),
    "change_root": VerbWords(
        title=gettext_lazy("Change the root"),
        button=gettext_lazy("Change the root"),
        does=(
            gettext_lazy("The next root that was announced takes over; the present one signs this too."),
            gettext_lazy(
                "Agencies that keep your root's fingerprint follow by the log. Tell them the new one on paper."
            ),
        ),
        here=gettext_lazy("A new next root is made and announced."),
        elsewhere=gettext_lazy(
            "Hand over the next root's public half, and the fingerprint of a further one made by "
            "`accord keygen --next-root`."
        ),
        lasts=gettext_lazy("The root that is replaced never comes back."),
        done=gettext_lazy("The root is changed. The new keyset is being logged."),
        is_grave=True,
    ),
    "recover_root": VerbWords(
        title=gettext_lazy("Recover the root"),
        button=gettext_lazy("Recover the root in 72 hours"),
        does=(
            gettext_lazy("For a root that is lost. The next root that was announced signs this alone."),
            gettext_lazy(
                "It waits 72 hours in public, counted from its log entry. Until then whoever holds the present root can "
                "cancel it: that protects you from somebody who has stolen the next one."
            ),
            gettext_lazy("While it waits, keys can be suspended and revoked; nothing else changes."),
        ),
        elsewhere=gettext_lazy(
            "Hand over the next root's public half, and the fingerprint of a further one made by "
            "`accord keygen --next-root`."
        ),
        lasts=gettext_lazy("After 72 hours the lost root never counts again. Until then you can cancel."),
        done=gettext_lazy("The recovery waits: 72 hours from its log entry."),
        is_grave=True,
    ),
    "cancel_recovery": VerbWords(
        title=gettext_lazy("Cancel the recovery"),
        button=gettext_lazy("Cancel the recovery"),
        does=(
            gettext_lazy("Publishes version %(version)s, signed by the present root, with the same keys."),
            gettext_lazy("The recovered root never comes into force."),
        ),
        lasts=gettext_lazy("The root can be recovered again later, with another 72 hours."),
        done=gettext_lazy("The recovery is cancelled."),
    ),
}

PROPOSE: Final = gettext_lazy("Make the proposal")
PROPOSED: Final = gettext_lazy(
    "The proposal is made. Nothing changes before your agency's head has signed it."
)

CHANGES: Final[Mapping[str, Text]] = {
    "create": gettext_lazy("First keys"),
    "renew": gettext_lazy("Renew the keyset"),
    "rotate": gettext_lazy("Rotate the keys"),
    "move": gettext_lazy("Keys made at this desk"),
    "retire": gettext_lazy("Retire key …%(short)s"),
    "revoke": gettext_lazy("Revoke key …%(short)s"),
    "change_root": gettext_lazy("Change the root"),
    "recover_root": gettext_lazy("Recover the root"),
    "cancel_recovery": gettext_lazy("Cancel the recovery"),
}
"""Proposals by their effect."""

SUITE_NAMES: Final[Mapping[str, Text]] = {
    "PQ1": gettext_lazy("post-quantum and classical together (PQ1)"),
    "EC1": gettext_lazy("classical alone (EC1)"),
}
"""What each suite is, its code behind."""
SUITE_WORDS: Final[Mapping[str, Text]] = {
    "PQ1": gettext_lazy("PQ1: only post-quantum and classical together"),
    "EC1": gettext_lazy("EC1: classical alone is taken too"),
}
"""What the lowest suite of a keyset lets in."""

_ALREADY: Final[Mapping[str, Text]] = {
    "create": gettext_lazy("Your agency has keys already. Rotate them instead."),
    "cancel_recovery": gettext_lazy("No recovery waits; there is nothing to cancel."),
    "retire": gettext_lazy("This key has ended already."),
    "suspend": gettext_lazy("This key is suspended or has ended already."),
}


_UNTOLD: Final[Mapping[Told, Text]] = {
    Told.AWAY: gettext_lazy("Suspended here. The exchange does not answer; it is told as soon as it does."),
    Told.LACKS_RIGHT: gettext_lazy(
        "Suspended here. The exchange was not told: this desk's key at the exchange lacks the right to suspend keys. An agency admin replaces it under API keys; then the exchange is told by itself."
    ),
    Told.REFUSED: gettext_lazy("Suspended here. The exchange refuses to note it. Call its operator."),
}


def waits_text(verb: str, told: Told = Told.AWAY) -> str:
    """Say what was done here and the exchange is still to take."""
    if verb == "suspend":
        return str(_UNTOLD[told])
    return _("Signed and kept. The exchange does not take it now; it is sent again by itself. See below.")


def not_now_text(verb: str, *, has_keys: bool, recovery_waits: bool) -> str:
    """Return why a verb is not possible now, and what to do."""
    if not has_keys and verb not in ("create",):
        return _("Your agency has no key yet. Create one first.")
    if recovery_waits and verb not in _ALREADY:
        return _(
            "A recovered root waits. Until it is in force only revoking, suspending and cancelling are possible."
        )
    return str(_ALREADY.get(verb, _("Your agency's keys have changed. Go back to them and look again.")))
