# SPDX-License-Identifier: Apache-2.0
"""Statements of other agencies in words, for lists."""

from __future__ import annotations

from accord.agreements import ACCEPT, AGREEMENT, LEAVE
from accord.cli.showing import plain
from accord.envelope.releases import RELEASE, UNRELEASE
from accord.following.records import StatementRecord
from accord.suspensions import RESUME, SUSPEND


def said_in_words(said: StatementRecord) -> str:
    """Return what another agency states, in one phrase."""
    if said.k in (SUSPEND, RESUME):
        verb = "suspends" if said.k == SUSPEND else "resumes"
        return f"{plain(said.iss)} {verb} {plain(', '.join(said.body['lanes']))} with your agency"
    if said.k == AGREEMENT:
        return f"{plain(said.iss)} proposes version {said.body['ver']} of {said.body['ref']}"
    if said.k in (ACCEPT, LEAVE):
        verb = {"accept": "accepts", "refuse": "refuses"}.get(said.body.get("st", ""), "leaves")
        return f"{plain(said.iss)} {verb} the agreement {said.about}"
    if said.k == RELEASE:
        aud = plain(", ".join(said.body["aud"]))
        urgent = " in an emergency" if said.body["code"] == "emergency" else ""
        return f"{plain(said.iss)} releases your alert {said.about} to {aud}{urgent}"
    if said.k == UNRELEASE:
        return f"{plain(said.iss)} ends the release {said.about}"
    return f"{said.body.get('st') or said.body.get('code') or ''} about {said.about}"
