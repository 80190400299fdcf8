# SPDX-License-Identifier: Apache-2.0
"""The `accord` command: the client library at a terminal."""
