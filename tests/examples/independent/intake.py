# SPDX-License-Identifier: Apache-2.0
"""Intake at an exchange: submissions (5.6) and releases (9.3), without policy and replay."""

from __future__ import annotations

from typing import Any

from tests.examples.independent import forms, jws, ledger, sealing
from tests.examples.independent.chain import Release, check_inner, check_open
from tests.examples.independent.directory import newest_key
from tests.examples.independent.encoding import array, parse_text, tobase64
from tests.examples.independent.judging import World, judge_submitted, take_statement
from tests.examples.independent.opening import MANIFEST, RELEASE
from tests.examples.independent.refusal import Refused, need
from tests.examples.independent.statements import payload_form

SUBMISSION_LIMIT = 1_572_864


def submission(
    world: World, manifest_text: str, jwe_text: str, blobs: list[dict[str, Any]], caller: str
) -> dict[str, Any]:
    """Make steps 1 to 6 of 5.6; return md and the recipients."""
    octets = (manifest_text + jwe_text).encode("utf-8", "surrogatepass")
    need(len(octets) <= SUBMISSION_LIMIT, "too-large")
    signed = jws.text_submitted(manifest_text, jws.MANIFEST_LIMIT)
    manifest = forms.manifest(signed.payload)
    signed.require_typ(MANIFEST)
    suite = manifest["suite"]
    jwe = sealing.jwe_form(parse_text(jwe_text, SUBMISSION_LIMIT), sealing.ENVELOPE, 501)
    entries = [sealing.entry_form(entry, suite) for entry in jwe["recipients"]]
    need(manifest["iss"] == caller, "issuer-differs")
    judge_submitted(world, manifest, signed)
    need(world.now < manifest["exp"], "expired")
    need(sealing.associated(manifest) == jwe["aad"], "aad-differs")
    need(sealing.sealed_digest(jwe) == manifest["ct"], "ct-differs")
    holders = [_owner(world, entry["header"]["kid"]) for entry in entries]
    need(holders == sorted(set(holders)) and len(holders) == manifest["rn"], "recipients-differ")
    need(manifest["iss"] in holders, "recipients-differ")
    need(_root(holders, entries) == manifest["rr"], "recipients-differ")
    announced = [{"sha256": att["sha256"], "len": att["len"]} for att in manifest["att"]]
    need(announced == blobs, "blob-differs")
    _check_newest(world, suite, manifest["tlp"], holders, entries)
    return {"md": signed.od(MANIFEST), "recipients": [name for name in holders if name != manifest["iss"]]}


def _owner(world: World, kid: str) -> str:
    """Find the agency of an encryption key of any state."""
    for name, agency in world.agencies.items():
        for held in agency.held:
            row = held.keyset.row(kid)
            if row is not None and row.use == "enc":
                return name
    raise Refused("recipients-differ")


def _root(holders: list[str], entries: list[dict[str, Any]]) -> str:
    leaves = [
        ledger.leaf_hash(sealing.entry_leaf(name, entry))
        for name, entry in zip(holders, entries, strict=True)
    ]
    return tobase64(ledger.root_of(leaves))


def _check_newest(
    world: World, suite: str, tlp: str, holders: list[str], entries: list[dict[str, Any]]
) -> None:
    for name, entry in zip(holders, entries, strict=True):
        key = newest_key(world.agencies[name], suite, world.now, world.suspended)
        if key is None or key.kid != entry["header"]["kid"]:
            raise Refused("keyset-stale")
        if suite == "EC1":
            need(entry["header"]["epk"]["crv"] == key.kind, "recipients-differ")
        if tlp == "RED":
            held_by = world.in_force(name, world.now).custody
            need(held_by == "agency", "red-needs-agency-held-keys")


def release(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Make the checks of section 9.3; return od and the recipients."""
    manifest_jws = jws.text_submitted(given["manifest"], jws.MANIFEST_LIMIT)
    manifest, md = forms.manifest(manifest_jws.payload), manifest_jws.od(MANIFEST)
    new = _take_release(world, given["release"], given["caller"])
    need(not given.get("retracted"), "retracted")
    need(world.now < manifest["exp"], "expired")
    need(not given.get("repudiated"), "repudiated")
    chain = [*map(_known_release, given["via"]), new]
    check_open(manifest, md, chain, world.now, set(given.get("withdrawn", [])))
    check_inner(manifest, chain, set(given["audience"]))
    aud, suite = new.body["aud"], manifest["suite"]
    entries = [sealing.entry_form(entry, suite) for entry in _entries(given["entries"])]
    need(len(entries) == len(aud), "recipients-differ")
    need([_owner(world, entry["header"]["kid"]) for entry in entries] == aud, "recipients-differ")
    need(_root(aud, entries) == new.body["rr"], "recipients-differ")
    _check_newest(world, suite, manifest["tlp"], aud, entries)
    return {"od": new.od, "agencies": aud}


def _entries(text: str) -> list[Any]:
    return array(parse_text(text, SUBMISSION_LIMIT), 1, 500)


def _take_release(world: World, text: str, caller: str) -> Release:
    said, od = take_statement(world, text, caller)
    need(said["k"] == "release", "wrong-typ")
    return Release(said, od)


def _known_release(text: str) -> Release:
    signed = jws.text_submitted(text, jws.RELEASE_LIMIT)
    return Release(payload_form(signed.payload, "release"), signed.od(RELEASE))
