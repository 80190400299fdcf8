# SPDX-License-Identifier: Apache-2.0
"""No key, passphrase or content in a repr, a text, an exception or a log, and no core file that could hold them."""

import base64
import dataclasses
import importlib
import json
import logging
import pkgutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import accord
from accord.cli.arguments.parser import build_parser
from accord.envelope.blobs import seal_blob
from accord.envelope.challenges import issue_challenge
from accord.envelope.content import Attachment, parse_inner, read_inner
from accord.envelope.encoding import b64u
from accord.envelope.errors import EnvelopeError, OpeningError
from accord.envelope.private import DecryptionKey, LedgerKey, SigningKey, private_key_from_bytes
from accord.envelope.standin import parse_inner_jws, stand_in_for
from accord.envelope.unseal import decrypt, open_attachment, open_challenge, unwrap
from accord.keyfile import Argon2Cost, KeyFile, write_key_file
from accord.keyring import encode_ring, generate_ring, operational_ring
from accord.state import State
from devtool.environments import ROOT
from tests.envelope.receiving import slice_for
from tests.envelope.world import World, make_agency, make_world

CANARY = "canary-7f3a91"
ALERT = {"schema": "accord-alert/1", "title": CANARY, "deep": [{"text": CANARY}]}
FILE = Attachment(f"{CANARY}.txt", "text/plain", CANARY.encode())
PASSPHRASE = f"{CANARY} horse battery"

# Octets that anybody may see: public keys, signatures, hashes, nonces of ciphers, unencrypted signed objects.
PUBLIC_OCTETS = {
    "KeysetAnswer.keyset", "StatementAnswer.jws", "EntryAnswer.statement", "ManifestAnswer.manifest", "ChallengeAnswer.sealed", "Challenge.nonce_digests",
    "ProposedKeyset.payload", "ProposedList.payload", "ProposedReopening.payload", "FingerprintList.roots", "_HalfSigned.data", "_HalfSigned.payload", "ProposedRevoke.payload", "Draft.payload", "SignedChange.jws", "Proposal.payload",
    "Proposal.previous", "OwnRoot.signed", "SpooledEnvelope.manifest", "SpooledEnvelope.jwe", "EnvelopeParts.manifest", "EnvelopeParts.jwe", "EnvelopeParts.blobs", "Answer.headers",
    "UnverifiedJwe.iv", "UnverifiedJwe.tag", "UnverifiedSignature.signature", "UnverifiedStatement.raw",
    "VerifierKey.public", "NoteSignature.key_id", "NoteSignature.signature", "Checkpoint.root", "Receipt.path",
    "_Sealed.head", "_Sealed.salt", "_Sealed.iv", "_Sealed.body", "Inner.shared", "Statement.body",
    "KeysetRecord.receipt", "State.seen", "RevocationRecord.receipt", "StatementRecord.body", "SaidOfLanes.body", "UnverifiedRelease.entries",
}  # fmt: skip
HOLDS_OCTETS = (
    "bytes",
    "bytearray",
    "Mapping[str, Any]",
    "dict[str, Any]",
    "Mapping[str, str]",
    "dict[str, str]",
)


def modules() -> list[str]:
    names = [found.name for found in pkgutil.walk_packages(accord.__path__, "accord.")]
    return [name for name in names if not name.endswith("__main__")]


def shown_octets() -> Iterator[str]:
    """Yield every field of a dataclass in `accord` that may hold octets or free objects and stands in its repr."""
    for name in modules():
        for member in vars(importlib.import_module(name)).values():
            if isinstance(member, type) and dataclasses.is_dataclass(member) and member.__module__ == name:
                for field in dataclasses.fields(member):
                    kind = field.type if isinstance(field.type, str) else str(field.type)
                    if field.repr and "Callable" not in kind and any(word in kind for word in HOLDS_OCTETS):
                        yield f"{member.__name__}.{field.name}"


def test_a_field_that_holds_octets_is_hidden_unless_it_is_known_to_be_public() -> None:
    assert sorted(set(shown_octets()) - PUBLIC_OCTETS) == []


def spellings(secret: bytes) -> set[str]:
    """Return the forms in which octets could be shown."""
    raw = {
        secret.hex(),
        b64u(secret),
        base64.b64encode(secret).decode(),
        str(secret)[2:-1],
        str(list(secret))[1:-1],
    }
    return {spelling for spelling in raw if len(spelling) > 8}


def refuse_shown(subject: object, *secrets: bytes) -> None:
    shown = [repr(subject), str(subject), f"{subject}", repr([subject]), repr({"x": subject})]
    for text in shown:
        assert CANARY not in text
        for secret in secrets:
            assert not [spelling for spelling in spellings(secret) if spelling in text]


@pytest.mark.parametrize("alg", ["Ed25519", "ES256", "ML-DSA-65"])
def test_signing_keys_show_their_kid_only(alg: str) -> None:
    key = SigningKey.generate(alg)
    refuse_shown(key, key.to_bytes(), key.to_bytes()[-32:])
    assert repr(key) == f"SigningKey({alg}, {key.public.kid})"


@pytest.mark.parametrize("alg", ["HPKE-9-KE", "X25519", "P-256"])
def test_decryption_keys_show_their_kid_only(alg: str) -> None:
    key = DecryptionKey.generate(alg)
    refuse_shown(key, key.to_bytes(), key.to_bytes()[-32:])
    assert repr(key) == f"DecryptionKey({key.public.alg}, {key.public.kid})"


def test_sets_roots_and_ledger_keys_show_public_halves_only() -> None:
    agency = make_agency("xs-sierra")
    stored = [part for root in (agency.root, agency.next_root) for part in root.to_bytes()]
    refuse_shown(agency.root, *stored)
    for signer in (*agency.signing.values(), agency.root.signer, agency.root.change_signer(agency.next_root)):
        refuse_shown(signer, *stored)
    ledger = LedgerKey.generate("ledger.example/log")
    refuse_shown(ledger, base64.b64decode(ledger.to_text()[-44:])[-32:])
    assert ledger.to_text() not in repr(ledger)


def test_rings_and_key_files_show_no_private_key(tmp_path: Path) -> None:
    for ring in (generate_ring(["PQ1", "EC1"], now=1)[0], operational_ring(["EC1"], now=1)):
        private = [key.to_bytes() for key in ring.keys]
        refuse_shown(ring, ring.state_key, *private)
        assert encode_ring(ring) not in repr(ring).encode()
    path = tmp_path / "keys.accord"
    write_key_file(path, ring, PASSPHRASE, cost=Argon2Cost(memory_kib=8, passes=1, lanes=1))
    refuse_shown(KeyFile.open(path, PASSPHRASE), *private)


def test_the_local_state_shows_no_api_key() -> None:
    refuse_shown(State("xa-alpha", "https://hub.example", [], CANARY))


def opened_parts(scene: World) -> Iterator[tuple[Any, tuple[bytes, ...]]]:
    """Yield everything that is made while an alert is sealed, carried and opened, with the secrets that it must not show."""
    sealed = scene.seal(alert=ALERT, attachments=[FILE])
    bravo = scene.others[0]
    carried = scene.intake(sealed)
    verified = scene.verify(scene.slice_of(carried, bravo.id), bravo.id)
    key = bravo.decryption[scene.suite]
    content_key = unwrap(verified.jwe.entries[0], key)
    inner_jws = decrypt(verified.jwe, content_key)
    jws = parse_inner_jws(inner_jws)
    opened = scene.open(slice_for(scene, sealed, bravo), bravo, blobs=sealed.blobs)
    file_key = opened.attachments[0].k
    secrets = (content_key, file_key, key.to_bytes(), CANARY.encode())
    yield from ((part, secrets) for part in (sealed, carried, verified, verified.jwe, jws, jws.signatures[0]))
    yield from ((part, secrets) for part in (opened, *opened.attachments, opened.manifest, FILE))
    yield from ((part, secrets) for part in (parse_inner(jws.payload), read_inner(jws.payload)))
    yield stand_in_for(verified), secrets
    blob = seal_blob(FILE.plain, opened.manifest.jti, 0)
    yield blob, (blob.key,)


def test_what_is_made_of_an_alert_shows_no_content_and_no_key(scene: World) -> None:
    for part, secrets in opened_parts(scene):
        refuse_shown(part, *secrets)


def test_a_challenge_shows_no_nonce() -> None:
    nonce = CANARY.ljust(32, "x").encode()
    key = DecryptionKey.generate("X25519")
    refuse_shown(issue_challenge("xa-alpha", [key.public], challenge=bytes(32), nonces=[nonce]), nonce)


def whole_text(failed: BaseException) -> str:
    """Return everything that a log would write of an exception and of those behind it."""
    texts = ["".join(traceback.format_exception(failed))]
    behind: BaseException | None = failed
    while behind is not None:
        texts += [
            repr(behind),
            str(behind),
            repr(behind.args),
            repr(vars(behind)),
            *getattr(behind, "__notes__", ()),
        ]
        behind = behind.__cause__ or behind.__context__
    return "\n".join(texts)


def refused(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(EnvelopeError) as failure:
        call(*arguments, **named)
    return whole_text(failure.value)


def test_refusals_carry_no_content_and_no_key(scene: World) -> None:
    sealed = scene.seal(alert=ALERT, attachments=[FILE])
    bravo, charlie = scene.others
    octets = slice_for(scene, sealed, bravo)
    verified = scene.verify(octets, bravo.id)
    key = bravo.decryption[scene.suite]
    opened = scene.open(octets, bravo, blobs=sealed.blobs)
    file = opened.attachments[0]
    bad = dataclasses.replace(file, k=bytes(32))
    inner = opened.inner_jws
    payload = parse_inner_jws(inner).payload
    texts = [
        refused(scene.open, octets, bravo),
        refused(scene.open, octets, bravo, blobs=sealed.blobs, seen=lambda iss, jti: "A" * 43),
        refused(unwrap, verified.jwe.entries[0], charlie.decryption[scene.suite]),
        refused(decrypt, verified.jwe, bytes(32)),
        refused(open_attachment, bad, opened.manifest.jti, sealed.blobs[0]),
        refused(open_attachment, file, "other", sealed.blobs[0]),
        refused(read_inner, payload + b" "),
        refused(read_inner, payload.replace(b'"tlp"', b'"tlq"')),
        refused(parse_inner_jws, inner + b"}"),
        refused(open_challenge, {"x": CANARY}, agency="xa-alpha", chal="A", key=key),
        refused(DecryptionKey.from_bytes, "X25519", key.to_bytes() + CANARY.encode()),
        refused(SigningKey.from_bytes, CANARY.encode()),
        refused(private_key_from_bytes, charlie.decryption[scene.suite].public, key.to_bytes()),
        refused(LedgerKey.from_text, f"PRIVATE+KEY+{CANARY}"),
    ]
    for text in texts:
        assert CANARY not in text
        for secret in (key.to_bytes(), file.k):
            assert not [spelling for spelling in spellings(secret) if spelling in text]


def test_a_refused_opening_brings_no_frame_of_where_it_failed(scene: World) -> None:
    """A log with the local variables of every frame would otherwise show what was decrypted before the refusal."""
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(alert=ALERT), bravo)
    with pytest.raises(OpeningError) as failure:
        scene.open(octets, bravo, seen=lambda iss, jti: "A" * 43)
    assert failure.value.__cause__ is None
    assert failure.value.__context__ is None
    functions = [frame.name for frame in traceback.extract_tb(failure.value.__traceback__)]
    assert functions[-2:] == ["open_alert", "raise_first"]


def test_nothing_is_logged_of_an_alert(scene: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in opened_parts(scene):
            pass
    assert CANARY not in caplog.text


def test_no_secret_is_an_argument_of_the_command() -> None:
    """Everyone on the machine can see arguments; secrets come from files, the environment or the keyboard."""
    words = ("passphrase", "password", "secret", "api-key", "token", "private", "seed")
    taking = [
        option
        for parser in all_parsers(build_parser())
        for action in parser._actions
        for option in (*action.option_strings, action.dest)
        if action.nargs != 0 and any(word in option for word in words)
    ]
    assert [option for option in taking if not option.endswith(("-file", "_file"))] == []


def all_parsers(parser: Any) -> Iterator[Any]:
    yield parser
    for action in parser._actions:
        choices = getattr(action, "choices", None)
        if isinstance(choices, dict):
            for inner in choices.values():
                yield from all_parsers(inner)


def test_the_client_forbids_core_files() -> None:
    code = (
        "import json, resource, sys; import accord.__main__ as program\n"
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]; resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
        "sys.argv = ['accord', '--help']; program.run()\n"
        "print(json.dumps(resource.getrlimit(resource.RLIMIT_CORE)))"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(outcome.stdout.splitlines()[-1]) == [0, 0]


@pytest.fixture(params=["PQ1", "EC1"])
def scene(request: pytest.FixtureRequest) -> World:
    """Alpha, bravo and charlie."""
    return make_world(request.param)
