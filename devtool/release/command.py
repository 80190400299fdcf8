# SPDX-License-Identifier: Apache-2.0
"""`./dev release`: make, sign, verify, keygen, bundle. Only `bundle` fetches anything, and nothing is ever installed."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from accord.version import VERSION
from devtool.errors import DevtoolError
from devtool.release.bundle import SOURCE, make_bundle, version_of_source
from devtool.release.contents import NOTE, UPGRADES_FROM, Contents, Version, list_files
from devtool.release.signing import PINNED, make_key, pinned_keys, sign, verify, write_note


def run_release(arguments: list[str]) -> int:
    """Run the verb; return the exit status."""
    options = _parser().parse_args(arguments)
    _VERBS[options.verb](options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev release")
    verbs = parser.add_subparsers(dest="verb", required=True)
    bundle = verbs.add_parser(
        "bundle", help="gather all that a machine without a network needs for this commit"
    )
    make = verbs.add_parser("make", help="list and hash what lies in a folder; writes the unsigned note")
    make.add_argument("--upgrades-from", default=UPGRADES_FROM, metavar="VERSION", help=f"({UPGRADES_FROM})")
    signing = verbs.add_parser("sign", help="add one signature, if the note fits the folder")
    signing.add_argument("--key-file", type=Path, required=True, metavar="KEY", help="a release key")
    verifying = verbs.add_parser(
        "verify", help="without a network: every file, two pinned signatures, the version"
    )
    verifying.add_argument(
        "--keys", type=Path, default=PINNED, metavar="FILE", help="verifier keys (deploy/release-keys)"
    )
    verifying.add_argument(
        "--first", action="store_true", help="nothing is installed yet: compare no versions"
    )
    for verb in (bundle, make, signing, verifying):
        verb.add_argument("folder", type=Path)
    keygen = verbs.add_parser("keygen", help="draw a release key; prints its verifier key")
    keygen.add_argument("name", help="who holds it, such as anna.agency.example")
    keygen.add_argument(
        "--key-file", type=Path, required=True, metavar="KEY", help="where to put it (mode 600)"
    )
    return parser


def _bundle(options: argparse.Namespace) -> None:
    make_bundle(options.folder)
    print(f"Next: ./dev release make {options.folder}")


def _make(options: argparse.Namespace) -> None:
    files = list_files(options.folder)
    if not files:
        raise DevtoolError(
            f"{options.folder} holds no file.", "Make a bundle first: ./dev release bundle FOLDER"
        )
    source = options.folder / SOURCE
    version = version_of_source(source) if source.exists() else Version.parse(VERSION)
    contents = Contents(version, datetime.now(UTC).date(), Version.parse(options.upgrades_from), files)
    write_note(options.folder, contents)
    print(f"{options.folder / NOTE} is written, not signed:")
    _say(contents)


def _sign(options: argparse.Namespace) -> None:
    contents, name = sign(options.folder, options.key_file)
    print(f"Signed by {name}:")
    _say(contents)


def _verify(options: argparse.Namespace) -> None:
    installed = None if options.first else Version.parse(VERSION)
    contents, signers = verify(options.folder, pinned_keys(options.keys), installed=installed)
    print(f"Verified. Signed by {' and '.join(signers)}, whose keys stand in {options.keys}:")
    _say(contents)
    print(
        "Nothing is installed here yet: versions were not compared."
        if installed is None
        else f"It is newer than what is installed here ({installed}), which it upgrades."
    )
    print('Nothing was installed. How it goes on: docs/own-desk.md, "Upgrading".')


def _keygen(options: argparse.Namespace) -> None:
    print(make_key(options.name, options.key_file))


def _say(contents: Contents) -> None:
    """Print in words what is or was signed."""
    print(
        f"  accord-hub {contents.version} of {contents.day:%-d %b %Y}, upgrades from {contents.upgrades_from} on"
    )
    print(
        f"  {len(contents.files)} files, {contents.size / 1e6:.1f} MB: all are there, none more, each as it was hashed"
    )
    source = next((file for file in contents.files if file.path == SOURCE), None)
    if source is not None:
        print(f"  SHA-256 of {SOURCE}: {source.sha256}")


_VERBS: Final[dict[str, Callable[[argparse.Namespace], None]]] = {
    "bundle": _bundle,
    "make": _make,
    "sign": _sign,
    "verify": _verify,
    "keygen": _keygen,
}
