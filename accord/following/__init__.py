# SPDX-License-Identifier: Apache-2.0
"""Following the exchange: what it gives is verified and kept here, the same way for the command and for a desk.

A package of its own, above `accord.calls` (which believes nothing) and below whoever uses it: the command keeps its
memory in one file and its keys in another, a desk keeps rows of many agencies and has a vault. Both stand behind the
ports (`accord.following.ports`), so that one verification is written once. Nothing here can open or sign, and nothing
here knows a home folder, a state file or a database.
"""
