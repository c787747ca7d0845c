"""Typed readers over django-environ: a wrong or missing value stops the start with a sentence."""

import os
import re
import sys
import warnings
from collections.abc import Collection, Iterable
from email.utils import getaddresses
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.http.request import validate_host

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}
HOST = r"([a-z0-9.-]+|\[[a-f0-9:.]+\])"
ORIGIN = re.compile(rf"https?://{HOST}(:[0-9]{{1,5}})?/*")
ALLOWED_HOST = re.compile(rf"\.?{HOST}")  # a leading dot stands for every subdomain
LARGEST_PORT = 65_535
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

    def number(self, name: str, *, default: int, least: int = 0, most: int = 1_000_000) -> int:
        value = self.text(name, str(default))
        # int() would also read digits of other scripts.
        if not (re.fullmatch("[0-9]{1,7}", value) and least <= int(value) <= most):
            raise ImproperlyConfigured(
                f"{name} is '{value}'. Set it to a whole number from {least} to {most}."
            )
        return int(value)

    def port(self, name: str, *, default: int) -> int:
        return self.number(name, default=default, least=1, most=LARGEST_PORT)

    def one_of(self, name: str, default: str, words: Collection[str]) -> str:
        word = self.text(name, default).upper()
        if word not in words:
            raise ImproperlyConfigured(f"{name} is '{word}'. Set it to one of {', '.join(words)}.")
        return word

    def words(self, name: str, default: str | None = None, *, needed_for: str = "") -> list[str]:
        """Return at least one word of a list with commas."""
        value = self.text(name, default, needed_for=needed_for)
        words = [word.strip() for word in value.split(",") if word.strip()]
        if not words:
            raise ImproperlyConfigured(f"{name} is only commas. Set it to at least one value.")
        return words

    def hosts(self, name: str, default: str) -> list[str]:
        hosts = [host.lower() for host in self.words(name, default)]
        for host in hosts:
            if not ALLOWED_HOST.fullmatch(host):
                raise ImproperlyConfigured(
                    f"{name} names '{host}'. Set it to plain host names with commas between, "
                    "without *, https:// or a port."
                )
        return hosts

    def address(self, name: str, default: str) -> str:
        """Return an http(s) origin without its closing slash, or "" if that is the default."""
        value = self.text(name, default).lower()
        if value and not (ORIGIN.fullmatch(value) and has_sound_port(value)):
            raise ImproperlyConfigured(
                f"{name} is '{value}'. Set it to an address like https://gatehouse.example, "
                "with nothing after the host but a port."
            )
        return value.rstrip("/")

    def sender(self, name: str, default: str) -> str:
        """Return a mail address, with or without a name before it."""
        value = self.text(name, default)
        try:
            ((_, address),) = getaddresses([value])
            validate_email(address)
        except (ValueError, ValidationError) as error:
            raise ImproperlyConfigured(
                f"{name} is '{value}'. Set it to one mail address, "
                "for example Gatehouse <hello@gatehouse.example>."
            ) from error
        return value

    def folder(self, name: str, default: Path) -> Path:
        """Make the folder if need be, so that one which cannot be written to is said at once."""
        path = Path(self.text(name, str(default)))
        try:
            path.mkdir(parents=True, exist_ok=True)
            writable = os.access(path, os.W_OK | os.X_OK)
        except OSError:
            writable = False
        if not writable:
            raise ImproperlyConfigured(
                f"{name} is '{path}', where nothing can be written. "
                "Make that folder, and give it to the user that runs Gatehouse."
            )
        return path

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

    def mail(self, name: str, default: str | None) -> dict[str, Any]:
        url = self.text(name, default, needed_for="the mails that sign-ups wait for")
        try:
            return self.env.email_url_config(url)
        except (KeyError, ValueError, environ.ImproperlyConfigured) as error:
            raise ImproperlyConfigured(
                f"{name} cannot be read. Set it to smtp+tls://user:password@host:587, "
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


def has_sound_port(address: str) -> bool:
    try:
        return urlsplit(address).port != 0
    except ValueError:  # above 65535
        return False


def refuse_other_forms(name: str, secrets: Iterable[str], form: str, advice: str) -> None:
    """Stop at a secret that does not look like one, without showing it: it may be another's."""
    if not all(re.fullmatch(form, secret) for secret in secrets):
        raise ImproperlyConfigured(f"{name} is not what it should be. Set it to {advice}.")


def refuse_weak_key(key: str) -> None:
    """Hold what Django's own check (security.W009) only warns of, and only when asked."""
    if len(key) < 50 or len(set(key)) < 5:
        raise ImproperlyConfigured(
            "SECRET_KEY is too weak. Set it to at least 50 random characters."
        )


def refuse_unanswered_site(host: str, allowed: list[str]) -> None:
    if not validate_host(host, allowed):
        raise ImproperlyConfigured(
            f"ALLOWED_HOSTS leaves out '{host}', the host of SITE_URL: "
            "nothing would answer there. Add it."
        )


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
