# SPDX-License-Identifier: Apache-2.0
"""Import this into a process of an own desk to end it at the write that `KILL_CONTROL` names (`devtool.writepoints`)."""

import os
from pathlib import Path

from devtool.writepoints import CONTROL, FOLDERS, Killer, file_writes, note_database, note_exchange

_killer = Killer(Path(os.environ[CONTROL]))
_files = file_writes(tuple(map(Path, os.environ[FOLDERS].split(":"))), _killer)
_files.__enter__()
note_database(_killer)
note_exchange(_killer)
