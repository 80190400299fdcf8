# SPDX-License-Identifier: Apache-2.0
"""Base of the exchange's commands: the operator for whom they act."""

from argparse import ArgumentParser
from dataclasses import dataclass

from django.core.management.base import CommandError

from agencies.models import Agency
from callers.capabilities import OPERATES, Capability
from operators.models import Operator


@dataclass(frozen=True)
class OnTheMachine:
    """An operator named by somebody with a shell on the exchange: no passkey is asked for, nor need there be one yet."""

    audit_name: str
    capabilities: frozenset[Capability] = OPERATES
    agency_id: None = None
    public_id: None = None
    tlp_ceiling: None = None


def add_acting_operator(parser: ArgumentParser) -> None:
    """Add the argument that names, for the audit, who acts."""
    parser.add_argument(
        "--by", required=True, metavar="NAME", help="your name among the operators, named in the audit"
    )


def acting_operator(name: str) -> OnTheMachine:
    """Return the operator of this name, invited and not ended; raise CommandError."""
    operator = Operator.objects.filter(name=name.strip(), ended_at=None).first()
    if operator is None:
        raise CommandError(f"No operator is called {name}. Make one with invite_operator.")
    return OnTheMachine(operator.audit_name)


def agency_of(agency_id: str) -> Agency:
    """Return the agency of an id; raise CommandError."""
    agency = Agency.objects.filter(pk=agency_id).first()
    if agency is None:
        raise CommandError(f"There is no agency {agency_id}.")
    return agency
