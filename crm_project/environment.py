"""Typed readers over django-environ: a wrong or missing value stops the start with a sentence."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}


class Environment:
    """The process environment, with an optional `.env` file beneath it.

    `demo_defaults` stand in for required values while DEMO is on, and at no other time.
    """

    def __init__(self, env_file: Path, demo_defaults: dict[str, str]) -> None:
        self.env = environ.Env()
        if env_file.exists():
            environ.Env.read_env(env_file)
        self.demo = self.boolean("DEMO", default=False)
        self.demo_defaults = demo_defaults if self.demo else {}

    def text(self, name: str, default: str | None = None, *, needed_for: str = "") -> str:
        value = self.env.str(name, default="").strip() or self.demo_defaults.get(name, "")
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
        if not value.isdigit():
            raise ImproperlyConfigured(f"{name} is '{value}'. Set it to a whole number.")
        return int(value)

    def words(self, name: str, default: str | None = None, *, needed_for: str = "") -> list[str]:
        value = self.text(name, default, needed_for=needed_for)
        return [word.strip() for word in value.split(",") if word.strip()]

    def address(self, name: str, default: str | None = None, *, needed_for: str = "") -> str:
        """Return an http(s) origin or URL without its closing slash."""
        value = self.text(name, default, needed_for=needed_for)
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ImproperlyConfigured(
                f"{name} is '{value}'. Set it to an address that starts with https://."
            )
        return value.rstrip("/")

    def database(self, default: str) -> dict[str, Any]:
        try:
            config = self.env.db_url("DATABASE_URL", default=default)
            engine = config["ENGINE"]
        except (KeyError, ValueError, environ.ImproperlyConfigured) as error:
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
