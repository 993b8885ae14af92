import pytest

from functions.core.secret_names import is_aws_key, is_secret


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_ACCESS_KEY",
        "HUNTAZE_AWS_ACCESS_KEY_ID",
        "NEXT_PUBLIC_AWS_SECRET_ACCESS_KEY",
        "S3_ACCESS_KEY_ID",
        "SES_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID_STAGING",
        "ACCESS_KEY_ID",
        "SECRET_ACCESS_KEY",
        "awsAccessKeyId",
        "aws-secret-access-key",
    ],
)
def test_a_long_term_key_of_aws(name: str) -> None:
    assert is_aws_key(name)
    assert not is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "NEXTAUTH_SECRET",
        "STRIPE_WEBHOOK_SECRET",
        "SECRET_KEY_BASE",
        "AWS_SESSION_TOKEN",
        "R2_SECRET_ACCESS_KEY",
        "MINIO_ACCESS_KEY",
        "GITHUB_TOKEN",
        "DB_PASSWORD",
        "DB_PASS",
        "PGPASSWORD",
        "MYSQL_PWD",
        "OPENAI_KEY",
        "STRIPE_KEY",
        "GITHUB_PAT",
        "REDIS_AUTH",
        "SESSION_KEY",
        "DIRECT_URL",
        "POSTGRES_PRISMA_URL",
        "JWT_PRIVATE_KEY",
        "OPENAI_API_KEY",
        "openaiApiKey",
        "OPENAI_APIKEY",
        "DATABASE_URL",
        "DATABASE_URL_READONLY",
        "REDIS_URL",
        "MONGODB_URI",
        "SLACK_WEBHOOK_URL",
        "SUPABASE_SERVICE_ROLE_KEY",
        "NEXT_PUBLIC_JWT_SECRET",
        "password",
    ],
)
def test_another_secret(name: str) -> None:
    assert is_secret(name)
    assert not is_aws_key(name)


@pytest.mark.parametrize(
    "name",
    [
        "AWS_REGION",
        "AWS_SECRET_NAME",
        "AWS_ACCESS_KEY_MAX_AGE_DAYS",
        "USE_AWS_ACCESS_KEY",
        "DB_SECRET_ARN",
        "R2_ACCESS_KEY_ID",
        "TOKEN_URL",
        "TOKEN_TTL",
        "OPENAI_MAX_TOKENS",
        "PASSWORD_RESET_URL",
        "PASSWORD_MIN_LENGTH",
        "MIN_PASSWORD_SCORE",
        "ENABLE_PASSWORD_LOGIN",
        "DB_PASSWORD_FILE",
        "API_KEY_HEADER",
        "NEXT_PUBLIC_GOOGLE_API_KEY",
        "NEXT_PUBLIC_MAPBOX_TOKEN",
        "STRIPE_PUBLISHABLE_KEY",
        "NEXTAUTH_URL",
        "REDIS_HOST",
        "SECRETARY",
        "PWD",
        "NODE_ENV",
        "",
        "__",
        "мир",
    ],
)
def test_no_secret(name: str) -> None:
    assert not is_secret(name)
    assert not is_aws_key(name)
