"""Which environment variables hold secrets, as their names say."""

import re

KEYS = ("ACCESS_KEY_ID", "ACCESS_KEY", "SECRET_KEY")
OURS = ("AWS", "AMAZON", "S3", "SES", "SNS", "SQS", "DYNAMODB")  # keys of R2 or MINIO are secrets, but none of AWS
BARE = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
OPEN = ("TOKEN", "API_KEY", "APIKEY")  # with PUBLIC or PUBLISHABLE, what every browser is sent anyway
STORES = ("DATABASE", "DB", "POSTGRES", "POSTGRESQL", "PG", "MYSQL", "MONGO", "MONGODB", "REDIS", "AMQP", "RABBITMQ")
SECRETS = (
    *("SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "CREDENTIALS", "CONNECTION_STRING"),
    *("PRIVATE_KEY", "ACCESS_KEY", "SIGNING_KEY", "ENCRYPTION_KEY", "MASTER_KEY", "SERVICE_ROLE_KEY"),
    *("DB_PASS", "DB_PWD", "MYSQL_PWD", "PGPASSWORD", "SMTP_PASS", "SLACK_WEBHOOK", "SLACK_WEBHOOK_URL"),
    *("OPENAI_KEY", "STRIPE_KEY", "SESSION_KEY", "APP_KEY", "GITHUB_PAT", "REDIS_AUTH", "DIRECT_URL", "PRISMA_URL"),
    *(f"{store}_{kind}" for store in STORES for kind in ("URL", "URI", "DSN")),
)
# With these a name tells of a secret where it is, how long it is valid, whether there has to be one
FIRST = ("ENABLE", "DISABLE", "REQUIRE", "USE", "MAX", "MIN")
LAST = (
    *(
        "NAME",
        "ARN",
        "ID",
        "URL",
        "URI",
        "ENDPOINT",
        "PATH",
        "FILE",
        "REGION",
        "HEADER",
        "PREFIX",
        "ISSUER",
        "AUDIENCE",
    ),
    *("TTL", "EXPIRY", "EXPIRES", "EXPIRATION", "LIFETIME", "AGE", "SECONDS", "MINUTES", "HOURS", "DAYS", "TIMEOUT"),
    *("ENABLED", "REQUIRED", "LENGTH", "SIZE", "COUNT", "LIMIT", "BUDGET", "ALGORITHM", "TYPE", "VERSION"),
)


def is_aws_key(name: str) -> bool:
    """Say whether a name is that of one of the two parts of a long-term key of AWS."""
    words = _words(name)
    ours = _has(words, OURS) or words in _between(BARE)
    return ours and _has(words, KEYS) and not _about(words, KEYS)


def is_secret(name: str) -> bool:
    """Say whether a name is that of another secret."""
    words = _words(name)
    public = _has(words, ("PUBLIC", "PUBLISHABLE"))
    kinds = SECRETS if public else SECRETS + OPEN
    return _has(words, kinds) and not _about(words, kinds) and not is_aws_key(name)


def _words(name: str) -> str:
    """Spell apiKey, api-key and API_KEY as _API_KEY_."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return f"_{re.sub('[^A-Z0-9]+', '_', apart.upper()).strip('_')}_"


def _has(words: str, kinds: tuple[str, ...]) -> bool:
    return any(kind in words for kind in _between(kinds))


def _about(words: str, kinds: tuple[str, ...]) -> bool:
    """Say whether a name only tells something of a secret, as TOKEN_URL does, but DATABASE_URL does not."""
    named = words.endswith(_between(kinds))
    return words.startswith(_between(FIRST)) or (words.endswith(_between(LAST)) and not named)


def _between(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"_{kind}_" for kind in kinds)
