# SPDX-License-Identifier: Apache-2.0
"""Drafts: permitted writers, two officers at once, and files."""

import pytest
from django.db import connection

from alerts.document.files import inert_media_type
from alerts.drafting.drafts import (
    attach_file,
    create_draft,
    discard_draft,
    read_attachment,
    read_draft,
    remove_attachment,
    save_revision,
)
from alerts.errors import AttachmentRefusedError, MoveRefusedError, RevisionConflictError
from alerts.models import Alert, AlertRevision
from callers.capabilities import Role
from callers.errors import AbsentError, InputError, NotPermittedError
from tests.alerts.conftest import GOOD, Desks
from vault.errors import SealBrokenError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


class TestCreating:
    def test_a_draft_starts_with_the_defaults_of_its_kind(self, desks: Desks) -> None:
        alert = create_draft(desks.lab.author, alert_type="harm_cluster", now=desks.hub.now)
        content = read_draft(desks.lab.author, alert)
        assert content.data["lane"] == content.data["purpose"] == "public_health"
        assert content.data["expiry"] == "2026-05-31" and content.data["review_date"] == "2029-03-02"
        assert (alert.state, alert.current, content.number) == ("draft", 1, 1)

    def test_an_unknown_field_is_refused_and_nothing_stays(self, desks: Desks) -> None:
        with pytest.raises(InputError):
            create_draft(desks.lab.author, data={"state": "released"}, now=desks.hub.now)
        assert not Alert.objects.exists()

    def test_readers_and_releasers_do_not_write(self, desks: Desks) -> None:
        for officer in (desks.lab.reader, desks.lab.releaser):
            with pytest.raises(NotPermittedError):
                create_draft(officer, data=dict(GOOD), now=desks.hub.now)


class TestSaving:
    def test_unnamed_fields_stay_and_the_number_goes_up(self, desks: Desks) -> None:
        alert = desks.draft()
        revision = save_revision(
            desks.lab.author, alert, data={"title": "Another title"}, base=1, now=desks.hub.later(minutes=1)
        )
        content = read_draft(desks.lab.author, alert)
        assert revision.number == content.number == 2
        assert (content.data["title"], content.data["narrative"]) == ("Another title", GOOD["narrative"])

    def test_saving_what_stands_makes_no_revision(self, desks: Desks) -> None:
        alert = desks.draft()
        again = save_revision(
            desks.lab.author, alert, data={"title": GOOD["title"]}, base=1, now=desks.hub.now
        )
        assert again.number == 1 and alert.revisions.count() == 1

    def test_the_second_of_two_officers_is_told_and_nothing_is_lost(self, desks: Desks) -> None:
        hub, alert = desks.hub, desks.draft()
        colleague = hub.make_officer(desks.lab.agency, Role.AUTHOR)
        save_revision(desks.lab.author, alert, data={"title": "First comes first"}, base=1, now=hub.now)
        mine = {"title": "Second comes second", "place_region": "South"}
        with pytest.raises(RevisionConflictError) as conflict:
            save_revision(colleague, alert, data=mine, base=1, now=hub.now)
        error = conflict.value
        assert error.number == 2
        assert error.theirs["title"] == "First comes first" and error.mine["title"] == "Second comes second"
        assert set(error.differing) == {"title", "place_region"}

        applied = save_revision(colleague, alert, data=error.mine, base=error.number, now=hub.now)
        copy = create_draft(colleague, data=error.mine, now=hub.now)
        assert applied.number == 3 and read_draft(colleague, copy).data["place_region"] == "South"

    def test_ones_own_text_keeps_what_the_other_changed_elsewhere(self, desks: Desks) -> None:
        """Two officers on different steps: applying one's own must not take back the other's."""
        hub, alert = desks.hub, desks.draft()
        colleague = hub.make_officer(desks.lab.agency, Role.AUTHOR)
        theirs = {"place_region": "North", "narrative": "What the first one knows."}
        save_revision(desks.lab.author, alert, data=theirs, base=1, now=hub.now)
        shown = {
            "title": "Typed by the second",
            "narrative": GOOD["narrative"],
            "place_region": GOOD.get("place_region"),
        }
        with pytest.raises(RevisionConflictError) as conflict:
            save_revision(colleague, alert, data=shown, base=1, now=hub.now)
        assert conflict.value.differing == ("title",)
        save_revision(colleague, alert, data=conflict.value.mine, base=2, now=hub.now)
        data = read_draft(colleague, alert).data
        assert (data["title"], data["narrative"], data["place_region"]) == (
            "Typed by the second", "What the first one knows.", "North",
        )  # fmt: skip

    def test_a_form_that_shows_what_was_changed_meanwhile_does_not_go_on_unseen(self, desks: Desks) -> None:
        """Nothing was typed in the form, but its next save would undo another officer's change."""
        hub, alert = desks.hub, desks.draft()
        save_revision(desks.lab.author, alert, data={"title": "Their title"}, base=1, now=hub.now)
        with pytest.raises(RevisionConflictError) as conflict:
            save_revision(desks.lab.author, alert, data={"title": GOOD["title"]}, base=1, now=hub.now)
        assert conflict.value.differing == ("title",)

    def test_two_who_typed_the_same_do_not_clash(self, desks: Desks) -> None:
        hub, alert = desks.hub, desks.draft()
        for _ in range(2):
            revision = save_revision(desks.lab.author, alert, data={"title": "The same"}, base=1, now=hub.now)
        assert revision.number == 2

    def test_a_kept_question_is_part_of_the_revision(self, desks: Desks) -> None:
        alert = desks.draft()
        kept = ["mixed-scripts", "no such question"]
        save_revision(desks.lab.author, alert, data={}, base=1, kept=kept, now=desks.hub.now)
        assert read_draft(desks.lab.author, alert).kept == ("mixed-scripts",)

    def test_a_revision_that_never_was_is_absent(self, desks: Desks) -> None:
        alert = desks.draft()
        for base in (0, 2, -1):
            with pytest.raises(AbsentError):
                save_revision(desks.lab.author, alert, data={"title": "x"}, base=base, now=desks.hub.now)

    def test_nothing_is_edited_outside_draft(self, desks: Desks) -> None:
        alert = desks.submitted()
        with pytest.raises(MoveRefusedError):
            save_revision(desks.lab.author, alert, data={"title": "Too late"}, base=1, now=desks.hub.now)
        assert AlertRevision.objects.filter(alert=alert).count() == alert.current == 2

    def test_a_stranger_finds_no_draft_and_neither_does_a_mere_reader(self, desks: Desks) -> None:
        alert = desks.draft()
        for officer in (desks.stranger.author, desks.health.author, desks.lab.reader):
            with pytest.raises(AbsentError):
                read_draft(officer, alert)
        with pytest.raises(AbsentError):
            save_revision(desks.stranger.author, alert, data={"title": "x"}, base=1, now=desks.hub.now)


class TestTampering:
    """A stored revision opens in its own place only."""

    def test_a_changed_byte_is_refused(self, desks: Desks) -> None:
        alert = desks.draft()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE alerts_alertrevision SET sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1)"
            )
        with pytest.raises(SealBrokenError):
            read_draft(desks.lab.author, alert)

    def test_a_revision_of_another_alert_is_refused(self, desks: Desks) -> None:
        one, other = desks.draft(), desks.draft(title="The other one")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE alerts_alertrevision AS a SET sealed = b.sealed FROM alerts_alertrevision AS b"
                " WHERE a.alert_id = %s AND b.alert_id = %s",
                [one.pk, other.pk],
            )
        with pytest.raises(SealBrokenError):
            read_draft(desks.lab.author, one)


class TestFiles:
    def test_a_file_comes_back_as_it_went_in(self, desks: Desks) -> None:
        alert = desks.draft()
        revision = attach_file(
            desks.lab.author, alert, base=1, filename="scan.png", data=PNG, now=desks.hub.now
        )
        note = read_draft(desks.lab.author, alert).attachments[0]
        file = read_attachment(desks.lab.author, alert, n=note.n)
        assert revision.number == 2
        assert (file.filename, file.media_type, file.data) == ("scan.png", "image/png", PNG)

    def test_a_removed_file_is_gone_with_its_bytes(self, desks: Desks) -> None:
        alert = desks.draft()
        for base in (1, 2):
            attach_file(desks.lab.author, alert, base=base, filename="a.txt", data=b"text", now=desks.hub.now)
        remove_attachment(desks.lab.author, alert, base=3, n=0, now=desks.hub.now)
        assert [note.n for note in read_draft(desks.lab.author, alert).attachments] == [1]
        assert list(alert.attachments.values_list("n", flat=True)) == [1]
        with pytest.raises(AbsentError):
            read_attachment(desks.lab.author, alert, n=0)

    def test_a_file_added_to_an_older_revision_is_a_conflict(self, desks: Desks) -> None:
        alert = desks.draft()
        save_revision(desks.lab.author, alert, data={"title": "Changed"}, base=1, now=desks.hub.now)
        with pytest.raises(RevisionConflictError):
            attach_file(desks.lab.author, alert, base=1, filename="a.txt", data=b"x", now=desks.hub.now)
        assert not alert.attachments.exists()

    def test_a_file_over_a_limit_is_refused(self, desks: Desks) -> None:
        alert = desks.draft()
        for filename, data, problem in [
            ("big.bin", bytes(64 * 1024 * 1024), "Files: over 64 MiB; split it."),
            ("empty.txt", b"", "Files: “empty.txt” is empty."),
            (
                "report.pdf",
                b"MZ\x00\x00",
                "Files: “report.pdf” is a Windows program and no .pdf file. Attach the file you meant.",
            ),
            ("..", b"x", "Files: give the file a name of up to 255 bytes."),
            ("n" * 256, b"x", "Files: give the file a name of up to 255 bytes."),
        ]:
            with pytest.raises(AttachmentRefusedError) as refused:
                attach_file(desks.lab.author, alert, base=1, filename=filename, data=data, now=desks.hub.now)
            assert refused.value.problem == problem

    def test_a_swapped_file_is_not_the_one_that_was_listed(self, desks: Desks) -> None:
        alert = desks.draft()
        attach_file(desks.lab.author, alert, base=1, filename="a.txt", data=b"one", now=desks.hub.now)
        attach_file(desks.lab.author, alert, base=2, filename="b.txt", data=b"two", now=desks.hub.now)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE alerts_draftattachment SET n = 7 - n WHERE n IN (0, 1)")
            cursor.execute("UPDATE alerts_draftattachment SET n = n - 6")
        with pytest.raises(AbsentError):
            read_attachment(desks.lab.author, alert, n=0)

    @pytest.mark.parametrize(
        ("filename", "data", "media_type"),
        [
            ("a.pdf", b"%PDF-1.7", "application/pdf"),
            ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
            ("a.jdx", b"##TITLE=etizolam", "chemical/x-jcamp-dx"),
            ("a.msp", b"NAME: etizolam\n", "text/plain"),
            ("peaks.CSV", "m/z;Intensit\u00e4t\n".encode(), "text/csv"),
            ("a.svg", b"<svg onload='x'>", "application/octet-stream"),
            ("a.txt", b"\xef\xbb\xbf <html><script>", "application/octet-stream"),
            ("a.exe", b"MZ\x00\x00", "application/octet-stream"),
        ],
        ids=str,
    )
    def test_the_type_is_sniffed_and_harmless(self, filename: str, data: bytes, media_type: str) -> None:
        assert inert_media_type(filename, data) == media_type

    def test_a_name_keeps_no_path_and_no_direction_trick(self, desks: Desks) -> None:
        alert = desks.draft()
        name = "C:\\evidence\\report\u202efdp.exe"
        attach_file(desks.lab.author, alert, base=1, filename=name, data=b"x", now=desks.hub.now)
        assert read_draft(desks.lab.author, alert).attachments[0].filename == "reportfdp.exe"


class TestDiscarding:
    def test_a_discarded_draft_is_seen_by_nobody_and_its_files_are_gone(self, desks: Desks) -> None:
        alert = desks.draft()
        attach_file(desks.lab.author, alert, base=1, filename="a.txt", data=b"x", now=desks.hub.now)
        discard_draft(desks.lab.author, alert, now=desks.hub.now)
        assert not alert.attachments.exists()
        with pytest.raises(AbsentError):
            read_draft(desks.lab.author, alert)

    def test_what_was_submitted_is_not_discarded(self, desks: Desks) -> None:
        with pytest.raises(MoveRefusedError):
            discard_draft(desks.lab.author, desks.submitted(), now=desks.hub.now)
