# SPDX-License-Identifier: Apache-2.0
"""What a partner installs: the envelope, the client library and the `accord` command."""
