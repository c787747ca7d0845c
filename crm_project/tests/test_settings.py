"""Settings are read in a process of their own, as a start does it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from crm_project.tests.source import names_read_from_the_environment

START = "import django; django.setup()"
OWN = {
    "SECRET_KEY": "own-key-0123456789-0123456789-0123456789-0123456789",
    "STRIPE_SECRET_KEY": "sk_test_own0000000000000000000000",
    "STRIPE_WEBHOOK_SECRETS": "whsec_own",
    "EMAIL_URL": "consolemail://",
}


@pytest.fixture
def run(tmp_path):
    """Run a program with nothing in its environment but what the test gives it."""

    def run(*command: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
        given = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": os.devnull,
            "VAR_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "crm_project.settings",
            **environment,
        }
        return subprocess.run(
            [sys.executable, *command],
            env={name: value for name, value in given.items() if value is not None},
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
        )

    return run


# --- Refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set. It is needed for"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too weak. Set it to at least 50"),
        ({"SECRET_KEY": "abcdefghi-" * 4 + "123456789"}, "SECRET_KEY is too weak."),
        ({"SECRET_KEY": "abc" * 20}, "SECRET_KEY is too weak."),
        ({"STRIPE_SECRET_KEY": None}, "STRIPE_SECRET_KEY is not set. It is needed for"),
        ({"STRIPE_WEBHOOK_SECRETS": None}, "STRIPE_WEBHOOK_SECRETS is not set. It is needed for"),
        ({"DATABASE_URL": "mysql://somewhere/x"}, "DATABASE_URL cannot be read. Set it to"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL cannot be read. Set it to"),
        ({"DATABASE_URL": "sqlite://var/x.sqlite3"}, "DATABASE_URL cannot be read. Set it to"),
        ({"EMAIL_URL": "pigeon://loft"}, "EMAIL_URL cannot be read. Set it to"),
        ({"DEBUG": "ture"}, "DEBUG is 'ture'. Set it to true or false."),
        ({"DEMO": "maybe"}, "DEMO is 'maybe'. Set it to true or false."),
        ({"PORT": "eighty"}, "PORT is 'eighty'. Set it to a whole number from 1 to 65535"),
        ({"PORT": "0"}, "PORT is '0'. Set it to"),
        ({"PORT": "65536"}, "PORT is '65536'. Set it to"),
        ({"PORT": "-1"}, "PORT is '-1'. Set it to"),
        ({"PORT": "٨٠٠٠"}, "PORT is '٨٠٠٠'. Set it to"),
        ({"PORT": "9" * 5000}, "PORT is '9999"),
        ({"SANDBOX_PORT": "0"}, "SANDBOX_PORT is '0'. Set it to"),
        ({"WEB_PROCESSES": "0"}, "WEB_PROCESSES is '0'. Set it to"),
        ({"WORKERS": "0"}, "WORKERS is '0'. Set it to"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is 'LOUD'. Set it to one of DEBUG, INFO,"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS names '*'. Set it to"),
        ({"ALLOWED_HOSTS": ", ,"}, "ALLOWED_HOSTS is only commas. Set it to"),
        ({"ALLOWED_HOSTS": "127.0.0.1:8000"}, "ALLOWED_HOSTS names '127.0.0.1:8000'. Set it to"),
        ({"ALLOWED_HOSTS": "gatehouse.example"}, "ALLOWED_HOSTS leaves out '127.0.0.1', the host"),
        ({"VAR_DIR": "/dev/null/var"}, "VAR_DIR is '/dev/null/var', where nothing can be written."),
        ({"MEDIA_ROOT": "/dev/null"}, "MEDIA_ROOT is '/dev/null', where nothing can be written."),
        ({"DEFAULT_FROM_EMAIL": "nonsense"}, "DEFAULT_FROM_EMAIL is 'nonsense'. Set it to one"),
        ({"DEFAULT_FROM_EMAIL": "a@b.example, c@d.example"}, "DEFAULT_FROM_EMAIL is 'a@b.exa"),
        ({"SITE_URL": "https://x.example", "EMAIL_URL": None}, "EMAIL_URL is not set. It is"),
        (
            {"STRIPE_SECRET_KEY": "pk_test_own0000000000000000000000"},
            "STRIPE_SECRET_KEY is not what",
        ),
        ({"STRIPE_SECRET_KEY": "sk_test_short"}, "STRIPE_SECRET_KEY is not what it should be."),
        ({"STRIPE_WEBHOOK_SECRETS": ","}, "STRIPE_WEBHOOK_SECRETS is only commas."),
        ({"STRIPE_WEBHOOK_SECRETS": "whsec_a,b"}, "STRIPE_WEBHOOK_SECRETS is not what it should"),
        ({"SITE_URL": "gatehouse.example"}, "SITE_URL is 'gatehouse.example'. Set it to an"),
        ({"SITE_URL": "https://"}, "SITE_URL is 'https://'. Set it to an"),
        ({"SITE_URL": "https://x.example/path"}, "SITE_URL is 'https://x.example/path'. Set it"),
        ({"SITE_URL": "https://x.example?a=b"}, "SITE_URL is 'https://x.example?a=b'. Set it"),
        ({"SITE_URL": "https://u:p@x.example"}, "SITE_URL is 'https://u:p@x.example'. Set it"),
        ({"SITE_URL": "https://x.example:abc"}, "SITE_URL is 'https://x.example:abc'. Set it"),
        ({"SITE_URL": "https://x.example:99999"}, "SITE_URL is 'https://x.example:99999'. Set"),
        ({"SITE_URL": "https://x.example:0"}, "SITE_URL is 'https://x.example:0'. Set it"),
        ({"STRIPE_LIVE_MODE": "true"}, "STRIPE_LIVE_MODE and STRIPE_SECRET_KEY disagree."),
        (
            {"STRIPE_SECRET_KEY": "sk_live_own0000000000000000000000"},
            "STRIPE_LIVE_MODE and STRIPE_SECRET_KEY disagree.",
        ),
        ({"ENV_FILE": "/nowhere/.env"}, "ENV_FILE is '/nowhere/.env', and there is no such file."),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_sentence(run, given, sentence):
    done = run("manage.py", "check", **{**OWN, **given})

    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", settings.DEMO_DEFAULTS)
def test_the_demos_secrets_are_refused_outside_the_demo(run, name):
    public = settings.DEMO_DEFAULTS[name]

    done = run("manage.py", "check", **{**OWN, name: public})

    assert done.returncode == 1
    assert done.stderr == f"{name} is the demo's, which everybody can read. Set it to your own.\n"


def test_a_demo_secret_among_others_is_refused_too(run):
    secrets = f"whsec_own,{settings.DEMO_DEFAULTS['STRIPE_WEBHOOK_SECRETS']}"

    done = run("manage.py", "check", **{**OWN, "STRIPE_WEBHOOK_SECRETS": secrets})

    assert done.stderr.startswith("STRIPE_WEBHOOK_SECRETS is the demo's")


@pytest.mark.parametrize(
    "given",
    [
        {"SITE_URL": "https://gatehouse.example"},
        {"SITE_URL": "http://192.168.1.20:8000"},
        {"ALLOWED_HOSTS": "localhost,gatehouse.example"},
        {"ALLOWED_HOSTS": ".gatehouse.example"},
    ],
)
def test_the_demo_is_refused_on_a_public_address(run, given):
    done = run("manage.py", "check", DEMO="true", **given)

    assert done.returncode == 1
    assert done.stderr.startswith("DEMO is on, but SITE_URL or ALLOWED_HOSTS names '")


def test_the_demo_is_refused_with_live_keys(run):
    key = "sk_live_own0000000000000000000000"

    done = run("manage.py", "check", DEMO="1", STRIPE_LIVE_MODE="1", STRIPE_SECRET_KEY=key)

    assert done.stderr.startswith("STRIPE_LIVE_MODE is on in the demo")


def test_gunicorn_stops_with_the_same_sentence(run):
    done = run("-m", "gunicorn", "crm_project.wsgi", **{**OWN, "SECRET_KEY": None})

    assert done.returncode == 1
    assert done.stderr.startswith("SECRET_KEY is not set.")
    assert done.stderr.count("\n") == 1


# --- What a right setting gives -------------------------------------------------------------------


def test_own_settings_start(run):
    assert run("-c", START, **OWN).returncode == 0


def test_the_demo_starts_with_no_settings_at_all(run):
    assert run("-c", START, DEMO="true").returncode == 0


def show(name: str) -> tuple[str, str]:
    return "-c", f"from django.conf import settings; print(getattr(settings, {name!r}, None))"


def test_the_demo_speaks_to_the_sandbox_beside_its_port(run):
    done = run(*show("STRIPE_API_HOST"), DEMO="true", PORT="8123")

    assert done.stdout == "http://127.0.0.1:8543\n"


def test_a_demo_with_its_own_stripe_key_speaks_to_stripe(run):
    done = run(*show("STRIPE_API_HOST"), DEMO="true", STRIPE_SECRET_KEY=OWN["STRIPE_SECRET_KEY"])

    assert done.stdout == "None\n"


def test_the_sites_own_host_is_allowed_without_being_told(run):
    done = run(*show("ALLOWED_HOSTS"), **OWN, SITE_URL="https://gatehouse.example")

    assert done.stdout == "['gatehouse.example', '127.0.0.1', 'localhost', '[::1]']\n"


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"SITE_URL": "https://gatehouse.example"}, 1),
        ({"SITE_URL": "https://gatehouse.example", "TRUSTED_PROXIES": "2"}, 2),
        ({"SITE_URL": "http://127.0.0.1:8000"}, 0),
    ],
)
def test_a_site_with_https_stands_behind_one_proxy_unless_told(run, given, count):
    done = run(*show("ALLAUTH_TRUSTED_PROXY_COUNT"), **OWN, **given)

    assert done.stdout == f"{count}\n"


@pytest.mark.parametrize(
    "given",
    [
        {"SITE_URL": "HTTPS://Gatehouse.Example:8443/"},
        {"SITE_URL": "http://[::1]:8000"},
        {"SITE_URL": "https://www.x.example", "ALLOWED_HOSTS": ".x.example"},
        {"STRIPE_SECRET_KEY": "rk_test_own0000000000000000000000"},
        {"DEFAULT_FROM_EMAIL": "hello@x.example"},
        {"LOG_LEVEL": "debug"},
        {"PORT": "65535"},
    ],
)
def test_unusual_settings_that_work_start(run, given):
    assert run("-c", START, **{**OWN, **given}).returncode == 0


def test_cookies_are_strict_however_https_is_spelt(run):
    done = run(*show("SESSION_COOKIE_SECURE"), **OWN, SITE_URL="HTTPS://Gatehouse.Example/")

    assert done.stdout == "True\n"


def test_a_wrong_secret_is_not_shown(run):
    done = run("manage.py", "check", **{**OWN, "STRIPE_SECRET_KEY": "someone-elses-password"})

    assert "someone-elses-password" not in done.stderr


def test_the_environment_wins_over_the_file(run, tmp_path):
    file = tmp_path / "env"
    file.write_text("SITE_URL=https://file.example\nLOG_LEVEL=ERROR\n")

    done = run(*show("SITE_URL"), **OWN, ENV_FILE=str(file), SITE_URL="https://shell.example")

    assert done.stdout == "https://shell.example\n"


# --- What is logged -------------------------------------------------------------------------------

TALK = """
import django, logging
django.setup()
import django_q.conf, post_office.mail
for name in ("django-q", "post_office"):
    logging.getLogger(name).info("chatter of %s", name)
    logging.getLogger(name).error("trouble of %s", name)
"""


@pytest.mark.parametrize("name", ["django-q", "post_office"])
@pytest.mark.parametrize(("level", "chatter"), [("INFO", 0), ("DEBUG", 1), ("ERROR", 0)])
def test_the_queues_tell_trouble_once_and_chatter_only_when_asked(run, name, level, chatter):
    done = run("-c", TALK, **OWN, LOG_LEVEL=level)

    assert done.stderr.count(f"trouble of {name}") == 1
    assert done.stderr.count(f"chatter of {name}") == chatter


# --- Every setting is written down ----------------------------------------------------------------


def test_the_example_file_lists_what_is_read_and_nothing_else():
    example = Path(settings.BASE_DIR, ".env.example").read_text()

    listed = re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)

    assert sorted(listed) == sorted(names_read_from_the_environment())
