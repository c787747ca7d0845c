import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings

from scripts import demo as demo_module
from scripts.demo import Demo


@pytest.fixture
def run(tmp_path):
    def run(module: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "VAR_DIR": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-m", module],
            env={**given, **environment},
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture
def busy_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


# --- Refusals, each before anything has started ---------------------------------------------------


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_a_port_in_use_is_said_in_one_sentence(run, busy_port, name):
    done = run("scripts.run", **{name: busy_port})

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"{name} {busy_port} is in use")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["0", "65536"])
def test_a_number_that_is_no_port_is_said_in_one_sentence(run, port):
    assert run("scripts.run", PORT=port).stderr == (
        f"PORT is {port}. Set it to a number from 1 to 65535.\n"
    )


def test_own_settings_with_a_gap_are_not_filled_by_the_demo(run):
    done = run("scripts.run", SECRET_KEY="own-key-0123456789-0123456789-0123456789-0123")

    assert done.returncode == 1
    assert done.stderr.startswith("STRIPE_SECRET_KEY is not set.")


def test_clean_demo_keeps_its_hands_off_a_real_site(run, tmp_path):
    data = tmp_path / "gatehouse.sqlite3"
    data.touch()

    done = run(
        "scripts.clean_demo",
        SECRET_KEY="own-key-0123456789-0123456789-0123456789-0123",
        STRIPE_SECRET_KEY="sk_test_own0000000000000000000000",
        STRIPE_WEBHOOK_SECRETS="whsec_own",
    )

    assert done.stderr == "These settings are not the demo's: nothing was removed.\n"
    assert data.exists()


def test_clean_demo_removes_the_demos_files(run, tmp_path):
    var, media = tmp_path / "var", tmp_path / "media"
    for folder in (var, media):
        folder.mkdir()
        (folder / "file").touch()

    done = run("scripts.clean_demo", VAR_DIR=str(var), MEDIA_ROOT=str(media))

    assert done.returncode == 0
    assert not var.exists()
    assert not media.exists()


# --- The demo's data is made once, and whole ------------------------------------------------------


@pytest.fixture
def database(tmp_path, monkeypatch):
    file = tmp_path / "gatehouse.sqlite3"
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}}
    monkeypatch.setattr(
        demo_module, "settings", SimpleNamespace(DATABASES=databases, VAR_DIR=tmp_path)
    )
    return file


def prepared() -> Demo:
    demo = Demo()
    demo.prepare()
    return demo


def test_a_new_database_wants_the_demo(database):
    assert prepared().is_wanted


def test_a_database_that_was_there_is_left_alone(database):
    database.touch()

    assert not prepared().is_wanted
    assert database.exists()


def test_a_demo_that_was_interrupted_is_made_afresh(database, tmp_path):
    prepared()
    for name in ("gatehouse.sqlite3", "gatehouse.sqlite3-wal", "stripe_sandbox.sqlite3"):
        (tmp_path / name).touch()

    demo = prepared()

    assert demo.is_wanted
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gatehouse.sqlite3.unfinished"]
