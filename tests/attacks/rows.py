# SPDX-License-Identifier: Apache-2.0
"""The tests that mount each attack in the table "What each attack meets" of docs/spec/envelope.md.

The titles are those of the table's first column; `tests/attacks/test_every_row.py` compares the two, both ways.
"""

RECIPIENT, CARRIER, SENDER = "test_by_a_recipient.py", "test_by_a_carrier.py", "test_by_a_sender.py"
THIEF, LEDGER, WEAK = "test_by_a_thief.py", "test_by_the_ledger.py", "test_by_a_weak_key.py"
EXCHANGE, STORE, DESK = "hub/test_at_the_exchange.py", "hub/test_at_the_store.py", "hub/test_at_the_desk.py"

Test = tuple[str, str]
"""File below tests/attacks/, and function."""

ROWS: dict[str, list[Test]] = {
    "a recipient encrypts a signed alert again for a third agency": [
        (RECIPIENT, "test_reencrypting_to_a_third_agency"),
        (RECIPIENT, "test_handing_the_content_key_to_a_third_agency"),
    ],
    "a signature stripped, or replaced by one's own": [
        (CARRIER, "test_stripping_a_signature"),
        (CARRIER, "test_replacing_a_signature_by_ones_own"),
    ],
    "an alert claimed as one's own": [(RECIPIENT, "test_claiming_an_alert")],
    "entry, ciphertext or blob moved to another envelope": [
        (CARRIER, "test_moving_an_entry"),
        (CARRIER, "test_moving_a_ciphertext"),
        (CARRIER, "test_moving_a_blob"),
        (RECIPIENT, "test_moving_an_attachment"),
        (SENDER, "test_saying_different_things_outside_and_inside"),
    ],
    "recipients added or removed": [
        (CARRIER, "test_adding_a_recipient"),
        (CARRIER, "test_removing_a_recipient"),
        (SENDER, "test_giving_a_recipient_an_entry_that_does_not_open"),
    ],
    "keys substituted or rolled back by the hub": [
        (CARRIER, "test_substituting_keys"),
        (CARRIER, "test_rolling_back_a_keyset"),
        (CARRIER, "test_serving_expired_keys"),
        (CARRIER, "test_forking_a_chain_of_keysets"),
    ],
    "a thief of the root names its successor": [(THIEF, "test_thief_of_the_root_names_its_successor")],
    "a thief of the next root hurries, or revokes what it does not hold": [
        (THIEF, "test_thief_of_the_next_root_hurries"),
        (THIEF, "test_revoking_another_agencys_key"),
    ],
    "replay, an older version": [
        (CARRIER, "test_replaying_an_envelope"),
        (EXCHANGE, "test_replaying_an_envelope"),
    ],
    "downgrade, algorithm confusion": [
        (CARRIER, "test_confusing_the_algorithm"),
        (CARRIER, "test_confusing_the_wrapping"),
        (CARRIER, "test_downgrading_an_agency"),
    ],
    "one object passed off as another": [
        (RECIPIENT, "test_passing_one_object_off_as_another"),
        (THIEF, "test_using_a_key_of_another_agency_or_use"),
    ],
    "parsers that read differently, malleable encodings": [
        (CARRIER, "test_feeding_parsers_that_read_differently"),
        (CARRIER, "test_spelling_one_envelope_as_two"),
    ],
    "two contents under one ciphertext (GCM does not commit to its key)": [
        (SENDER, "test_sealing_two_contents_under_one_ciphertext"),
        (RECIPIENT, "test_framing_the_originator"),
    ],
    "a signature dated back, a split or forked ledger": [
        (SENDER, "test_backdating_a_signature"),
        (LEDGER, "test_splitting_the_view"),
        (LEDGER, "test_showing_peers_different_histories"),
        (LEDGER, "test_backdating_an_entry"),
        (LEDGER, "test_logging_one_object_twice"),
        (LEDGER, "test_dropping_a_leaf_that_was_receipted"),
        (STORE, "test_splitting_the_view"),
    ],
    "a revocation dated back to deny one's word": [
        (SENDER, "test_backdating_a_revocation"),
        (SENDER, "test_reaffirming_with_the_revoked_key"),
        (SENDER, "test_revoking_from_tomorrow"),
        (SENDER, "test_loosening_a_since"),
    ],
    "keys that verify or decrypt for everybody": [
        (WEAK, "test_registering_a_key_that_verifies_everything"),
        (WEAK, "test_sealing_to_a_point_that_opens_for_everybody"),
    ],
    "content guessed from digests": [(CARRIER, "test_guessing_content_from_digests")],
    "a decryption oracle": [
        (RECIPIENT, "test_using_the_reader_as_an_oracle"),
        (RECIPIENT, "test_opening_an_envelope_through_a_challenge"),
    ],
    "expensive input": [
        (CARRIER, "test_exhausting_the_exchange_with_hybrid_entries"),
        (EXCHANGE, "test_exhausting_the_exchange_with_hybrid_entries"),
        (DESK, "test_sending_what_never_opens"),
    ],
    "an envelope dropped or held back": [
        (CARRIER, "test_dropping_an_envelope"),
        (EXCHANGE, "test_dropping_an_envelope"),
    ],
    "a stolen signing key used in the agency's name": [
        (THIEF, "test_using_a_stolen_signing_key"),
        (EXCHANGE, "test_using_a_stolen_signing_key"),
    ],
    "a release widened, lengthened or used after its end": [
        (RECIPIENT, "test_widening_a_release"),
        (RECIPIENT, "test_adding_an_agency_to_a_release"),
        (RECIPIENT, "test_using_a_release_after_its_end"),
    ],
    "a proof of possession forged or used again": [
        (THIEF, "test_forging_a_proof_of_possession"),
        (THIEF, "test_replaying_a_proof_of_possession"),
        (STORE, "test_replaying_a_proof_of_possession"),
    ],
    "the database stolen (hub)": [
        (STORE, "test_stealing_the_database"),
        (STORE, "test_swapping_rows_of_the_stolen_database"),
    ],
    "an old backup restored (hub)": [(STORE, "test_restoring_an_old_backup")],
    "an agreement changed in mid-submission (hub)": [
        (EXCHANGE, "test_changing_an_agreement_in_mid_submission"),
        (EXCHANGE, "test_changing_an_agreement_before_the_number"),
    ],
}
