# SPDX-License-Identifier: Apache-2.0
"""Settings of one role, read from the environment; a missing or invalid value prevents the start.

Every secret `NAME` comes as a file, which `NAME_FILE` names; in development it may come as a variable. `HUB_ENV` is
`production` unless it says `development`: forgetting it gives the strict settings, never the lax ones.
"""

import ipaddress
import json
import math
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import environ.fileaware_mapping
from django.core.exceptions import ImproperlyConfigured

from accord.version import VERSION
from callers.digests import pepper_of
from callers.slots import THREADS
from hub.beat import beat_schedule
from hub.broker import transport_options
from hub.database_timeouts import PATIENCE
from hub.logs import logging_settings
from hub.middleware_order import middleware_of
from hub.roles import CALLS_EXCHANGE, EXCHANGE, GUARDED_SECRETS, ROLES, SECRETS

BASE_DIR = Path(__file__).resolve().parent.parent


class _Values(environ.fileaware_mapping.FileAwareMapping):  # type: ignore[misc]
    """Variables and secret files, without the newline at the end of a file."""

    def __getitem__(self, key: str) -> str:
        try:
            return str(super().__getitem__(key)).removesuffix("\n")
        except OSError as failure:
            raise ImproperlyConfigured(f"{key}_FILE: {failure.strerror}.") from None


class _Environment(environ.FileAwareEnv):  # type: ignore[misc]
    ENVIRON = _Values()


env = _Environment()

HUB_ENV: str = env.str("HUB_ENV", default="production")
if HUB_ENV not in {"development", "production"}:
    raise ImproperlyConfigured("HUB_ENV: use development or production.")
DEVELOPMENT = HUB_ENV == "development"

HUB_ROLE: str = env.str("HUB_ROLE", default="desk")
if HUB_ROLE not in ROLES:
    raise ImproperlyConfigured(f"HUB_ROLE: use one of {', '.join(ROLES)}.")
ROLE = ROLES[HUB_ROLE]

for _name in GUARDED_SECRETS:
    if _name not in ROLE.secrets and (_name in os.environ or f"{_name}_FILE" in os.environ):
        raise ImproperlyConfigured(
            f"{_name} is set, but the role {HUB_ROLE} must not hold it. Remove it from this process."
        )


for _name in sorted(SECRETS & os.environ.keys()):
    if not DEVELOPMENT:
        raise ImproperlyConfigured(
            f"{_name} came as a variable, which anybody who may look at this process can read for as long as it runs."
            f" Put it into a file, or pass a descriptor, and name that in {_name}_FILE (/dev/fd/3)."
        )
    if f"{_name}_FILE" in os.environ:
        raise ImproperlyConfigured(f"{_name} and {_name}_FILE are both set. Remove one.")


def _required(name: str) -> str:
    """Return the value of a setting that this role cannot start without."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set; the role {HUB_ROLE} needs it (or {name}_FILE).")
    return str(value)


def _secret(name: str) -> str:
    """Return the value of a secret if this role holds it, else an empty string."""
    return _required(name) if name in ROLE.secrets else ""


def take_secret(name: str) -> str:
    """Return a secret and remove it from the environment, for its only reader."""
    value = _required(name)
    os.environ.pop(name, None)
    return value


# Offset of the processes of a test from the present time, so that a day or a week passes without waiting
# (`callers.clock`).
CLOCK_OFFSET_SECONDS: float = env.float("CLOCK_OFFSET_SECONDS", default=0.0)
if CLOCK_OFFSET_SECONDS and not DEVELOPMENT:
    raise ImproperlyConfigured("CLOCK_OFFSET_SECONDS: time is moved in development only.")

DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
# Each in its own language, so that it is found whatever language the page is in.
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "hub" / "locale"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = ROLE.urlconf
WSGI_APPLICATION = "hub.wsgi.application"
AUTH_USER_MODEL = "officers.Officer"
INSTALLED_APPS = list(ROLE.apps)

# A role that signs nothing with Django's key gets a random one that no other process knows.
SECRET_KEY = _secret("SECRET_KEY") or secrets.token_urlsafe(64)
if "SECRET_KEY" in ROLE.secrets and len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("SECRET_KEY: use at least 40 random characters.")


API_PEPPER: bytes = pepper_of(_secret("API_PEPPER")) if "API_PEPPER" in ROLE.secrets else b""
# Keys of the log of this half, and for a desk of the exchange that it calls: two logs under two keys.
LEDGER_VKEY: str = env.str("LEDGER_VKEY", default="")
if not LEDGER_VKEY and ROLE.login and (ROLE.half == EXCHANGE or "LEDGER_KEY" in ROLE.secrets):
    raise ImproperlyConfigured(
        f"LEDGER_VKEY is not set; the role {HUB_ROLE} checks the log of its own half with it."
    )
# A desk of one agency's own: its first start is guided, and sets there which exchange it belongs to.
OWN_DESK: bool = env.bool("OWN_DESK", default=False)
if OWN_DESK and ROLE.half == EXCHANGE:
    raise ImproperlyConfigured(f"OWN_DESK is set, but {HUB_ROLE} is a role of the exchange.")
# File with the digest of the first start's code, which the console shows; without it there is no first start.
FIRST_START_FILE: str = env.str("FIRST_START_FILE", default="")
# Certificate of this desk, without its key: the keeper is told when it ends.
TLS_CERTIFICATE_FILE: str = env.str("TLS_CERTIFICATE_FILE", default="")
EXCHANGE_LEDGER_VKEY: str = env.str("EXCHANGE_LEDGER_VKEY", default="")
if not EXCHANGE_LEDGER_VKEY and HUB_ROLE in CALLS_EXCHANGE and not OWN_DESK:
    raise ImproperlyConfigured(
        f"EXCHANGE_LEDGER_VKEY is not set; the role {HUB_ROLE} checks the exchange's receipts with it."
    )
LEDGER_STATE_DIR: str = env.str("LEDGER_STATE_DIR", default="")
# Clocks with which the sequencer compares its own: ntp://host and https://host/, separated by spaces.
TIME_SOURCES: str = env.str("TIME_SOURCES", default="")
SEQUENCER_SILENT_SECONDS: float = env.float("SEQUENCER_SILENT_SECONDS", default=30.0)
if (0.5 if DEVELOPMENT else 10) > SEQUENCER_SILENT_SECONDS:
    raise ImproperlyConfigured("SEQUENCER_SILENT_SECONDS: use 10 or more; a full batch may take that long.")

SECURITY_CONTACT: str = env.str("SECURITY_CONTACT", default="")
HUB_URL: str = env.str("HUB_URL", default="http://127.0.0.1:8000" if DEVELOPMENT else "")
if not HUB_URL:
    raise ImproperlyConfigured("HUB_URL is not set; links in mail need the hub's public address.")
EXCHANGE_URL: str = env.str("EXCHANGE_URL", default="" if OWN_DESK else HUB_URL)
if not EXCHANGE_URL and not OWN_DESK:
    raise ImproperlyConfigured("EXCHANGE_URL is empty; name the public address of the exchange.")
if bool(EXCHANGE_URL) != bool(EXCHANGE_LEDGER_VKEY) and OWN_DESK and HUB_ROLE in CALLS_EXCHANGE:
    raise ImproperlyConfigured(
        "EXCHANGE_URL and EXCHANGE_LEDGER_VKEY: set both, or none and tell the first start."
    )
_calls_exchange_openly = (
    HUB_ROLE in CALLS_EXCHANGE and bool(EXCHANGE_URL) and not EXCHANGE_URL.startswith("https://")
)
if _calls_exchange_openly and not DEVELOPMENT:
    raise ImproperlyConfigured("EXCHANGE_URL is not https; desk and desk-worker send API keys there.")
# HTTP proxy that leads to the exchange by CONNECT, and USER:PASSWORD for it.
EXCHANGE_PROXY: str = env.str("EXCHANGE_PROXY", default="")
EXCHANGE_PROXY_LOGIN: str = (
    env.str("EXCHANGE_PROXY_LOGIN", default="") if "EXCHANGE_PROXY_LOGIN" in ROLE.secrets else ""
)
if EXCHANGE_PROXY_LOGIN and not EXCHANGE_PROXY:
    raise ImproperlyConfigured(
        "EXCHANGE_PROXY_LOGIN is set, and EXCHANGE_PROXY names no proxy that it is for."
    )
if EXCHANGE_PROXY and HUB_ROLE in CALLS_EXCHANGE:
    from accord.calls.errors import ProxyAddressError
    from accord.calls.proxies import require_proxy

    try:
        require_proxy(EXCHANGE_PROXY, EXCHANGE_PROXY_LOGIN)
    except ProxyAddressError as _refused:
        raise ImproperlyConfigured(f"EXCHANGE_PROXY: {_refused}") from None
# Address where operators sign in, inside only. Passkeys are made for its host and count only on its pages.
OPERATOR_URL: str = env.str("OPERATOR_URL", default="http://localhost:8002" if DEVELOPMENT else "")
if HUB_ROLE == "operator" and not DEVELOPMENT and not OPERATOR_URL.startswith("https://"):
    raise ImproperlyConfigured("OPERATOR_URL is not https; name the inside address of the operator's pages.")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "testserver"] if DEVELOPMENT else []
)
if not ALLOWED_HOSTS and ROLE.urlconf != "hub.urls.nothing":
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set; name the hosts that this hub answers for.")


# --- database -----------------------------------------------------------------------------------------------
def _database_of_role() -> dict[str, Any]:
    """Return the role's own database; the owner's login where tables are made, none for beat."""
    if ROLE.owns_tables:
        _required("DATABASE_OWNER_URL")
        return dict(env.db_url("DATABASE_OWNER_URL"))
    if not ROLE.login:
        return {"ENGINE": "django.db.backends.dummy"}
    _required("DATABASE_URL")
    database: dict[str, Any] = env.db_url("DATABASE_URL")
    if database.get("USER") != ROLE.login:
        raise ImproperlyConfigured(
            f"DATABASE_URL names the login {database.get('USER') or '(none)'}; the role {HUB_ROLE} works under"
            f" {ROLE.login} and no other."
        )
    return database


DATABASES: dict[str, dict[str, Any]] = {"default": _database_of_role()}
if HUB_ROLE in PATIENCE and env.bool("DATABASE_TIMEOUTS", default=True):
    _options = DATABASES["default"].setdefault("OPTIONS", {})
    _options["options"] = f"{_options.get('options', '')} {PATIENCE[HUB_ROLE].options}".strip()
if HUB_ROLE in {"desk", "exchange", "operator"} and env.bool("DATABASE_POOL", default=True):
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 16, "timeout": 5}

# --- queues -------------------------------------------------------------------------------------------------
REDIS_URL: str = _secret("REDIS_URL")
if not DEVELOPMENT and REDIS_URL and urlsplit(REDIS_URL).username != ROLE.broker_login:
    raise ImproperlyConfigured(
        f"REDIS_URL names the login {urlsplit(REDIS_URL).username or '(none)'}; the role {HUB_ROLE} works under"
        f" {ROLE.broker_login} and no other."
    )
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
if HUB_ROLE in THREADS:
    # The worker waits for a mail server more than it computes, and each kind of its work has slots among these threads.
    CELERY_WORKER_POOL = "threads"
    CELERY_WORKER_CONCURRENCY = THREADS[HUB_ROLE]
    # A message that finds no slot ends at once, so that none waits behind another that was fetched with it.
    CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Remote control obeys whoever reaches the broker: it could stop a worker or have it print its settings.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_timeout": 20,
    "socket_connect_timeout": 5,
    # A caller does not wait for a broker that is away; the library would try for six seconds.
    "max_retries": 0,
    **transport_options(ROLE.queue or next(iter(ROLE.callable_queues), "none")),
}
CELERY_TASK_DEFAULT_QUEUE = ROLE.queue or next(iter(ROLE.callable_queues), "none")
CELERY_TASK_CREATE_MISSING_QUEUES = True


def _interval(name: str, *, default: float, least: float, most: float) -> float:
    """Read an interval in seconds; in development it may be ten times shorter."""
    try:
        seconds = float(env.str(name, default=str(default)))
    except ValueError:
        seconds = math.nan
    if DEVELOPMENT:
        least /= 10
    if not least <= seconds <= most:
        raise ImproperlyConfigured(f"{name}: use {least:g} to {most:g} seconds.")
    return seconds


# Interval at which the desk-worker asks the exchange for its feeds: a flash alert waits that long, and counts as late
# after two minutes.
FOLLOW_SECONDS = _interval("FOLLOW_SECONDS", default=1, least=1, most=60)
# Interval at which rows are swept that no call was made for, and sending to the exchange is repeated.
SWEEP_SECONDS = _interval("SWEEP_SECONDS", default=30, least=10, most=300)
CELERY_BEAT_SCHEDULE = beat_schedule(ROLE.half, sweep_seconds=SWEEP_SECONDS, follow_seconds=FOLLOW_SECONDS)

# --- mail ---------------------------------------------------------------------------------------------------
MAIL_FROM: str = env.str("MAIL_FROM", default="accord@hub.example")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL_FROM
EMAIL_TIMEOUT = 20
NOTICE_LEASE_SECONDS: float = env.float("NOTICE_LEASE_SECONDS", default=120.0)
if (1 if DEVELOPMENT else 60) > NOTICE_LEASE_SECONDS:
    raise ImproperlyConfigured("NOTICE_LEASE_SECONDS: use 60 or more; a mail server may take that long.")
if "EMAIL_URL" in ROLE.secrets and (env.str("EMAIL_URL", default="") or ROLE.queue):
    _required("EMAIL_URL")
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# --- watching -----------------------------------------------------------------------------------------------
METRICS_LISTEN: str = env.str("METRICS_LISTEN", default="")
if METRICS_LISTEN and not re.fullmatch(r"[^\s/@]+:[0-9]{1,5}", METRICS_LISTEN):
    raise ImproperlyConfigured(
        f"METRICS_LISTEN is {METRICS_LISTEN!r}; write host:port, such as 127.0.0.1:9100."
    )

# --- web ----------------------------------------------------------------------------------------------------
_IS_DESK = HUB_ROLE == "desk"
_IS_OPERATOR = HUB_ROLE == "operator"
_HAS_ADMIN = ROLE.has_admin
MIDDLEWARE = middleware_of(HUB_ROLE)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "hub" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                *(
                    [
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                    if _HAS_ADMIN
                    else []
                ),
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / ".dev" / "static"))
WHITENOISE_USE_FINDERS = DEVELOPMENT
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Uploads at the exchange are sealed and may be on a disk until they are stored; those at the desk are content.
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "hub.spool.SpoolingHandler" if HUB_ROLE == "exchange" else "hub.uploads.InMemoryOnlyHandler",
]
SPOOL_DIR: str = env.str("SPOOL_DIR", default=tempfile.gettempdir() if DEVELOPMENT else "")
if HUB_ROLE == "exchange" and not SPOOL_DIR:
    raise ImproperlyConfigured("SPOOL_DIR is not set; name a folder on a volume of its own for uploads.")
SPOOL_MIB: int = env.int("SPOOL_MIB", default=1024)
if SPOOL_MIB < 260:
    raise ImproperlyConfigured("SPOOL_MIB: use 260 or more; one envelope may be as large.")
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 40

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTHENTICATION_BACKENDS = ["officers.login.backends.EmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Networks of the hub's own proxies, whose X-Forwarded-For is trusted, or the word none. Guesses are counted by address:
# an unlisted proxy would make everybody behind it one guesser, so that the setting is required.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=["none"] if DEVELOPMENT else [])
if not TRUSTED_PROXIES and ROLE.urlconf != "hub.urls.nothing":
    raise ImproperlyConfigured(
        "TRUSTED_PROXIES is not set; name the networks of your proxies, or write none if callers reach this process "
        "directly."
    )
if TRUSTED_PROXIES == ["none"]:
    TRUSTED_PROXIES = []
for _network in TRUSTED_PROXIES:
    try:
        ipaddress.ip_network(_network)
    except ValueError:
        raise ImproperlyConfigured("TRUSTED_PROXIES: name networks such as 10.0.0.0/8, or none.") from None
# An agency's policy says who needs a second factor; only a demonstration may turn that off.
MFA_DEMANDED: bool = env.bool("MFA_DEMANDED", default=True)
if not MFA_DEMANDED and not DEVELOPMENT:
    raise ImproperlyConfigured("MFA_DEMANDED: second factors are left aside in development only.")
# Names, places and outlines of countries that do not exist, by their user-assigned code; only a demonstration has any.
INVENTED_COUNTRIES: dict[str, dict[str, Any]] = {}
if _invented := env.str("INVENTED_COUNTRIES", default=""):
    if not DEVELOPMENT:
        raise ImproperlyConfigured("INVENTED_COUNTRIES: countries are invented in development only.")
    INVENTED_COUNTRIES = json.loads(Path(_invented).read_text(encoding="utf-8"))
MFA_ADAPTER = "desk.account.sealing.SealedFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_ISSUER = "Accord"
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "accord_session" if DEVELOPMENT else "__Host-accord_session"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
PASSKEY_COOKIE_NAME = "accord_passkey" if DEVELOPMENT else "__Host-accord_passkey"
OPERATOR_COOKIE_NAME = "accord_operator" if DEVELOPMENT else "__Host-accord_operator"
ENROLMENT_COOKIE_NAME = "accord_enrolment" if DEVELOPMENT else "__Host-accord_enrolment"
DEVICE_COOKIE_NAME = "accord_device" if DEVELOPMENT else "__Host-accord_device"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
# A cookie of its own, not the session, since each visitor of the sign-in page would leave a row in the database.
CSRF_COOKIE_NAME = "accord_form" if DEVELOPMENT else "__Host-accord_form"
if _IS_DESK:
    CSRF_FAILURE_VIEW = "desk.account.sign_in_page.form_refused"
elif _IS_OPERATOR:
    CSRF_FAILURE_VIEW = "operators.pages.errors.form_refused"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not no-referrer: browsers then send `Origin: null` with a form, which the CSRF check has to refuse.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if not DEVELOPMENT:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"\Alivez\Z", r"\Areadyz\Z", r"\Ahealthz\Z"]
    # An own desk without a proxy speaks TLS itself, and nothing else on its port: its server tells Django, and a header
    # of the caller is ignored.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES or not OWN_DESK else None
    SECURE_HSTS_SECONDS = 63072000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

_SELF = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [_SELF],
        "style-src": [_SELF],
        "img-src": [_SELF],
        "font-src": [_SELF],
        "connect-src": [_SELF],
        "form-action": [_SELF],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": [_SELF],
    }
}

# Sustained rate of requests a second of one API key or officer to one web process.
API_RATE_PER_SECOND: float = env.float("API_RATE_PER_SECOND", default=300.0)
if API_RATE_PER_SECOND <= 0:
    raise ImproperlyConfigured("API_RATE_PER_SECOND: use more than 0.")

# --- REST ---------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "officers.login.authentication.DeskKeyAuthentication",
        "officers.login.authentication.OfficerSessionAuthentication",
    ]
    if _IS_DESK
    else ["agencies.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "officers.login.permissions.HasCapabilityAndProof"
        if _IS_DESK
        else "callers.permissions.HasDeclaredCapability"
    ],
    "DEFAULT_THROTTLE_CLASSES": ["callers.rates.CallerRate"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hub.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "hub.schema.ProblemAwareSchema",
    "EXCEPTION_HANDLER": "hub.problems.answer_problem",
    # No address takes `?format=` but the description, which enables it itself.
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Accord",
    "DESCRIPTION": "Signed, sealed substance alerts between agencies.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "DEFAULT_GENERATOR_CLASS": "hub.generator.KeptDescription",
    "POSTPROCESSING_HOOKS": ["hub.description.finish"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

LOGGING = logging_settings(DEVELOPMENT)
# Without cookies and sessions no request can be forged: only desk and operator have them, and the protection.
SILENCED_SYSTEM_CHECKS = [] if _IS_DESK or _IS_OPERATOR else ["security.W003"]
