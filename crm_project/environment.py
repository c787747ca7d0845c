"""Typed readers over django-environ: a wrong or missing value stops the start with a sentence."""

import os
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}
LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1", "[::1]"}


class Environment:
    """The process environment, with an optional `.env` file beneath it.

    `demo_secrets` stand in for required values while DEMO is on. They are public, so at any
    other time they are refused, even when somebody sets them by hand.
    """

    def __init__(self, env_file: Path, demo_secrets: dict[str, str]) -> None:
        self.env = environ.Env()
        self.demo_secrets = demo_secrets
        read_env_file(env_file)
        self.demo = self.boolean("DEMO", default=False)

    def text(self, name: str, default: str | None = None, *, needed_for: str = "") -> str:
        demo_secret = self.demo_secrets.get(name, "")
        value = self.env.str(name, default="").strip() or (demo_secret if self.demo else "")
        if demo_secret and demo_secret in value and not self.demo:
            raise ImproperlyConfigured(
                f"{name} is the demo's, which everybody can read. Set it to your own."
            )
        if value:
            return value
        if default is None:
            raise ImproperlyConfigured(
                f"{name} is not set. It is needed for {needed_for}. "
                "Set it in the environment or in .env (see .env.example), "
                "or start the demo with DEMO=true."
            )
        return default

    def boolean(self, name: str, *, default: bool) -> bool:
        # environ reads every unknown word as False, which would hide a typing mistake.
        word = self.env.str(name, default="").strip().lower()
        if not word:
            return default
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise ImproperlyConfigured(f"{name} is '{word}'. Set it to true or false.")
        return word in TRUE_WORDS

    def number(self, name: str, *, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal():
            raise ImproperlyConfigured(f"{name} is '{value}'. Set it to a whole number.")
        return int(value)

    def words(self, name: str, default: str | None = None, *, needed_for: str = "") -> list[str]:
        value = self.text(name, default, needed_for=needed_for)
        return [word.strip() for word in value.split(",") if word.strip()]

    def address(self, name: str, default: str | None = None, *, needed_for: str = "") -> str:
        """Return an http(s) origin or URL without its closing slash."""
        value = self.text(name, default, needed_for=needed_for)
        parts = urlsplit(value)
        if value and not (parts.scheme in {"http", "https"} and parts.hostname):
            raise ImproperlyConfigured(
                f"{name} is '{value}'. Set it to an address that starts with https://."
            )
        return value.rstrip("/")

    def database(self, default: str) -> dict[str, Any]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # environ only warns of a part that it drops
                config = self.env.db_url("DATABASE_URL", default=default)
            engine = config["ENGINE"]
        except (KeyError, ValueError, UserWarning, environ.ImproperlyConfigured) as error:
            raise ImproperlyConfigured(DATABASE_URL_ADVICE) from error
        if engine.rsplit(".", 1)[-1] not in {"sqlite3", "postgresql"}:
            raise ImproperlyConfigured(DATABASE_URL_ADVICE)
        return config

    def mail(self, default: str) -> dict[str, Any]:
        try:
            return self.env.email_url("EMAIL_URL", default=default)
        except (KeyError, ValueError, environ.ImproperlyConfigured) as error:
            raise ImproperlyConfigured(
                "EMAIL_URL cannot be read. Set it to smtp+tls://user:password@host:587, "
                "or to consolemail:// while you try things out."
            ) from error


DATABASE_URL_ADVICE = (
    "DATABASE_URL cannot be read. Set it to sqlite:///path/to/file.sqlite3 "
    "or to postgres://user:password@host:5432/name, or leave it out for SQLite."
)


def read_env_file(default: Path) -> None:
    """Lay the file that ENV_FILE names, or `default` if there is one, beneath the environment."""
    chosen = os.environ.get("ENV_FILE", "")
    path = Path(chosen) if chosen else default
    if chosen and not path.exists():
        raise ImproperlyConfigured(f"ENV_FILE is '{chosen}', and there is no such file.")
    if path.exists():
        environ.Env.read_env(path)


def refuse_public_demo(hosts: Iterable[str | None]) -> None:
    """The demo's keys and passwords are public, so it may answer on this machine only."""
    for host in hosts:
        if host not in LOOPBACK_HOSTS:
            raise ImproperlyConfigured(
                f"DEMO is on, but SITE_URL or ALLOWED_HOSTS names '{host}'. The demo's keys and "
                "passwords are public: set DEMO=false and your own keys, or use 127.0.0.1."
            )


def stop_if_misconfigured() -> None:
    """End the program with the one sentence that says which setting to mend."""
    from django.conf import settings

    try:
        settings.INSTALLED_APPS  # noqa: B018  (the first use reads the settings)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
