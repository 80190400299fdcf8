# SPDX-License-Identifier: Apache-2.0
"""One module a suite: how a content key is wrapped for one recipient."""
