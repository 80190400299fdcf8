# SPDX-License-Identifier: Apache-2.0
"""The mail sink in a process of its own: `python -m benchmarks._sink FOLDER` prints its address, ends with its input."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtool.environments import ROOT
from devtool.mailsink import MailSink


@contextmanager
def mail_sink() -> Iterator[str]:
    """Run the sink; yield its address, as `EMAIL_URL`."""
    with tempfile.TemporaryDirectory(prefix="accord-sink-") as folder:
        command = [sys.executable, "-m", "benchmarks._sink", folder]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as sink:
            assert sink.stdout is not None
            assert sink.stdin is not None
            try:
                yield sink.stdout.readline().strip()
            finally:
                sink.stdin.close()


def main() -> None:
    sink = MailSink(Path(sys.argv[1]))
    sink.start()
    print(sink.url, flush=True)
    sys.stdin.read()
    sink.stop()


if __name__ == "__main__":
    main()
