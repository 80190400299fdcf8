# SPDX-License-Identifier: Apache-2.0
"""Reasons why policy denies a recipient, as sentences for the issuer's officers.

A denial is sent as a code and arguments, which are the same in every language. It is put into words only here, where it
is read: on the desk's pages and in the exchange's problem `policy-denied`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    return _("%(ref)s ended on %(day)s.") % {"ref": said["ref"], "day": _day(said["until"])}


def _day(moment: str | Sequence[str]) -> str:
    return date_format(datetime.fromisoformat(str(moment)).astimezone(UTC), _("j M Y"))


def _lane_suspended(said: Arguments) -> str:
    words = {"lane": Lane(str(said["lane"])).label, "name": said["name"], "day": _day(said["since"])}
    text = {
        (OURS,): _("Your agency suspended %(lane)s with %(name)s on %(day)s."),
        (THEIRS,): _("%(name)s suspended %(lane)s with your agency on %(day)s."),
        (OURS, THEIRS): _("Your agency and %(name)s suspend %(lane)s with each other, since %(day)s."),
    }[tuple(said["by"])]
    return f"{text % words} {_open_lanes(said['open'])}"


def _open_lanes(codes: Iterable[str]) -> str:
    lanes = [str(Lane(code).label) for code in codes]
    if not lanes:
        return _("No lane is open.")
    return _("Open: %(lanes)s.") % {"lanes": ", ".join([lanes[0], *(lane.lower() for lane in lanes[1:])])}


_SENTENCES: Final[Mapping[str, Callable[[Arguments], str]]] = {
    "issuer-suspended": lambda said: _(AGENCY_SUSPENDED.sentence),
    "agency-unknown": lambda said: _("No agency of the exchange is called %(id)s.") % said,
    "own-agency": lambda said: _("Your own agency needs no sending to."),
    "agency-suspended": lambda said: _("%(name)s is suspended at the exchange.") % said,
    "red-custody": _red_custody,
    "no-agreement": lambda said: _("No agreement joins you and %(name)s.") % said,
    "not-a-party": lambda said: _("%(id)s is no party of the agreement of this text.") % said,
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
