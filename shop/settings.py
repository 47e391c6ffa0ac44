"""Every setting, read from the environment (.env.example explains each), grouped by what operators ask."""

from pathlib import Path
from typing import Any

from shop import markets
from shop.assembly import INSTALLED_APPS, MIDDLEWARE, TEMPLATES  # noqa: F401 (settings of Django's)
from shop.edge import files
from shop.env import REQUIRED, env, flag, postgres, words

BASE_DIR = Path(__file__).resolve().parent.parent

# Asked first: who has set nothing hears that there is no database to fall back on.
DATABASE_URL = env("DATABASE_URL", why="Write postgres://user:password@host/name, or run `make demo`.")

# --- Who may talk to it, and with which secrets? ---------------------------------------------------------
SECRET_KEY = env("SECRET_KEY", why="It signs sessions and links: give a long random text and keep it.")
SECRET_KEY_FALLBACKS: list[str] = env("SECRET_KEY_FALLBACKS", words, [])
DEBUG = env("DEBUG", flag, False)
DEMO = env("DEMO", flag, False)  # the mailbox page and the test gateway's hints
ALLOWED_HOSTS: list[str] = env("ALLOWED_HOSTS", words, [])
SITE_URL = env("SITE_URL", str, "http://127.0.0.1:8000").rstrip("/")  # absolute links are made from this only
SITE_NAME = env("SITE_NAME", str, "Deckle")
# The demo's words; a shop of another name says nothing until it is given its own.
_IS_DECKLE = SITE_NAME == "Deckle"
SITE_SLOGAN = env(
    "SITE_SLOGAN", str, "Things on paper, drawn by code and printed by hand." if _IS_DECKLE else ""
)
SITE_PROMISES: list[str] = env(
    "SITE_PROMISES", words, ["30 days to return", "printed to order in our own shop"] if _IS_DECKLE else []
)
HTTPS = env("HTTPS", flag, SITE_URL.startswith("https:"))

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env("BEHIND_PROXY", flag, False) else None
PROXY_HOPS = env("PROXY_HOPS", int, 0)  # whose word X-Forwarded-For is, counted from its end
SECURE_HSTS_SECONDS = env("HSTS_SECONDS", int, 31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS and env("HSTS_SUBDOMAINS", flag, True)
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = env("SESSION_DAYS", int, 30) * 86_400
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "accounts.views.entry.refused"
X_FRAME_OPTIONS = "DENY"
# W003: shop.csrf.BrowserVouches is CsrfViewMiddleware, asked after the browser's own word.
SILENCED_SYSTEM_CHECKS = ["security.W003"]

# --- Where does it sell? ---------------------------------------------------------------------------------
MARKETS = markets.check(
    (
        markets.Market("eu", "Europe", "", "en", "EUR", "DE"),
        markets.Market("gb", "United Kingdom", "gb", "en-gb", "GBP", "GB"),
    )
)
# Where the seller is registered for VAT: businesses in other EU countries buy without it (reverse charge).
SELLER_COUNTRY = env("SELLER_COUNTRY", str, MARKETS[0].country)
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("en-gb", "British English")]
USE_I18N = USE_TZ = True
FORMAT_MODULE_PATH = "shop.desk.formats"  # dates on the desk; the storefront writes them with babel
TIME_ZONE = env("TIME_ZONE", str, "Europe/Berlin")
CARDS_PER_PAGE = env("CARDS_PER_PAGE", int, 24)
NEW_FOR_DAYS = env("NEW_FOR_DAYS", int, 30)

# --- Where are its data? ---------------------------------------------------------------------------------
REDIS_URL = env("REDIS_URL", why="Write redis://host:6379/0, or run `make demo`.")
MARKS_URL = env("MARKS_URL", str, REDIS_URL)
STATEMENT_TIMEOUT_MS = env("STATEMENT_TIMEOUT_MS", int, 3_000)
# A server that is stopped keeps no timeout; where a statement may take any time, so may its answer.
_patience = STATEMENT_TIMEOUT_MS / 1000 + 0.5 if STATEMENT_TIMEOUT_MS else None
LOCK_TIMEOUT_MS = env("LOCK_TIMEOUT_MS", int, 2_000)
DATABASES = {
    "default": {
        **postgres(DATABASE_URL),
        "CONN_MAX_AGE": env("CONN_MAX_AGE", int, 600),
        "CONN_HEALTH_CHECKS": True,
        "PATIENCE_SECONDS": _patience,
        "PREPARES": env("PREPARED_STATEMENTS", flag, True),
        "OPTIONS": {
            "connect_timeout": 2,
            # jit: compiling the statement that writes cards took a second, running it a tenth of one.
            # random_page_cost: disks without a head. At 4, 500 products' cards took three times as long.
            # work_mem: the filters of a category of 30,000 goods are counted without a temporary file.
            "options": f"-c jit=off -c random_page_cost=1.1 -c work_mem=16MB"
            f" -c statement_timeout={STATEMENT_TIMEOUT_MS}"
            f" -c lock_timeout={LOCK_TIMEOUT_MS}",
        },
    }
}
# Where public pages and order histories may be read.
REPLICA_MOST_LAG_SECONDS = env("REPLICA_MOST_LAG_SECONDS", float, 10.0)
REPLICA_REST_SECONDS = env("REPLICA_REST_SECONDS", float, 30.0)  # of one that failed or lags
REPLICA_ANSWER_MS = env("REPLICA_ANSWER_MS", int, 500)
_no_replicas: list[str] = []
_replicas = {
    f"replica{number}": {
        **DATABASES["default"],
        **postgres(url),
        "OPTIONS": {
            **DATABASES["default"]["OPTIONS"],
            # A replica that was promoted would take a write, and keep it to itself.
            "options": f"{DATABASES['default']['OPTIONS']['options']} -c default_transaction_read_only=on",
        },
        "TEST": {"MIRROR": "default"},
    }
    for number, url in enumerate(env("DATABASE_REPLICA_URLS", words, _no_replicas), start=1)
}
DATABASES |= _replicas
DATABASE_REPLICAS = [*_replicas]
DATABASE_ROUTERS = ["shop.replicas.router.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_TIMEOUT_MS = env("REDIS_TIMEOUT_MS", int, 150)
_redis_client = {
    "CLIENT_CLASS": "django_redis.client.DefaultClient",
    "SOCKET_CONNECT_TIMEOUT": REDIS_TIMEOUT_MS / 1000,
    "SOCKET_TIMEOUT": REDIS_TIMEOUT_MS / 1000,
    "CONNECTION_POOL_KWARGS": {"retry": None},
    "IGNORE_EXCEPTIONS": True,  # without Redis the shop is slower, not down
}
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "shop",
        "OPTIONS": _redis_client,
    }
}
SESSION_ENGINE = "shop.sessions"
RQ_QUEUES: dict[str, dict[str, Any]] = {
    name: {
        "URL": REDIS_URL,
        "REDIS_CLIENT_KWARGS": {"socket_connect_timeout": REDIS_TIMEOUT_MS / 1000},
    }
    for name in ("changes", "high", "normal", "feed", "low")
}
MEDIA_ROOT = env(
    "MEDIA_ROOT",
    Path,
    BASE_DIR / ".demo" / "media" if DEMO else REQUIRED,
    why="Name the folder that keeps the pictures: it must outlive a release.",
)
MEDIA_URL = "/media/"
# What merchants send to be imported: no address leads there, and every worker must see it.
PRIVATE_ROOT = env("PRIVATE_ROOT", Path, MEDIA_ROOT.parent / "private")
STATIC_ROOT = env("STATIC_ROOT", Path, BASE_DIR / (".demo/static" if DEMO else "staticfiles"))
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": PRIVATE_ROOT,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- What answers searches? ------------------------------------------------------------------------------
ELASTICSEARCH_URL = env("ELASTICSEARCH_URL", str, "")  # empty: the database
ELASTICSEARCH_API_KEY = env("ELASTICSEARCH_API_KEY", str, "")
ELASTICSEARCH_CA = env("ELASTICSEARCH_CA", str, "")
ELASTICSEARCH_PREFIX = env("ELASTICSEARCH_PREFIX", str, "shop")
ELASTICSEARCH_TIMEOUT_MS = env("ELASTICSEARCH_TIMEOUT_MS", int, 300)
ELASTICSEARCH_WRITE_SECONDS = env("ELASTICSEARCH_WRITE_SECONDS", float, 30.0)


# --- Who keeps its pages? --------------------------------------------------------------------------------
def _kept_by(name: str) -> str:
    if name not in {"varnish", "fastly", "cloudflare", "null"}:
        raise ValueError("write varnish, fastly, cloudflare or null")
    return name


EDGE_BACKEND = env("EDGE_BACKEND", _kept_by, "null")
PAGE_STORE = env("PAGE_STORE", flag, not DEBUG)  # pages as they were rendered, in the marks' Redis
RELEASE = env("RELEASE", str, "")  # names what pages are made of; empty: a digest of the files
RELEASE_DRAIN_SECONDS = env("RELEASE_DRAIN_SECONDS", int, 120)  # then the last old node has left
EDGE_URL = env("EDGE_URL", str, "").rstrip("/")  # SITE_URL, if it is not named
PURGE_TIMEOUT_SECONDS = env("PURGE_TIMEOUT_SECONDS", float, 3.0)
_by_varnish, _by_fastly, _by_cloudflare = (
    REQUIRED if name == EDGE_BACKEND else "" for name in ("varnish", "fastly", "cloudflare")
)
_why_edge = f"EDGE_BACKEND={EDGE_BACKEND} purges with it."
_no_nodes: list[str] = []
VARNISH_NODES = env("VARNISH_NODES", words, _by_varnish or _no_nodes, why=_why_edge)
EDGE_SECRET = env("EDGE_SECRET", str, _by_varnish, why=_why_edge)
EDGE_SECRET_FALLBACKS: list[str] = env("EDGE_SECRET_FALLBACKS", words, [])
FASTLY_SERVICE = env("FASTLY_SERVICE", str, _by_fastly, why=_why_edge)
FASTLY_TOKEN = env("FASTLY_TOKEN", str, _by_fastly, why=_why_edge)
CLOUDFLARE_ZONE = env("CLOUDFLARE_ZONE", str, _by_cloudflare, why=_why_edge)
CLOUDFLARE_TOKEN = env("CLOUDFLARE_TOKEN", str, _by_cloudflare, why=_why_edge)

WHITENOISE_ADD_HEADERS_FUNCTION = files.declare

# --- What does it send? ----------------------------------------------------------------------------------
EMAIL_HOST = env(
    "EMAIL_HOST",
    str,
    "" if DEMO else REQUIRED,
    why="Name the mail server: without one no customer hears of an order.",
)
EMAIL_PORT = env("EMAIL_PORT", int, 25)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", str, "")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", str, "")
EMAIL_USE_TLS = env("EMAIL_USE_TLS", flag, False)
EMAIL_TIMEOUT = 10
MAILBOX_DIR = env("MAILBOX_DIR", Path, BASE_DIR / ".demo" / "mail")  # read by /dev/mail/ in the demo
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "shop.mailbox.MailboxBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("MAIL_FROM", str, "Deckle <hello@deckle.test>")
SMS_BACKEND = env("SMS_BACKEND", str, "shop.channels.Log")
PUSH_BACKEND = env("PUSH_BACKEND", str, "shop.channels.Log")
_no_states: list[str] = []
SMS_ORDER_STATES = env("SMS_ORDER_STATES", words, _no_states)  # of "shipped", "delivered": said by SMS too
PUSH_ORDER_STATES = env(
    "PUSH_ORDER_STATES", words, _no_states
)  # the same by push, to customers with an account
FEED_TIMEOUT_SECONDS = env("FEED_TIMEOUT_SECONDS", float, 15.0)  # for a receiver of the feed to answer
FEED_INSIDE = env("FEED_INSIDE", flag, DEBUG or DEMO)  # the feed may go to http:// and into our own network

# --- Who takes the money? --------------------------------------------------------------------------------
PAYMENT_GATEWAY = env(
    "PAYMENT_GATEWAY",
    str,
    "fake" if DEMO else REQUIRED,
    why="Write stripe, or fake to try the shop: that moves no money.",
)
RESERVATION_MINUTES = env("RESERVATION_MINUTES", int, 30)  # so long an unpaid order keeps its goods
HELD_DAYS = env("HELD_DAYS", int, 7)  # … and so long while its money is held back for a person
PAYMENTS_PER_HOUR = env("PAYMENTS_PER_HOUR", int, 1_000 if DEMO else 10)  # new attempts from one address
PAYMENT_TIMEOUT_SECONDS = env("PAYMENT_TIMEOUT_SECONDS", float, 10.0)
_by_stripe: Any = REQUIRED if PAYMENT_GATEWAY == "stripe" else ""
_why_stripe = "PAYMENT_GATEWAY=stripe asks for it: it stands in Stripe's dashboard."
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", str, _by_stripe, why=_why_stripe)
STRIPE_PUBLISHABLE_KEY = env("STRIPE_PUBLISHABLE_KEY", str, _by_stripe, why=_why_stripe)
_hooks = _by_stripe or _no_nodes
STRIPE_WEBHOOK_SECRETS: list[str] = env("STRIPE_WEBHOOK_SECRETS", words, _hooks, why=_why_stripe)
STRIPE_ACCOUNT = env("STRIPE_ACCOUNT", str, "")  # acct_…, of a platform's merchant
STRIPE_CAPTURE = env("STRIPE_CAPTURE", str, "automatic")
STRIPE_API_BASE = env("STRIPE_API_BASE", str, "https://api.stripe.com").rstrip("/")
STRIPE_JS = env("STRIPE_JS", str, "https://js.stripe.com/v3/")

# --- What do its invoices look like? ----------------------------------------------------------------------
_no_fonts: list[str] = []
INVOICE_FONTS = env("INVOICE_FONTS", words, _no_fonts)  # folders: for scripts that the shop's own fonts lack

# --- How long may work take, and how long is it remembered? ----------------------------------------------
OUTBOX_LEASE_SECONDS = env("OUTBOX_LEASE_SECONDS", float, 120.0)  # then another worker takes a message over
OUTBOX_KEEP_DAYS = env("OUTBOX_KEEP_DAYS", int, 7)
CHANGES_LEASE_SECONDS = env("CHANGES_LEASE_SECONDS", float, 60.0)
# seconds until changes whose pages could not be marked are followed again
CHANGES_REPEAT_SECONDS = env("CHANGES_REPEAT_SECONDS", float, 3.0)
CHANGES_KEEP_HOURS = env("CHANGES_KEEP_HOURS", int, 24)
EDGE_STRICT = env("EDGE_STRICT", flag, DEBUG)  # a public page that reads what nothing would purge: an error

# --- What runs? ------------------------------------------------------------------------------------------
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
ASGI_APPLICATION = "shop.asgi.application"
# --- Who has an account? ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "accounts:account"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- What does it tell? ----------------------------------------------------------------------------------
LOG_LEVEL = env("LOG_LEVEL", str, "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # The first tells each request that goes well, the second what catalog.search.client tells of failures.
    "loggers": {"stripe": {"level": "WARNING"}, "elastic_transport": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
SENTRY_DSN = env("SENTRY_DSN", str, "")
