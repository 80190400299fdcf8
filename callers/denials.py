# SPDX-License-Identifier: Apache-2.0
"""Reasons why policy denies a recipient, as sentences for the issuer's officers.

A denial is sent as a code and arguments, which are the same in every language. It is put into words only here, where it
is read: on the desk's pages and in the exchange's problem `policy-denied`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from callers.closed_lists import Lane
from callers.problems import AGENCY_SUSPENDED

Arguments = Mapping[str, str | Sequence[str]]

OURS, THEIRS = "ours", "theirs"
"""Values of `keys` in `red-custody`: the party whose keys it is about."""


def denial_text(code: str, args: Arguments) -> str:
    """Return the sentence for a code and its arguments, in the active language; raises KeyError for an unknown code."""
    return _SENTENCES[code](args)


def _red_custody(said: Arguments) -> str:
    if said["keys"] == OURS:
        return _("RED needs keys held by the agency; choose AMBER+STRICT.")
    return _("RED cannot go to a desk that others host.")


def _agreement_ended(said: Arguments) -> str:
    ended = datetime.fromisoformat(str(said["until"])).astimezone(UTC)
    return _("%(ref)s ended on %(day)s.") % {"ref": said["ref"], "day": date_format(ended, _("j M Y"))}


def _lane_suspended(said: Arguments) -> str:
    is_open = [str(Lane(lane).label).lower() for lane in said["open"]]
    words = {
        "lane": Lane(str(said["lane"])).label,
        "name": said["name"],
        "open": _(" and ").join(is_open),
    }
    if not is_open:
        text = _("%(lane)s with %(name)s is suspended; no lane is open.")
    elif len(is_open) == 1:
        text = _("%(lane)s with %(name)s is suspended; %(open)s is open.")
    else:
        text = _("%(lane)s with %(name)s is suspended; %(open)s are open.")
    return text % words


_SENTENCES: Final[Mapping[str, Callable[[Arguments], str]]] = {
    "issuer-suspended": lambda said: _(AGENCY_SUSPENDED.sentence),
    "agency-unknown": lambda said: _("No agency of the exchange is called %(id)s.") % said,
    "own-agency": lambda said: _("Your own agency needs no sending to."),
    "agency-suspended": lambda said: _("%(name)s is suspended at the exchange.") % said,
    "red-custody": _red_custody,
    "no-agreement": lambda said: _("No agreement joins you and %(name)s.") % said,
    "agreement-ended": _agreement_ended,
    "lane-not-covered": lambda said: _("Agreement %(ref)s does not cover this lane.") % said,
    "purpose-not-covered": lambda said: _("Agreement %(ref)s does not cover this purpose.") % said,
    "tlp-above-ceiling": lambda said: _("Agreement %(ref)s allows up to %(tlp)s.") % said,
    "lane-suspended": _lane_suspended,
    "not-onward": lambda said: _("This alert cannot be released to %(name)s; its sender can send it.") % said,
    "not-emergency": lambda said: _(
        "Only a flash alert on the public-health lane is released in an emergency."
    ),
    "emergency-not-agreed": lambda said: (
        _("No agreement with %(name)s says that you may release in an emergency.") % said
    ),
    "own-suite": lambda said: _("Your own agency has no %(suite)s key.") % said,
    "keys-unread": lambda said: (
        _("What %(name)s said of its keys could not be read: nothing is sent there for now.") % said
    ),
    "suite-below-low": lambda said: _("%(name)s takes nothing below %(low)s.") % said,
    "no-key-of-suite": lambda said: _("%(name)s has no %(suite)s key and is left out.") % said,
    "no-valid-key": lambda said: _("%(name)s has no valid key; call its duty desk.") % said,
}

CODES: Final = tuple(sorted(_SENTENCES))
"""All codes of denials."""
