# SPDX-License-Identifier: Apache-2.0
"""The entry behind `./dev`: one verb, its arguments, one clear sentence when something is wrong."""

import sys

from devtool.errors import DevtoolError, explain_os_error
from devtool.verbs import VERBS, print_help


def main(arguments: list[str]) -> int:
    name, *rest = arguments or ["help"]
    name = "help" if name in {"-h", "--help"} else name
    if name not in VERBS:
        print_help(sys.stderr)
        raise DevtoolError(f"There is no verb `{name}`.", "The verbs are listed above.")
    return VERBS[name].run(rest)


def _say(error: DevtoolError) -> int:
    print(f"{error.what}\n{error.remedy}".strip(), file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except DevtoolError as error:
        status = _say(error)
    except OSError as exc:
        status = _say(explain_os_error(exc))
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
