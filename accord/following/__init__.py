# SPDX-License-Identifier: Apache-2.0
"""Following the exchange: its answers are verified and stored, the same way for the command and for a desk.

A package of its own, above `accord.calls` (which trusts nothing) and below its users: the command keeps its memory in one file
and its keys in another, a desk keeps rows of many agencies and has a vault. Both implement the ports
(`accord.following.ports`), so that verification is written once. Nothing here can open or sign, and nothing here knows a home
folder, a state file or a database.
"""
