# SPDX-License-Identifier: Apache-2.0
"""Tasks that beat asks of the vault; only roles that hold the key ring have it."""

from celery import shared_task

from callers import clock
from vault import instances, outgoing, suspending
from vault.exchangekeys import renew_exchange_keys
from vault.proposing import forget_proposals


@shared_task(name="vault.forget_proposals", queue="desk")
def forget_old_proposals() -> None:
    """Removes proposals that nobody signed in time, with the keys drawn for them."""
    forget_proposals(now=clock.now())


@shared_task(name="vault.renew_exchange_keys", queue="desk")
def renew_keys_at_exchange() -> None:
    """Replaces the desk's API keys that end soon."""
    renew_exchange_keys(now=clock.now())


@shared_task(name=instances.BELL, queue="desk")
def announce_instances() -> None:
    """Tells the exchange for which agencies this desk works."""
    instances.announce_held(now=clock.now())


@shared_task(name="vault.send_words", queue="desk")
def send_words() -> None:
    """Hands in what waits for the exchange: keysets, revocations, suspensions."""
    now = clock.now()
    suspending.tell_suspensions(now=now)
    outgoing.send_waiting(now=now)


@shared_task(name="vault.give_again", queue="desk")
def give_keys_again() -> None:
    """Gives a restored exchange what it has lost of the agencies' own keys."""
    outgoing.give_all_again()
