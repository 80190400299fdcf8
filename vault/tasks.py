# SPDX-License-Identifier: Apache-2.0
"""Periodic tasks of the vault; only roles that hold the key ring have them."""

from celery import shared_task

from callers import clock
from vault import instances, outgoing, suspending
from vault.exchangekeys import renew_exchange_keys
from vault.proposing import forget_proposals


@shared_task(name="vault.forget_proposals", queue="desk")
def forget_old_proposals() -> None:
    forget_proposals(now=clock.now())


@shared_task(name="vault.renew_exchange_keys", queue="desk")
def renew_keys_at_exchange() -> None:
    renew_exchange_keys(now=clock.now())


@shared_task(name=instances.ANNOUNCE_TASK, queue="desk")
def announce_instances() -> None:
    instances.announce_held(now=clock.now())


@shared_task(name="vault.send_key_statements", queue="desk")
def send_key_statements() -> None:
    """Hand in what waits for the exchange: keysets, revocations, suspensions."""
    now = clock.now()
    suspending.tell_suspensions(now=now)
    outgoing.send_waiting(now=now)


@shared_task(name="vault.give_again", queue="desk")
def give_keys_again() -> None:
    """Hand in again, at a restored exchange, what it has lost of the agencies' own keys."""
    outgoing.give_all_again()
