# SPDX-License-Identifier: Apache-2.0
"""Any chain of releases: exchange and reader agree with each other and with the page, read sentence by sentence."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.envelope.errors import EnvelopeError
from accord.envelope.jwe import leaf_hashes, recipients_root, wrap_for
from accord.envelope.keys import EC1, PQ1
from accord.envelope.reseal import ResealedEntries
from accord.envelope.statements.form import Statement, SubjectRef, make_statement, parse_statement
from accord.envelope.unseal import unwrap
from tests.envelope.releasing import DELTA, ECHO, FOXTROT, Chain, Released
from tests.envelope.world import (
    ALERT,
    NOW,
    MemoryLedger,
    known_agency,
    make_world,
    uuid7,
)

ORIGINATOR, AUDIENCE = "xa-alpha", ("xb-bravo", "xc-charlie")
NEW = (DELTA, ECHO, FOXTROT, "xg-golf")
POOL = (ORIGINATOR, *AUDIENCE, *NEW)
RELS = ("none", "originator", "recipients")
OTHER = "B" * 42 + "A"


@dataclass(frozen=True)
class Link:
    """A release as drawn: `parent` right, null or wrong; `later` seconds after the latest end that it may have."""

    issuer: str
    aud: tuple[str, ...]
    rel: str
    code: str | None
    parent: str
    later: int
    suite: str
    subject: str
    withdrawn: bool


@dataclass(frozen=True)
class Plan:
    """A manifest's `rel`, and releases of it."""

    rel: str
    links: tuple[Link, ...]


def subsets(agencies: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(agencies), min_size=1, max_size=3).map(lambda some: tuple(sorted(some)))


@st.composite
def allowed_links(draw: st.DrawFn, rel: str) -> list[Link]:
    """Draw a chain that the page allows under this `rel` of the manifest, perhaps with a rekey at its end."""
    depth = {"none": 0, "originator": 1, "recipients": draw(st.integers(0, 3))}[rel]
    rekey = depth == 0 or (depth < 3 and draw(st.booleans()))
    new = draw(st.permutations(NEW))
    chain: list[Link] = []
    for place in range(depth):
        holders = chain[-1].aud if chain else AUDIENCE
        first = ORIGINATOR if rel == "originator" else draw(st.sampled_from([ORIGINATOR, *AUDIENCE]))
        issuer = draw(st.sampled_from(holders)) if chain else first
        more = new[3:] if draw(st.booleans()) and place == depth - 1 else []
        chain.append(link_of(issuer, tuple(sorted([new[place], *more])), "right" if chain else "null"))
    if rekey:
        having = [*AUDIENCE, *(agency for link in chain for agency in link.aud)]
        again = link_of(ORIGINATOR, draw(subsets(having)), "null")
        chain.append(replace(again, code="rekey", rel=draw(st.sampled_from(RELS))))
    ends = draw(st.lists(st.sampled_from([-9, -1, 0]), min_size=len(chain), max_size=len(chain)))
    return [replace(link, later=later) for link, later in zip(chain, ends, strict=True)]


def link_of(issuer: str, aud: tuple[str, ...], parent: str) -> Link:
    return Link(issuer, aud, "recipients", None, parent, 0, EC1, "right", withdrawn=False)


CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "issuer": st.sampled_from(POOL),
    "aud": subsets(POOL),
    "rel": st.sampled_from(RELS),
    "code": st.sampled_from([None, "ask", "emergency", "rekey"]),
    "parent": st.sampled_from(["right", "null", "wrong"]),
    "later": st.integers(-2, 2),
    "suite": st.just(PQ1),
    "subject": st.sampled_from(["id", "d"]),
    "withdrawn": st.just(True),
}


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw an allowed chain with up to two changes: most results are forbidden, some still allowed."""
    rel = draw(st.sampled_from([*RELS, "recipients", "recipients"]))
    chain = draw(allowed_links(rel))
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
        place = draw(st.integers(0, len(chain) - 1))
        member = draw(st.sampled_from([*CHANGES, "twice", "gone", "moved"]))
        if member == "twice":
            chain.append(replace(chain[place], aud=draw(subsets(POOL)), parent="right"))
        elif member == "gone" and len(chain) > 1:
            chain.pop(place)
        elif member == "moved":
            chain.append(chain.pop(place))
        elif member in CHANGES:
            chain[place] = replace(chain[place], **{member: draw(CHANGES[member])})
    return Plan(draw(st.sampled_from([rel] * 9 + list(RELS))), tuple(chain[:4]))


class Stage:
    """The alert in EC1, its content key and its releases; nothing is checked in this class."""

    def __init__(self, rel: str) -> None:
        self.chain = Chain(replace(make_world(EC1)), rel)
        self.chain.world.directory.keysets["xg-golf"] = [known_agency("xg-golf").keyset]
        own = self.chain.verify(self.chain.slices[ORIGINATOR], ORIGINATOR)
        self.content_key = unwrap(own.jwe.entries[0], known_agency(ORIGINATOR).decryption[EC1])

    def fresh(self) -> Chain:
        """The chain under a ledger of its own, which no earlier example has lengthened."""
        self.chain.world.ledger = MemoryLedger()
        self.chain.receipts = [self.chain.world.ledger.log(self.chain.carried.md)]
        return self.chain

    def sign(self, plan: Plan) -> list[Released]:
        manifest = self.chain.carried.manifest
        via: list[Released] = []
        end = manifest.terms.keep
        before: str | None = None
        for place, link in enumerate(plan.links):
            right = SubjectRef("manifest", manifest.jti, manifest.md)
            others = {"right": right, "id": replace(right, id=uuid7(9)), "d": replace(right, d=OTHER)}
            end = end + link.later
            issuer = known_agency(link.issuer)
            entries = [
                wrap_for(EC1, known_agency(to).decryption[EC1].public, self.content_key) for to in link.aud
            ]
            rr = recipients_root(leaf_hashes(link.aud, entries))
            octets = make_statement(
                "release", iss=link.issuer, signer=issuer.signing[link.suite], suite=link.suite,
                id=uuid7(50 + place), iat=NOW, exp=end, nonce=bytes(16), sub=others[link.subject],
                body={
                    "parent": {"right": before, "null": None, "wrong": OTHER}[link.parent],
                    "aud": list(link.aud), "rn": len(link.aud), "rr": rr, "rel": link.rel,
                    "purpose": "prevent", "cond": [], "code": link.code,
                },
            )  # fmt: skip
            before = parse_statement(octets).od
            array = f"[{','.join(entries)}]".encode()
            via.append((octets, ResealedEntries(link.aud, len(link.aud), rr, array)))
        return via


def exchange_accepts(chain: Chain, via: Sequence[Released], gone: set[str]) -> bool:
    """Tell whether the exchange accepts each release in turn, after those before it."""
    try:
        for place, release in enumerate(via):
            chain.accept(release, via[:place], facts=chain.facts(withdrawn=gone))
    except EnvelopeError:
        return False
    return True


def reader_accepts(chain: Chain, via: Sequence[Released], gone: set[str], reader: str) -> bool:
    try:
        opened = chain.open(chain.slice(reader, via), reader, unreleased=gone)
    except EnvelopeError:
        return False
    assert opened.alert == ALERT
    return True


def page_allows(manifest_rel: str, keep: int, plan: Plan, said: Sequence[Statement]) -> bool:
    """Section 8, one line for each sentence; written without a look at the code."""
    rekeys = [link.code == "rekey" for link in plan.links]
    audiences = [set(link.aud) for link in plan.links]
    plain = [aud for aud, rekey in zip(audiences, rekeys, strict=True) if not rekey]
    pairs = list(itertools.pairwise(range(len(plan.links))))
    sentences = [
        len(plan.links) <= 3,
        all(link.suite == EC1 and link.subject == "right" for link in plan.links),
        all(release.exp is not None and release.exp <= keep for release in said),
        all(link.issuer not in link.aud and ORIGINATOR not in link.aud for link in plan.links),
        not any(link.withdrawn for link in plan.links),
        # Entitled issuers.
        manifest_rel != "none" or all(rekeys),
        manifest_rel != "originator" or all(link.issuer == ORIGINATOR for link in plan.links),
        all(link.issuer == ORIGINATOR for link, rekey in zip(plan.links, rekeys, strict=True) if rekey),
        plan.links[0].issuer in (ORIGINATOR, *AUDIENCE),
        said[0].body["parent"] is None,
        # Each release after the one before.
        all(
            (said[b].body["parent"] is None)
            if rekeys[b]
            else said[b].body["parent"] == said[a].od
            and plan.links[b].issuer in audiences[a]
            and plan.links[b].issuer != ORIGINATOR
            and plan.links[a].rel == "recipients"
            for a, b in pairs
        ),
        all((said[b].exp or 0) <= (said[a].exp or 0) for a, b in pairs),
        not any(rekeys[:-1]),
        # Allowed recipients.
        all(one.isdisjoint(other) for one, other in itertools.combinations([set(AUDIENCE), *plain], 2)),
        not rekeys[-1] or audiences[-1] <= set(AUDIENCE).union(*audiences[:-1]),
    ]
    return all(sentences)


def test_exchange_reader_and_page_agree_on_every_chain() -> None:
    stages, seen = {rel: Stage(rel) for rel in RELS}, set()

    @settings(max_examples=600, deadline=None, derandomize=True, database=None)
    @given(plan=plans())
    def agree(plan: Plan) -> None:
        stage = stages[plan.rel]
        chain, via = stage.fresh(), stage.sign(plan)
        said = [parse_statement(octets).statement for octets, _ in via]
        gone = {release.od for release, link in zip(said, plan.links, strict=True) if link.withdrawn}
        allowed = page_allows(plan.rel, chain.carried.manifest.terms.keep, plan, said)
        seen.add((len(via), allowed))
        assert exchange_accepts(chain, via, gone) is allowed
        for reader in plan.links[-1].aud:
            assert reader_accepts(chain, via, gone, reader) is allowed

    agree()
    # Were all chains refused, they would agree about nothing.
    assert seen == {(1, True), (1, False), (2, True), (2, False), (3, True), (3, False), (4, False)}
