# SPDX-License-Identifier: Apache-2.0
"""A second reader of the envelope, written from `docs/spec/envelope.md` and the test kit alone.

- It shares no line with the project; it imports the standard library and `cryptography` alone.
- It refuses an input with `refusal.Refused`, which carries the stage and the word of section 11 of the page.
- `kit.run` runs a case of the kit.
"""
