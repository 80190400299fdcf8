# SPDX-License-Identifier: Apache-2.0
"""The package that a partner installs: the envelope, the client library and the `accord` command."""
