# SPDX-License-Identifier: Apache-2.0
"""The client library: the acts of an agency that holds its own keys, without a terminal."""
