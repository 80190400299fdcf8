# SPDX-License-Identifier: Apache-2.0
"""Limits on a structure that is read: generous for any substance of casework, narrow for an attack."""

from typing import Final

MAX_TEXT_CHARS: Final = 256 * 1024
"""A MOL or SDF block; 999 atoms with their bonds need half of it."""
MAX_LINE_CHARS: Final = 2_000
"""A SMILES; also any line of a MOL block."""
MAX_INCHI_CHARS: Final = 4_000
MAX_ATOMS: Final = 300
"""Heavy atoms, all components together."""
MAX_ALL_ATOMS: Final = 999
"""Atoms as written, hydrogens included."""
MAX_RINGS: Final = 60
MAX_COMPONENTS: Final = 12
MAX_HYDROGENS: Final = 6
"""Hydrogens on one atom, as written."""
