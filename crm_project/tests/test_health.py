import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from crm_project import health

pytestmark = pytest.mark.django_db


def test_it_says_ok_when_the_database_answers_and_is_migrated(client):
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok")
    assert response["Cache-Control"] == "no-store"


def test_after_the_first_time_it_costs_one_query(client, django_assert_num_queries):
    client.get("/healthz")

    with django_assert_num_queries(1):
        client.get("/healthz")


def test_a_session_costs_it_nothing(client, django_assert_num_queries):
    client.cookies["sessionid"] = "x" * 32
    client.get("/healthz")

    with django_assert_num_queries(1):
        response = client.get("/healthz")

    assert not response.cookies


@pytest.mark.parametrize("probe", [{"HTTP_HOST": "10.0.0.7:8000"}, {"REMOTE_ADDR": "10.0.0.7"}])
def test_a_probe_may_use_any_name_and_no_tls(client, settings, probe):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/healthz", **probe).status_code == 200


def test_a_missing_migration_is_named_until_it_is_there(client):
    recorder = MigrationRecorder(connection)
    last = next(key for key in health.last_migrations() if key[0] == "crm")
    recorder.record_unapplied(*last)

    before = client.get("/healthz")
    recorder.record_applied(*last)
    after = client.get("/healthz")

    assert before.status_code == 503
    assert before.content == b"Migrations are missing: run manage.py migrate."
    assert after.status_code == 200


def test_a_database_that_does_not_answer_is_said_so(client, monkeypatch):
    def refuse():
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refuse)

    response = client.get("/healthz")

    assert (response.status_code, response.content) == (503, b"The database does not answer.")
