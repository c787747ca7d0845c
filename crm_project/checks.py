"""What `manage.py check` (and so every migrate) says about settings that fit no real site."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from crm_project.environment import LOOPBACK_HOSTS

Messages = list[CheckMessage]


def check_debug(app_configs: list[AppConfig] | None, **kwargs: object) -> Messages:
    if not (settings.DEBUG and settings.SECURE):
        return []
    return [
        Error(
            "DEBUG is on for a public site: every error page would show its settings.",
            hint="Set DEBUG=false, or SITE_URL to an http:// address on this machine.",
            id="gatehouse.E001",
        )
    ]


def check_transport(app_configs: list[AppConfig] | None, **kwargs: object) -> Messages:
    if settings.SECURE or urlsplit(settings.SITE_URL).hostname in LOOPBACK_HOSTS:
        return []
    return [
        Warning(
            f"SITE_URL is {settings.SITE_URL}: logins would travel where others can read them.",
            hint="Put the site behind HTTPS and set SITE_URL to its https:// address.",
            id="gatehouse.W001",
        )
    ]


def check_database_folder(app_configs: list[AppConfig] | None, **kwargs: object) -> Messages:
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return []
    # The folder, not only the file: SQLite writes its journal beside the database.
    folder = Path(database["NAME"]).parent
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"DATABASE_URL: nothing can be written to the folder {folder}.",
            hint="Make it, and give it to the user that runs Gatehouse.",
            id="gatehouse.E002",
        )
    ]
