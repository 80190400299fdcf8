# SPDX-License-Identifier: Apache-2.0
"""The client library: what an agency that holds its own keys does, without a terminal."""
