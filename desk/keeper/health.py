# SPDX-License-Identifier: Apache-2.0
"""Health of the parts of the desk, in times and totals that name no person."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from alerts.receiving.set_aside import counted
from alerts.receiving.signature_state import utc_text
from alerts.sending.sending_stopped import is_still_to_come
from callers.tones import DANGER, OK, WARN
from callers.waiting_tasks import waiting_tasks
from desk.keeper.health_signs import LAST_ONES, Sign, Way, ask_exchange_way
from desk.keeper.machine import certificate_sign, clock_sign
from ledger.restores import newest_restore
from notices.lateness import late_since
from notices.models import Notification
from notices.states import NotificationState
from officers.accountmail import hands_links_over
from officers.entering import Entry
from officers.last_ones import last_ones
from officers.policy_in_force import altered_policies
from officers.restores import agencies_in_review
from peers.freshness import STOPPED_AFTER, stale_readers
from peers.progress import LATE_AFTER, Depth, desk_depth
from vault.exchangekeys import lacking
from vault.instances import Holder, holders_elsewhere, versions_apart, was_here_since
from vault.suspending import refused_suspensions

ENDS_SOON: Final = timedelta(days=14)
QUEUES: Final = ("notify", "desk")


def health(entries: Collection[Entry], now: datetime) -> Iterator[Sign]:
    """Yield one sign for each part, in the order in which an incoming alert passes them; `entries` are the desk's agencies."""
    depth = desk_depth()
    yield _queues()
    yield from clock_sign(depth)
    yield _feeds(depth, now)
    yield from _log_seen(now)
    yield _set_aside()
    yield _mail(now)
    yield _failed_mail(now)
    yield _keysets(entries, now)
    yield from certificate_sign(now)
    yield from _identities(now)
    yield from _rights()
    if altered := len(altered_policies()):
        text = ngettext(
            "%(n)d agency's policy was changed outside the program and counts for nothing.",
            "The policies of %(n)d agencies were changed outside the program and count for nothing.",
            altered,
        )
        remedy = _("Find out by whom; `manage.py bind_rows` lists what stands there.")
        yield Sign("policies", pgettext("work", "Policies"), DANGER, text % {"n": altered}, remedy)
    yield from _restore()
    yield from _last_ones(entries)


def _queues() -> Sign:
    found = waiting_tasks(QUEUES)
    way = None if found.tone == OK else _look_again()
    return Sign("queues", _("Queues"), found.tone, found.text, found.remedy, way)


def _look_again() -> Way:
    return Way(reverse("admin:index"), _("Look again"))


def _feeds(depth: Depth, now: datetime) -> Sign:
    """Return the sign of what the exchange has for the desk's agencies, and when it last answered; totals only."""
    if depth.asked_at is not None and now - depth.asked_at > LATE_AFTER:
        text = _("A feed was last read from the exchange at %(time)s UTC.") % {
            "time": utc_text(depth.asked_at)
        }
        remedy = _("Look at the desk-worker, and whether the exchange can be reached from it.")
        return Sign("feeds", _("Feeds"), DANGER, text, remedy, ask_exchange_way())
    if depth.feeds:
        text = ngettext(
            "%(n)d feed is not followed to its end.",
            "%(n)d feeds are not followed to their end.",
            depth.feeds,
        ) % {"n": depth.feeds}
        waiting = ngettext("%(n)d item waits.", "%(n)d items wait.", depth.items) % {"n": depth.items}
        level = DANGER if depth.is_late(now) else WARN
        return Sign(
            "feeds",
            _("Feeds"),
            level,
            f"{text} {waiting}",
            _("If it stays so, look at the desk-worker."),
            _look_again(),
        )
    return Sign("feeds", _("Feeds"), OK, _("Every feed is followed to its end."))


def _log_seen(now: datetime) -> Iterator[Sign]:
    """Yield the sign of agencies that have seen nothing newer of the exchange's log for a day; none where all have."""
    if stale := stale_readers(now=now):
        text = ngettext(
            "%(n)d agency has seen nothing newer than %(time)s UTC: %(names)s",
            "%(n)d agencies have seen nothing newer, one since %(time)s UTC: %(names)s",
            len(stale),
        )
        names = ", ".join(reader for reader, _since in stale[:5])
        said = text % {"n": len(stale), "time": utc_text(stale[0][1]), "names": names}
        is_over = now - stale[0][1] > STOPPED_AFTER
        remedy = _(
            "Look at the desk-worker, then ask the exchange's operator: after 7 days nothing is sent, since a revoked key may go unseen."
        )
        tone = DANGER if is_over else WARN
        yield Sign("log", _("The exchange's log"), tone, said, remedy, ask_exchange_way())


def _set_aside() -> Sign:
    """Return the sign of items that a loop could not process, and of loops stopped by one."""
    items, stopped = counted()
    way = Way(reverse("admin:set_aside"), _("See why"))
    if stopped:
        text = ngettext("%(n)d loop stands.", "%(n)d loops stand.", stopped) % {"n": stopped}
        remedy = _("See under Set aside why, then let it go on.")
        return Sign("aside", pgettext("work", "Set aside"), DANGER, text, remedy, way)
    if items:
        text = ngettext("%(n)d item is set aside.", "%(n)d items are set aside.", items) % {"n": items}
        remedy = _("See under Set aside why; everything else goes on.")
        return Sign("aside", pgettext("work", "Set aside"), WARN, text, remedy, way)
    return Sign("aside", pgettext("work", "Set aside"), OK, _("Nothing is set aside."))


def _mail(now: datetime) -> Sign:
    if hands_links_over():
        text = _("This desk has no mail server: officers are told by its pages alone.")
        return Sign("mail", _("Mail"), OK, text)
    since = late_since(now=now)
    if since is None:
        return Sign("mail", _("Mail"), OK, _("Nothing is late."))
    text = _("Mail is late: something waits since %(time)s UTC.") % {"time": utc_text(since)}
    remedy = _("Look at the mailer and at the mail server.")
    way = Way(reverse("admin:desk_settings") + "#mail", _("See which mail server"))
    return Sign("mail", _("Mail"), DANGER, text, remedy, way)


def _failed_mail(now: datetime) -> Sign:
    states = (NotificationState.FAILED, NotificationState.HELD)
    recent = Notification.objects.filter(state__in=states, queued_at__gte=now - timedelta(days=1)).count()
    if not recent:
        return Sign("failed-mail", _("Failed mail"), OK, _("None in the last 24 hours."))
    text = ngettext("%(n)d mail in the last 24 hours.", "%(n)d mails in the last 24 hours.", recent) % {
        "n": recent
    }
    return Sign("failed-mail", _("Failed mail"), WARN, text, _("The agencies see which, and send again."))


def _keysets(entries: Collection[Entry], now: datetime) -> Sign:
    ending = [one for one in entries if one.keyset_until and one.keyset_until - now < ENDS_SOON]
    if not ending:
        return Sign("keysets", _("Keysets"), OK, _("None ends within 14 days."))
    names = ", ".join(one.agency.pk for one in ending[:5])
    text = ngettext(
        "%(n)d keyset ends or has ended: %(names)s", "%(n)d keysets end or have ended: %(names)s", len(ending)
    )
    tone = DANGER if any(one.keyset_until and one.keyset_until <= now for one in ending) else WARN
    remedy = (
        _("Your key officer renews it under Signing keys; without one nothing is sent or received.")
        if settings.OWN_DESK
        else _("Without one an agency neither sends nor receives; call it.")
    )
    way = Way(reverse("admin:desk_agency", args=[ending[0].agency.pk]), _("See the agency"))
    return Sign("keysets", _("Keysets"), tone, text % {"n": len(ending), "names": names}, remedy, way)


def _identities(now: datetime) -> Iterator[Sign]:
    """Yield signs of facts from the exchange that stop sending: other holders, no common version; none if all is well."""
    held = holders_elsewhere()
    coming = [one.agency_id for one in held if is_still_to_come(one.agency_id, now=now)]
    if coming:
        text = ngettext(
            "%(n)d agency comes here from another desk, which sends for it until two key officers there let it go: %(names)s",
            "%(n)d agencies come here from another desk, which sends for them until two key officers there let them go: %(names)s",
            len(coming),
        ) % {"n": len(coming), "names": ", ".join(coming[:5])}
        remedy = _("Its key officer makes the keys here, under Signing keys. Leave the other desk running.")
        yield Sign("identities", _("Identities"), WARN, text, remedy)
    named = [one for one in held if one.agency_id not in coming]
    if named:
        text = ngettext(
            "The identity of %(n)d agency is held elsewhere, and nothing is sent for it: %(names)s",
            "The identities of %(n)d agencies are held elsewhere, and nothing is sent for them: %(names)s",
            len(named),
        )
        names = "; ".join(_holder_text(one) for one in named[:5])
        remedy = _(
            "Stop one of the two desks; the agency's key officers then take the identity over under Keys."
        )
        yield Sign("identities", _("Identities"), DANGER, text % {"n": len(named), "names": names}, remedy)
    if apart := versions_apart():
        first = apart[0]
        theirs, ours = _span(first.theirs), _span(first.ours)
        text = (
            _("Interface: the exchange speaks versions %(theirs)s, this desk %(ours)s; nothing is sent.")
            if first.what == "interface"
            else _("Envelope: the exchange speaks versions %(theirs)s, this desk %(ours)s; nothing is sent.")
        )
        said = text % {"theirs": theirs, "ours": ours}
        yield Sign("versions", _("Versions"), DANGER, said, _("Update the older one."))


def _holder_text(named: Holder) -> str:
    """Say who it is: another one by name and id, or this desk as it was before a restore."""
    since = was_here_since(named)
    if since is None:
        return f"{named.agency_id}: {named.software or '?'} {named.holder}".strip()
    text = _("%(id)s: this desk as it was before it was restored, announced on %(time)s UTC, %(holder)s")
    return text % {"id": named.agency_id, "time": utc_text(since), "holder": named.holder}


def _rights() -> Iterator[Sign]:
    """Agencies whose API key at the exchange may not do all that a desk does, or whose suspended key it does not note; no sign without."""
    if names := list(lacking()):
        text = ngettext(
            "This desk's key at the exchange may not do all that a desk does, for %(n)d agency: %(names)s. Suspending lanes or keys may be refused.",
            "This desk's keys at the exchange may not do all that a desk does, for %(n)d agencies: %(names)s. Suspending lanes or keys may be refused.",
            len(names),
        ) % {"n": len(names), "names": ", ".join(names[:5])}
        remedy = _("An agency admin replaces the desk's own key under API keys.")
        yield Sign("rights", _("Rights at the exchange"), WARN, text, remedy)
    if refused := refused_suspensions():
        text = _("The exchange refuses to note a suspended key of: %(names)s") % {
            "names": ", ".join(refused[:5])
        }
        yield Sign("rights", _("Suspended keys"), DANGER, text, _("Call the exchange's operator."))


def _span(spoken: tuple[int, int]) -> str:
    oldest, newest = spoken
    return str(newest) if oldest == newest else f"{oldest}-{newest}"


def _restore() -> Iterator[Sign]:
    """Yield the sign of agencies that have not reviewed the last restore; none without a restore, or where all have."""
    restore, waiting = newest_restore(), list(agencies_in_review().values_list("pk", flat=True))
    if restore is None or not (waiting or restore.deletes_still):
        return
    if restore.deletes_still:
        text = _("What was due to be deleted came back, and is not deleted yet: no agency signs in.")
        remedy = _("Start the exchange-worker and the desk-worker.")
        yield Sign("restore", _("Restore"), DANGER, text, remedy, _look_again())
    if waiting:
        text = ngettext(
            "%(n)d agency has not gone through it yet: %(names)s",
            "%(n)d agencies have not gone through it yet: %(names)s",
            len(waiting),
        ) % {"n": len(waiting), "names": ", ".join(waiting)}
        remedy = _("Only their admins sign in. Call them; where there is none, enrol one.")
        yield Sign("restore", _("Restore"), WARN, text, remedy)


def _last_ones(entries: Collection[Entry]) -> Iterator[Sign]:
    """Yield the sign of essential roles that only one person has; none where each has two."""
    if found := last_ones(one.agency for one in entries if one.has_admin):
        called = {one.agency.pk: one.agency.name for one in entries}
        names = ", ".join(
            f"{one.role.label} ({called[one.agency_id]})" if one.agency_id else str(one.role.label)
            for one in found[:5]
        )
        text = ngettext(
            "%(n)d role has one person alone: %(names)s.",
            "%(n)d roles have one person alone: %(names)s.",
            len(found),
        ) % {"n": len(found), "names": names}
        remedy = _("Name a second one: once the last is gone, only the agency's root lets anybody in.")
        yield Sign(LAST_ONES, _("Second persons"), WARN, text, remedy)
