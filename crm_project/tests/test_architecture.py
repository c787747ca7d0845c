"""Rules of the house that no single module can hold. A failure names the file and the line."""

import re
from pathlib import Path

import pytest

from crm_project.tests import source

STATUS_WRITERS = (
    "accounts/mail_delivery.py",  # the mail queue's
    "accounts/transitions.py",
    "billing/sync.py",
    "billing/webhook_guard.py",  # an HTTP status, of an exception
    "crm/demo/telling/worker.py",  # the mail queue's, so that old mails are not sent
)
TEMPLATE_FAULT = re.compile(r"\|\s*safe\b|\{%\s*autoescape\s+off")


def test_an_app_imports_only_from_its_left():
    assert source.imports_against_the_direction() == []


def test_a_status_is_set_only_by_the_tables_and_by_stripes_state():
    faults = [line for line in source.writes_of_status() if not line.startswith(STATUS_WRITERS)]

    assert faults == []


def test_no_text_is_declared_to_be_markup():
    assert source.unescaped_markup() == []


def test_no_template_switches_escaping_off():
    templates = [
        path
        for folder in ("templates", *source.LAYERS)
        for path in Path(source.ROOT, folder).rglob("*")
        if path.suffix == ".html" and "templates" in path.parts
    ]

    assert [path for path in templates if TEMPLATE_FAULT.search(path.read_text())] == []


def test_no_mail_is_compiled_as_a_template():
    faults = source.mail_run_as_templates()

    assert [line for line in faults if not line.startswith("accounts/mail_queue.py")] == []


# --- The rules bite -------------------------------------------------------------------------------


@pytest.fixture
def plant(tmp_path):
    def plant(name: str, text: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return tmp_path

    return plant


@pytest.mark.parametrize(
    ("name", "line", "fault"),
    [
        ("accounts/views.py", "from crm.models import Contact", "imports crm.models"),
        ("listings/models/photo.py", "import billing.sync", "imports billing.sync"),
        ("crm/receivers.py", "import crm_project.urls", "imports crm_project.urls"),
        ("crm_project/demo.py", "from stripe_sandbox import cards", "imports stripe_sandbox"),
    ],
)
def test_a_planted_import_is_found_with_its_line(plant, name, line, fault):
    root = plant(name, f"import os\n\n\ndef load():\n    {line}\n")

    assert source.imports_against_the_direction(root) == [f"{name}:5 {fault}"]


def test_an_import_from_the_left_is_let_through(plant):
    root = plant("crm/receivers.py", "from . import models\nfrom accounts.models import User\n")

    assert source.imports_against_the_direction(root) == []


@pytest.mark.parametrize(
    "line",
    [
        "house.status = 'live'",
        "house.status += 'x'",
        "setattr(house, 'status', 'live')",
        "Property.objects.filter(pk=1).update(title='x', status='live')",
    ],
)
def test_a_planted_status_is_found_with_its_line(plant, line):
    root = plant("listings/views.py", f"\n{line}\n")

    assert source.writes_of_status(root) == ["listings/views.py:2 sets a status"]


def test_reading_or_filtering_a_status_is_let_through(plant):
    root = plant("listings/views.py", "if house.status == 'live': rows.filter(status='live')\n")

    assert source.writes_of_status(root) == []


@pytest.mark.parametrize(
    "line", ["from django.utils.safestring import mark_safe", "SafeString(text)"]
)
def test_planted_markup_is_found_with_its_line(plant, line):
    root = plant("crm/admin/base.py", line)

    assert source.unescaped_markup(root) == ["crm/admin/base.py:1 takes text for markup"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from post_office import mail", "post_office.mail"),
        ("import post_office.mail", "post_office.mail"),
        ("from post_office.mail import send", "post_office.mail.send"),
        ("EMAIL_BACKEND = 'post_office.EmailBackend'", "post_office.EmailBackend"),
    ],
)
def test_a_planted_way_past_our_mail_backend_is_found_with_its_line(plant, line, name):
    root = plant("billing/dunning.py", line)

    assert source.mail_run_as_templates(root) == [f"billing/dunning.py:1 uses {name}"]


def test_delivering_the_queue_is_let_through(plant):
    root = plant("crm_project/worker.py", "from post_office.mail import send_queued_mail\n")

    assert source.mail_run_as_templates(root) == []
