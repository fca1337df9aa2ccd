"""docs/permissions.md says what the roles allow."""

from tests.iam.document import PLACE, rendered


def test_the_document_says_what_the_roles_allow():
    assert PLACE.read_text() == rendered(), "`make permissions` writes it anew"
