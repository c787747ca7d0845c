import os
import socket
import subprocess
import sys

import pytest
from django.conf import settings

from scripts.run import prepare_site


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
        f"PORT is '{port}'. Set it to a whole number from 1 to 65535.\n"
    )


def test_own_settings_with_a_gap_are_not_filled_by_the_demo(run):
    done = run("scripts.run", SECRET_KEY="own-key-0123456789-0123456789-0123456789-0123456789")

    assert done.returncode == 1
    assert done.stderr.startswith("STRIPE_SECRET_KEY is not set.")


def test_clean_demo_keeps_its_hands_off_a_real_site(run, tmp_path):
    data = tmp_path / "gatehouse.sqlite3"
    data.touch()

    done = run(
        "scripts.clean_demo",
        SECRET_KEY="own-key-0123456789-0123456789-0123456789-0123456789",
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


# --- While it starts ------------------------------------------------------------------------------


class Recorder:
    """Processes that all do well at once."""

    def start(self, name: str, command: list[str], **options: object) -> None: ...

    def finish(self, name: str) -> None: ...


def test_whoever_sees_no_bar_is_told_how_long_the_demo_takes(capsys):
    prepare_site(Recorder(), with_demo=True)

    assert "takes about a minute" in capsys.readouterr().out


def test_nothing_is_said_of_a_demo_that_is_not_wanted(capsys):
    prepare_site(Recorder(), with_demo=False)

    assert "demo" not in capsys.readouterr().out
