# SPDX-License-Identifier: Apache-2.0
"""`./dev release`: releases that two people sign and an agency verifies without a network, and the bundle they are made of."""
