# SPDX-License-Identifier: Apache-2.0
"""A partner with its real home, and an exchange in memory that has a backlog for it.

Keysets are signed and logged; receipts and consistency proofs come from a tree that grows batch by batch, like the sequencer's.
Only the network and the hub's own work are left out.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from accord.calls.answers import FeedEntry, FeedPage, KeysetAnswer, SliceAnswer, StatementAnswer
from accord.client.client import Client
from accord.client.home import Home, create_keys
from accord.envelope.intake import parse_submission, verify_submission
from accord.envelope.keys import EC1, PQ1, PublicKey
from accord.envelope.keysets import KeyRow, Keyset, build_keyset_body, read_keyset
from accord.envelope.private import (
    LedgerKey,
    Root,
    SignerSet,
    generate_decryption_key,
    generate_signing_keys,
)
from accord.envelope.seal import Recipient, SealedEnvelope, seal
from accord.envelope.slices import build_slice
from accord.envelope.statements.form import make_statement, parse_statement
from accord.envelope.tree import merkle
from accord.envelope.tree.notes import Checkpoint
from accord.envelope.tree.receipts import LeafEntry, Receipt
from accord.following.records import KeysetRecord
from accord.keyfile import Argon2Cost
from accord.state import Pin, State
from benchmarks._agencies import DAY_SECS, NOW, Directory, HeldAgency, alert_of, new_jti, new_terms

SENDER, READER = "xa-alpha", "xb-bravo"
PASSPHRASE = "correct horse battery staple"
CHEAP = Argon2Cost(memory_kib=64, passes=1, lanes=1)
BATCH = 20
LOGGED_AT = NOW - DAY_SECS


class MemoryExchange:
    """The calls of the exchange that a watching client makes, and no others."""

    def __init__(self) -> None:
        self._key = LedgerKey.generate("ledger.example/log")
        self._hashes: list[bytes] = []
        self._keysets: dict[str, KeysetAnswer] = {}
        self._slices: dict[str, bytes] = {}
        self._feed: list[FeedEntry] = []

    @property
    def vkey(self) -> str:
        return self._key.vkey

    def log(self, leaves: Sequence[LeafEntry]) -> list[Receipt]:
        """Log one batch, as the sequencer does."""
        first = len(self._hashes)
        self._hashes += [merkle.leaf_hash(leaf.encode()) for leaf in leaves]
        checkpoint = Checkpoint(self._key.name, len(self._hashes), merkle.root_of(self._hashes))
        note = self._key.sign_note(checkpoint.text)
        paths = merkle.inclusion_paths(self._hashes)
        return [Receipt(leaf, first + n, tuple(paths[first + n]), note) for n, leaf in enumerate(leaves)]

    def publish(self, keyset: bytes, agency: str) -> Receipt:
        """Publish an agency's first keyset, logged."""
        leaf = LeafEntry(parse_statement(keyset).od, "keyset", LOGGED_AT, agency)
        (receipt,) = self.log([leaf])
        self._keysets[agency] = KeysetAnswer(keyset, receipt, ())
        return receipt

    def deliver(self, batch: Sequence[SealedEnvelope], directory: Directory) -> None:
        """Log a batch and put it into the reader's feed."""
        receipts = self.log([LeafEntry(sealed.md, "x", NOW) for sealed in batch])
        for sealed, receipt in zip(batch, receipts, strict=True):
            unverified = parse_submission(sealed.manifest, sealed.jwe, (), caller=SENDER)
            verified = verify_submission(unverified, directory=directory, now=NOW)
            entry = next(entry for entry in verified.entries if entry.agency == READER)
            self._slices[sealed.md] = build_slice(
                manifest=verified.manifest_bytes,
                jwe_head=verified.jwe_head,
                entry=entry.text,
                index=entry.index,
                path=verified.path(entry.index),
                receipts=[receipt.as_json()],
            )
            number = len(self._feed) + 1
            self._feed.append(
                FeedEntry(number, "envelope", sealed.md, SENDER, sealed.jti, f"7QK4-{number:04}")
            )

    def keyset(self, agency: str, version: int | None = None) -> KeysetAnswer | None:
        return self._keysets[agency]

    def slice(self, md: str) -> bytes:
        return self._slices[md]

    def slices(self, mds: Sequence[str]) -> list[SliceAnswer]:
        return [self._slices[md] for md in mds]

    def blob(self, md: str, n: int, size: int) -> Iterator[bytes]:
        return iter(())

    def statements_about(self, md: str) -> list[StatementAnswer]:
        return []

    def inbox(self, *, after: str, limit: int) -> FeedPage:
        number = int(after.rpartition(".")[2])
        return FeedPage(tuple(self._feed[number : number + limit]), len(self._feed))

    def wanted(self, ds: Sequence[str]) -> list[str]:
        return []

    def consistency(self, first: int, second: int) -> list[bytes]:
        return merkle.consistency_path(self._hashes[:second], first)

    def consistencies(self, pairs: Sequence[tuple[int, int]]) -> list[list[bytes] | None]:
        return [self.consistency(*pair) for pair in pairs]

    def handovers(self) -> list[str]:
        return []

    def hub_clock(self) -> int | None:
        return NOW

    def announce_instance(self, instance: str, *, software: str) -> None:
        """Accept the instance: nobody else holds the identity."""

    def close(self) -> None:
        """Do nothing: there is no connection."""


class Backlog:
    """A sender, the reader's home in `folder`, and `count` alerts of `suite` in its feed."""

    def __init__(self, folder: Path, suite: str, count: int) -> None:
        self.suite = suite
        self.exchange: Any = MemoryExchange()
        self._home = Home(folder / READER)
        create_keys(self._home.folder, PASSPHRASE, suites=(PQ1, EC1), now=LOGGED_AT, cost=CHEAP)
        self.signing_keys = generate_signing_keys(PQ1)
        self.reader, sender = self._found_reader(), self._found_sender()
        self.recipients = [self.reader]
        directory = Directory([sender, self.reader])
        self.sealed = [self._seal(sender) for _ in range(count)]
        for begin in range(0, count, BATCH):
            self.exchange.deliver(self.sealed[begin : begin + BATCH], directory)
        self.fresh_state = self._home.state_file.read_bytes()

    def client(self) -> Client:
        """Return a client that has read nothing of the feed yet."""
        self._home.state_file.write_bytes(self.fresh_state)
        self._home.watch_file.unlink(missing_ok=True)
        return Client(
            self._home.folder, PASSPHRASE, clock=lambda: NOW, connect=lambda hub, key: self.exchange
        )

    def _found_sender(self) -> HeldAgency:
        root, decryption = Root.generate(), {suite: generate_decryption_key(suite) for suite in (PQ1, EC1)}
        keys = [*(key.public for key in self.signing_keys), *(key.public for key in decryption.values())]
        keyset, _ = self._publish(SENDER, root, keys)
        with self._state_file().change() as state:
            state.pins[SENDER] = Pin(root.fingerprint, NOW)
        return HeldAgency(keyset, decryption)

    def _found_reader(self) -> HeldAgency:
        ring = self._home.open_keys(PASSPHRASE).ring
        assert isinstance(ring.root, Root)
        keyset, record = self._publish(READER, ring.root, [key.public for key in ring.keys])
        state = State(READER, "https://hub.example", [self.exchange.vkey], "key", enrolled=True)
        state.pins[READER] = Pin(ring.root.fingerprint, NOW)
        state.keysets[READER] = [record]
        self._state_file().create(state)
        return HeldAgency(keyset, {min(key.public.suites): key for key in ring.decryption})

    def _state_file(self) -> Any:
        return self._home.state(self._home.open_keys(PASSPHRASE).ring)

    def _publish(self, agency: str, root: Root, keys: Sequence[PublicKey]) -> tuple[Keyset, KeysetRecord]:
        jws = make_statement(
            "keyset",
            iss=agency,
            signer=root.signer,
            suite=PQ1,
            id=new_jti(),
            iat=LOGGED_AT,
            exp=LOGGED_AT + 90 * DAY_SECS,
            nonce=os.urandom(16),
            body=build_keyset_body(
                version=1,
                prev=None,
                root=root.public,
                nroot=Root.generate().fingerprint,
                custody="agency",
                low=EC1,
                rows=[KeyRow(key, LOGGED_AT, LOGGED_AT + 365 * DAY_SECS) for key in keys],
            ),
        )
        receipt = self.exchange.publish(jws, agency)
        record = KeysetRecord(1, jws.decode(), receipt.as_json(), LOGGED_AT, "same")
        return read_keyset(jws, log_time=LOGGED_AT), record

    def _seal(self, sender: HeldAgency) -> SealedEnvelope:
        signers = {PQ1: SignerSet(self.signing_keys), EC1: SignerSet(self.signing_keys[:1])}
        return seal(
            new_terms(),
            alert_of(1500),
            suite=self.suite,
            originator=Recipient(sender.keyset, sender.keyset.root_fingerprint),
            recipients=[Recipient(self.reader.keyset, self.reader.keyset.root_fingerprint)],
            signer=signers[self.suite],
            nonce=os.urandom(16),
            now=NOW,
            confirm_ec1=True,
        )
