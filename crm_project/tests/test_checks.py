from types import SimpleNamespace

import pytest

from crm_project import checks


@pytest.fixture
def site(monkeypatch):
    """The settings of a real site on PostgreSQL, with nothing to complain about."""
    sound = SimpleNamespace(
        DEBUG=False,
        SECURE=True,
        SITE_URL="https://gatehouse.example",
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "x"}},
    )
    monkeypatch.setattr(checks, "settings", sound)
    return sound


def run_all() -> list[str]:
    found = (checks.check_debug, checks.check_transport, checks.check_database_folder)
    return [message.id for check in found for message in check(None)]


def use_sqlite(settings, path) -> None:
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}}


def test_a_sound_site_has_nothing_to_hear(site):
    assert run_all() == []


def test_debug_on_a_public_site_is_an_error(site):
    site.DEBUG = True

    assert run_all() == ["gatehouse.E001"]


def test_a_public_site_without_https_is_warned(site):
    site.SECURE = False
    site.SITE_URL = "http://gatehouse.example"

    assert run_all() == ["gatehouse.W001"]


def test_this_machine_needs_no_https(site):
    site.SECURE = False
    site.SITE_URL = "http://127.0.0.1:8000"

    assert run_all() == []


def test_an_sqlite_file_in_a_folder_that_is_not_there_is_an_error(site, tmp_path):
    use_sqlite(site, tmp_path / "nowhere" / "gatehouse.sqlite3")

    assert run_all() == ["gatehouse.E002"]


def test_an_sqlite_file_that_is_still_to_be_made_is_fine(site, tmp_path):
    use_sqlite(site, tmp_path / "gatehouse.sqlite3")

    assert run_all() == []
