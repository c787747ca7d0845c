"""What tests change: no network, quick hashing, uploads in a throw-away folder."""

import atexit
import os
import tempfile
from pathlib import Path

# Tests must not depend on the developer's own .env, and run as a real site does: not as the demo.
os.environ.update(
    ENV_FILE=os.devnull,
    DEMO="false",
    SECRET_KEY="only-for-tests-0123456789-0123456789-0123456789-0123456789",
    DEBUG="false",
    SITE_URL="http://testserver",
    ALLOWED_HOSTS="testserver,127.0.0.1,localhost",
    STRIPE_LIVE_MODE="false",
    STRIPE_SECRET_KEY="sk_test_gatehousetests00000000000",
    STRIPE_WEBHOOK_SECRETS="whsec_tests,whsec_tests_previous",
    STRIPE_API_HOST="http://127.0.0.1:9",  # the discard port: a forgotten sandbox fails at once
    EMAIL_URL="memorymail://",
)
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or "sqlite:///var/test.sqlite3"

from crm_project.settings import *  # noqa: E402, F403
from crm_project.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_folder = tempfile.TemporaryDirectory(prefix="gatehouse-test-files-")
atexit.register(_folder.cleanup)
MEDIA_ROOT = Path(_folder.name, "media")
# There only for whitenoise, which warns of a missing folder; static files are found in place.
STATIC_ROOT = Path(_folder.name, "static")
STATIC_ROOT.mkdir()
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ACCOUNT_RATE_LIMITS = False
STRIPE_EVENTS_AT_ONCE = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: threads and processes share it, which memory would forbid.
    DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_SQLITE", "var/test.sqlite3")}
    # A power cut may take the tests' data: to wait for the disk costs more than to write to it.
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
else:
    # Tables that no test fills for long are never analysed: PostgreSQL takes them for large and
    # compiles, for a second or two, a query that then finds three rows.
    DATABASES["default"]["OPTIONS"]["options"] = "-c jit=off"
