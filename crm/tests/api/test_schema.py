import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def test_is_refused_without_login(db):
    assert APIClient().get("/api/schema/").status_code == 403


def test_is_refused_for_an_outsider(charlie):
    assert charlie.get("/api/schema/").status_code == 403


@pytest.mark.parametrize("asked", ["", "?format=json", "?lang=xx%00", "?version=9"])
def test_is_shown_to_staff(asked, bob):
    assert bob.get(f"/api/schema/{asked}").status_code == 200


def test_is_valid_and_names_everything_without_a_warning(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema"))

    assert "operationId: contacts_list" in (tmp_path / "schema").read_text()


def test_tells_of_the_filters_and_the_pages(bob):
    paths = bob.get("/api/schema/?format=json").json()["paths"]

    asked = {one["name"] for one in paths["/api/v1/memberships/"]["get"]["parameters"]}

    assert asked >= {"status", "tier", "cycle", "contact", "renewal_from", "cursor", "page_size"}
