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


def check_folders(app_configs: list[AppConfig] | None, **kwargs: object) -> Messages:
    wanted = {"MEDIA_ROOT": nearest_existing(Path(settings.MEDIA_ROOT))}
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # The folder, not only the file: SQLite writes its journal beside the database.
        wanted["DATABASE_URL"] = Path(database["NAME"]).parent
    return [
        Error(
            f"{name}: nothing can be written to the folder {folder}.",
            hint="Make it, and give it to the user that runs Gatehouse.",
            id="gatehouse.E002",
        )
        for name, folder in wanted.items()
        if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK))
    ]


def nearest_existing(folder: Path) -> Path:
    """Uploads make their own folder, so what counts is the first one above that is there."""
    return folder if folder.exists() else nearest_existing(folder.parent)
