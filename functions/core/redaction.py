"""Secrets are names, never values: what looks like a value is struck out before anyone can read it."""

import re

from functions.core.language import say

SECRETS = re.compile(
    r"""
      \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                             # AWS access key id
    | \b\d{8,10}:[A-Za-z0-9_-]{30,}                             # Telegram bot token
    | \bsk-[A-Za-z0-9_-]{16,}                                   # OpenAI key
    | \beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_.-]+                  # JSON web token
    | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)                           # user and password in a URL
    | (?i:(?<=bearer\s)|(?<=basic\s))[A-Za-z0-9._~+/=-]{8,}     # Authorization header
    | (?i:\b(?<!\d:)(?!secretsmanager:)                        # a secret's ARN is a name: …:123456789012:secret:name
      \w*(?:token|secret|password|passwd|api_?key)\w*["']?\s*[:=]\s*["']?)(?P<value>(?!\{[a-z_.]+\})[^\s"',;]{4,})
    """,
    re.VERBOSE,
)


def redact(text: str) -> str:
    """Strike out what looks like a secret's value, keeping its name."""
    return SECRETS.sub(_struck, text)


def _struck(match: re.Match[str]) -> str:
    mark = say("[redacted]")  # one word in every language, or striking out again would leave a part of it over
    value = match.group("value")
    return match.group().replace(value, mark) if value else mark
