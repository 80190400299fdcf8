# SPDX-License-Identifier: Apache-2.0
"""The life of an agency's own keys: list, renew, rotate, revoke; change and recover the root, keep it offline."""
