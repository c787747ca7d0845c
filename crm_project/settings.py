"""All settings, read from the environment and `.env`; `.env.example` lists every one."""

from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from crm_project.environment import (
    LARGEST_PORT,
    Environment,
    refuse_other_forms,
    refuse_public_demo,
    refuse_unanswered_site,
    refuse_weak_key,
)
from crm_project.unfold import UNFOLD  # noqa: F401  (the look of the admin)

BASE_DIR = Path(__file__).resolve().parent.parent

# Secrets that let the demo start with no account anywhere. They are public, so they count
# only while DEMO is on; tests/test_settings.py holds that.
DEMO_DEFAULTS = {
    "SECRET_KEY": "demo-only-this-key-is-public-and-protects-nothing-at-all",
    "STRIPE_SECRET_KEY": "sk_test_gatehousedemo000000000000",
    "STRIPE_WEBHOOK_SECRETS": "whsec_gatehousedemo",
}

env = Environment(BASE_DIR / ".env", DEMO_DEFAULTS)

# --- Core -------------------------------------------------------------------------------------
DEMO = env.demo
DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY", needed_for="signing sessions and links")
refuse_weak_key(SECRET_KEY)
PORT = env.port("PORT", default=8000)
WEB_PROCESSES = env.number(
    "WEB_PROCESSES", default=1, least=1, most=100
)  # of gunicorn, with 8 threads each
SITE_URL = env.address("SITE_URL", f"http://127.0.0.1:{PORT}")
SITE_HOST = urlsplit(SITE_URL).netloc.removesuffix(f":{urlsplit(SITE_URL).port}")
SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", f"{SITE_HOST},127.0.0.1,localhost,[::1]")
if DEMO:
    refuse_public_demo([SITE_HOST, *ALLOWED_HOSTS])
refuse_unanswered_site(SITE_HOST, ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
VAR_DIR = env.folder("VAR_DIR", BASE_DIR / "var")
ROOT_URLCONF = "crm_project.urls"
WSGI_APPLICATION = "crm_project.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_NAME = "Gatehouse"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the default one would replace our own admin site
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "crm_project.apps.GatehouseAdminConfig",
    "crm_project.apps.CrmProjectConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "csp",
    "django_filters",
    "django_q",
    "djstripe",
    "drf_spectacular",
    "post_office",
    "rest_framework",
    "accounts",
    "listings",
    "billing",
    "crm",
]

MIDDLEWARE = [
    "crm_project.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crm_project.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.ActorMiddleware",
    "crm_project.middleware.BrokenTables",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm_project.context.site",
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------
DATABASES = {"default": env.database(f"sqlite:///{VAR_DIR / 'gatehouse.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN: with the default, a transaction that reads and then
    # writes fails at once with "database is locked" while another writer is at work.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.number("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,  # a server that is gone must not hang every page
        **DATABASES["default"].get("OPTIONS", {}),
    }

# --- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = True

# --- Static files and uploads -------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "media/"
MEDIA_ROOT = env.folder("MEDIA_ROOT", BASE_DIR / "media")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Login (django-allauth) ---------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_REDIRECT_URL = reverse_lazy("dashboard")
LOGIN_URL = reverse_lazy("account_login")
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.OwnerSignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# How many addresses at the end of X-Forwarded-For our own proxies wrote. The limits on failed
# logins count by the visitor's address; with too low a number everybody shares the proxy's, and
# with too high a one visitors choose their own.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", default=1 if SECURE else 0)

# --- Mail (django-post-office: a queue in the database) -------------------------------------------
EMAIL_BACKEND = "accounts.mail_queue.QueueBackend"
# A public site whose mails go nowhere would let nobody in: there it must be said.
without_server = "dummymail://" if DEMO else None if SECURE else "consolemail://"
MAIL = env.mail("EMAIL_URL", without_server)
POST_OFFICE = {
    "BACKENDS": {"default": MAIL["EMAIL_BACKEND"]},
    "DEFAULT_PRIORITY": "medium",
    "MAX_RETRIES": 5,
    "MESSAGE_ID_ENABLED": True,
}
EMAIL_HOST = MAIL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = MAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = MAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = MAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", "Gatehouse <hello@gatehouse.example>")
# Whom an owner answers: somebody who reads it.
REPLY_TO_EMAIL = env.sender("REPLY_TO_EMAIL", DEFAULT_FROM_EMAIL)

# --- Stripe (dj-stripe is a cache of Stripe's objects; see docs/decisions) ------------------------
STRIPE_LIVE_MODE = env.boolean("STRIPE_LIVE_MODE", default=False)
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", needed_for="calling Stripe")
refuse_other_forms(
    "STRIPE_SECRET_KEY",
    [STRIPE_SECRET_KEY],
    "(sk|rk)_(test|live)_[A-Za-z0-9]{24,}",  # as dj-stripe demands
    "the whole secret key from Stripe's dashboard, which starts with sk_ or rk_",
)
if STRIPE_LIVE_MODE != ("_live_" in STRIPE_SECRET_KEY):
    raise ImproperlyConfigured(
        "STRIPE_LIVE_MODE and STRIPE_SECRET_KEY disagree. "
        "Set STRIPE_LIVE_MODE=true with an sk_live_ key, or false with an sk_test_ key."
    )
if DEMO and STRIPE_LIVE_MODE:
    raise ImproperlyConfigured(
        "STRIPE_LIVE_MODE is on in the demo, which must never move real money. Set DEMO=false."
    )
# Several secrets, comma separated, let an endpoint's secret be rotated without losing events.
STRIPE_WEBHOOK_SECRETS = env.words(
    "STRIPE_WEBHOOK_SECRETS", needed_for="checking that webhooks come from Stripe"
)
refuse_other_forms(
    "STRIPE_WEBHOOK_SECRETS",
    STRIPE_WEBHOOK_SECRETS,
    r"whsec_\S+",
    "the signing secret of the webhook endpoint, which starts with whsec_",
)
# The worker processes events. Tests have none, and process each in the request that brings it.
STRIPE_EVENTS_AT_ONCE = False
# One pinned version: without it an upgrade of the package would silently move the API.
STRIPE_API_VERSION = "2026-08-26.dahlia"
# The demo's key opens the sandbox alone; any other key is for the real Stripe unless told.
IN_SANDBOX = STRIPE_SECRET_KEY == DEMO_DEFAULTS["STRIPE_SECRET_KEY"]
SANDBOX_PORT = env.port("SANDBOX_PORT", default=min(PORT + 420, LARGEST_PORT))
sandbox = f"http://127.0.0.1:{SANDBOX_PORT}" if IN_SANDBOX else ""
if stripe_api_host := env.address("STRIPE_API_HOST", sandbox):
    STRIPE_API_HOST = stripe_api_host
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
# Upstream's migrations take minutes; ours create the same schema in seconds and keep its names.
MIGRATION_MODULES = {"djstripe": "billing.djstripe_migrations"}

# --- Worker (django-q2 on the database) -----------------------------------------------------------
Q_CLUSTER = {
    "name": "gatehouse",
    "orm": "default",
    "workers": env.number("WORKERS", default=1, least=1, most=100),
    "timeout": 300,
    "retry": 600,
    "max_attempts": 5,
    "poll": 1,
    "catch_up": False,
    "label": "Worker",
}

# --- API ------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse API",
    "DESCRIPTION": "Read-only access to the CRM for staff.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAdminUser"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ListingStatus": "listings.choices.ListingStatus",
        "EnquiryStatus": "listings.choices.EnquiryStatus",
        "MembershipStatus": "billing.models.MembershipStatus",
        "BillingCycle": "billing.models.Cycle",
    },
}

# --- Security -------------------------------------------------------------------------------------
SESSION_ENGINE = "crm_project.sessions"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "img-src": ["'self'", "data:"],
    }
}
DATA_UPLOAD_MAX_NUMBER_FILES = 30

SILENCED_SYSTEM_CHECKS = [
    # Strict transport for subdomains and the browsers' preload list bind the whole domain, which
    # may hold other sites than this one: that is for its owner to decide, at the proxy.
    "security.W005",
    "security.W021",
    # dj-stripe's endpoint row has no secret on purpose: it stays in the environment.
    "djstripe.I006",
    "djstripe.W005",
]
if IN_SANDBOX:
    SILENCED_SYSTEM_CHECKS += ["djstripe.W002"]  # warns of any STRIPE_API_HOST; here it is meant

LOG_LEVEL = env.one_of("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
# The queues tell of each step of each task at INFO: for whoever asks for DEBUG, or for less.
QUEUE_LOG_LEVEL = "WARNING" if LOG_LEVEL == "INFO" else LOG_LEVEL
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "stripe": {"level": "WARNING"},  # at INFO it tells of every call, twice
        "django-q": {"level": QUEUE_LOG_LEVEL},
        # With a handler of ours it adds none of its own, which would print every line twice.
        "post_office": {"level": QUEUE_LOG_LEVEL, "handlers": ["console"], "propagate": False},
    },
}
