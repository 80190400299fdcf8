# SPDX-License-Identifier: Apache-2.0
"""One printed seed for all random data of a test run.

- `ACCORD_SEED` repeats a run; without it a new seed is drawn. The header and each FLAKY line name it.
- Each test draws from a stream of its own, made from the seed and the test's name: run alone, it draws the same.
- `os.urandom` itself is replaced, in the test process only, so that `secrets`, `uuid4` and the product's own nonces
  and identifiers follow. Keys and signatures that OpenSSL makes, and processes that a test starts, are not seeded.
"""

import os
import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import pytest

VARIABLE: Final = "ACCORD_SEED"

_stream = random.Random()  # noqa: S311 - test data


def seed_of_run() -> str:
    """Return the seed; parallel workers find their controller's in the environment."""
    return os.environ.setdefault(VARIABLE, os.urandom(6).hex())


def draw_as(name: str) -> None:
    """Begin the stream for `name`."""
    _stream.seed(f"{seed_of_run()} {name}")
    random.seed(f"{seed_of_run()} {name}")


@contextmanager
def drawn_as(name: str) -> Generator[None]:
    """Draw from the stream of `name` inside the block, and go on with the present one afterwards.

    What is built once a process and shared must not depend on which test came first.
    """
    stream, general = _stream.getstate(), random.getstate()
    draw_as(name)
    try:
        yield
    finally:
        _stream.setstate(stream)
        random.setstate(general)


def pytest_configure(config: pytest.Config) -> None:
    seed = seed_of_run()
    if config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(int(seed, 16)) if _is_hexadecimal(seed) else seed
    draw_as("start")
    # The module random keeps its own reference to `os.urandom`, which `secrets` uses.
    for module, name in ((os, "urandom"), (random, "_urandom")):
        setattr(module, name, _stream.randbytes)


def _is_hexadecimal(text: str) -> bool:
    return bool(text) and set(text) <= set("0123456789abcdef")


def pytest_report_header() -> str:
    return f"seed: {seed_of_run()} ({VARIABLE} repeats it)"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    draw_as(item.nodeid)
