import pytest

from functions.core.redaction import redact

TELEGRAM = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
SECRET_ARN = "arn:aws:secretsmanager:me-central-1:123456789012:secret:prod/bot-AbCdEf"


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("key AKIAIOSFODNN7EXAMPLE used", "key [redacted] used"),
        (f"https://api.telegram.org/bot {TELEGRAM}/getMe", "https://api.telegram.org/bot [redacted]/getMe"),
        (f"TELEGRAM_BOT_TOKEN={TELEGRAM}", "TELEGRAM_BOT_TOKEN=[redacted]"),
        ("openai sk-proj-0123456789abcdef", "openai [redacted]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[redacted]"),
        ("postgres://bot:hunter2@db:5432/app", "postgres://[redacted]@db:5432/app"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer [redacted]"),
        ('{"api_key": "abcd1234", "model": "x"}', '{"api_key": "[redacted]", "model": "x"}'),
        ("password = 'correct-horse'", "password = '[redacted]'"),
        ("aws_secret_access_key: wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key: [redacted]"),
    ],
)
def test_values_are_struck_and_names_stay(text: str, struck: str) -> None:
    assert redact(text) == struck


@pytest.mark.parametrize(
    "text",
    [
        "KeyError: 'TELEGRAM_BOT_TOKEN'",
        "arn:aws:elasticloadbalancing:me-central-1:123456789012:targetgroup/ganopa-dev-bot-tg/50dc6c495c0c9188",
        "123456789012.dkr.ecr.me-central-1.amazonaws.com/ganopa-bot:0cc175b9c0f1b6a831c399e2697726: not found",
        f"not authorized to perform: secretsmanager:GetSecretValue on resource: {SECRET_ARN}",
        "https://api.maisonganopa.com/telegram/webhook: status 503 after 12 ms",
        "2026-11-21 08:00:00 (service ganopa-dev-bot-svc) has reached a steady state.",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("text", [TELEGRAM, f"token={TELEGRAM}", "password=abcd1234", "x://u:p@h"])
def test_twice_is_as_once(monkeypatch: pytest.MonkeyPatch, text: str, language: str) -> None:
    monkeypatch.setenv("SERVICE_LANGUAGE", language)
    assert redact(redact(text)) == redact(text)


def test_struck_out_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_LANGUAGE", "fr")
    assert redact("password=abcd1234 sk-proj-0123456789abcdef") == "password=[masqué] [masqué]"
