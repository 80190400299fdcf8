# SPDX-License-Identifier: Apache-2.0
"""A desk's certificate: made for its names, renewed before it ends; an agency's own one is checked before it serves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from devtool.errors import DevtoolError
from devtool.owndesk.certificates import LIVES, given_certificate, made_certificate

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOST = "desk.agency.example"


def _read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_it_is_made_for_the_host_and_this_machine_and_vouches_for_nothing_else(tmp_path: Path) -> None:
    made = made_certificate(tmp_path, HOST, NOW)
    found = _read(made.path)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST, "localhost"]
    assert [str(number) for number in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert found.not_valid_after_utc - found.not_valid_before_utc == LIVES
    assert found.not_valid_before_utc <= NOW
    assert made.key_path.stat().st_mode & 0o777 == 0o600
    assert len(made.fingerprint.split(":")) == 32


def test_the_next_start_finds_it_again(tmp_path: Path) -> None:
    first = made_certificate(tmp_path, HOST, NOW)
    assert made_certificate(tmp_path, HOST, NOW + LIVES - timedelta(days=32)) == first


@pytest.mark.parametrize(
    ("host", "later"),
    [(HOST, LIVES - timedelta(days=30)), (HOST, LIVES + timedelta(days=1)), ("other.example", timedelta(0))],
    ids=["it ends within 30 days", "it has ended", "the desk has another name"],
)
def test_it_is_made_again_where_it_would_not_serve(host: str, later: timedelta, tmp_path: Path) -> None:
    first = made_certificate(tmp_path, HOST, NOW)
    second = made_certificate(tmp_path, host, NOW + later)
    assert second.fingerprint != first.fingerprint
    assert second.ends > NOW + later + timedelta(days=390)


def test_one_whose_key_fits_no_more_is_made_again(tmp_path: Path) -> None:
    first = made_certificate(tmp_path, HOST, NOW)
    _of_another(first.path, first.key_path)
    assert made_certificate(tmp_path, HOST, NOW).fingerprint != first.fingerprint


def test_the_agencys_own_is_taken_with_its_end(tmp_path: Path) -> None:
    made = made_certificate(tmp_path, HOST, NOW)
    given = given_certificate(made.path, made.key_path, HOST, NOW)
    assert given.ends == NOW - timedelta(hours=1) + LIVES
    assert not given.ends_soon(NOW)
    assert given.ends_soon(given.ends - timedelta(days=29))


def _rewritten(key_path: Path, form: PrivateFormat, lock: KeySerializationEncryption) -> None:
    key = load_pem_private_key(key_path.read_bytes(), password=None)
    key_path.write_bytes(key.private_bytes(Encoding.PEM, form, lock))


def _of_another(certificate: Path, key: Path) -> None:
    folder = certificate.parent / "other"
    folder.mkdir()
    key.write_bytes(made_certificate(folder, HOST, NOW).key_path.read_bytes())


UNFIT: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "a key of another certificate": (_of_another, "does not belong to the certificate"),
    "a key that everybody may read": (lambda _, key: key.chmod(0o644), "Everybody on this machine may read"),
    "a locked key": (
        lambda _, key: _rewritten(key, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")),
        "is locked by a passphrase",
    ),
    "a key in an older form": (
        lambda _, key: _rewritten(key, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "has an older form",
    ),
    "no key": (lambda _, key: key.write_text("words"), "holds no private key"),
    "no certificate": (lambda certificate, _: certificate.write_text("words"), "holds no certificate"),
}


@pytest.mark.parametrize("case", sorted(UNFIT))
def test_what_would_not_serve_is_refused_with_a_way_out(case: str, tmp_path: Path) -> None:
    spoil, words = UNFIT[case]
    made = made_certificate(tmp_path, HOST, NOW)
    spoil(made.path, made.key_path)
    with pytest.raises(DevtoolError, match=words) as refusal:
        given_certificate(made.path, made.key_path, HOST, NOW)
    assert refusal.value.remedy


def test_one_for_another_host_or_another_time_is_refused(tmp_path: Path) -> None:
    made = made_certificate(tmp_path, HOST, NOW)
    with pytest.raises(
        DevtoolError, match=r"is for desk\.agency\.example, localhost, not for other\.example"
    ):
        given_certificate(made.path, made.key_path, "other.example", NOW)
    for moment in (NOW + LIVES, NOW - timedelta(days=2)):
        with pytest.raises(DevtoolError, match="counts from 30 Nov 2026 to 1 Jan 2028, not now"):
            given_certificate(made.path, made.key_path, HOST, moment)


@pytest.mark.parametrize(
    ("host", "is_named"),
    [("desk.agency.example", True), ("agency.example", False), ("a.desk.agency.example", False)],
)
def test_a_star_stands_for_one_label(host: str, is_named: bool, tmp_path: Path) -> None:
    made = made_certificate(tmp_path, "*.agency.example", NOW)
    if is_named:
        assert given_certificate(made.path, made.key_path, host, NOW) == made
    else:
        with pytest.raises(DevtoolError, match="not for"):
            given_certificate(made.path, made.key_path, host, NOW)
