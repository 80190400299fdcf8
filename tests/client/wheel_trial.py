# SPDX-License-Identifier: Apache-2.0
"""Program for a bare interpreter with the wheel and without this checkout: import every module, run every self-test."""

import importlib
import importlib.metadata
import json
import pkgutil
import sys

import accord
from accord.envelope.selftest import run_primitives
from accord.envelope.selftest_opening import run_seal_and_open


def every_module() -> list[str]:
    """Import every module, so that a need for a package that partners lack is found."""
    names = [found.name for found in pkgutil.walk_packages(accord.__path__, "accord.")]
    for name in names:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    return names


def main() -> None:
    names = every_module()
    run_primitives()
    run_seal_and_open()
    told = {
        "modules": len(names),
        "from": accord.__path__[0],
        "python": list(sys.version_info[:2]),
        "version": importlib.metadata.version("accord-client"),
        "foreign": sorted({name.partition(".")[0] for name in sys.modules} & {"django", "celery", "hub"}),
        "distributions": sorted(found.name for found in importlib.metadata.distributions()),
    }
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main()
