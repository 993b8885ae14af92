import pytest

from functions.core.secret_files import is_secret_file, is_state


@pytest.mark.parametrize(
    "path",
    [
        "terraform.tfstate",
        "infra/aws/terraform.tfstate",
        "infra/terraform/production-hardening/terraform.tfstate.backup",
        "terraform.tfstate.1700000000.backup",
        ".terraform.tfstate.lock.info",
        "PROD.TFSTATE",
        "a\nb.tfstate",
        "a.tfstate.b\nc",
    ],
)
def test_a_state(path: str) -> None:
    assert is_state(path)


@pytest.mark.parametrize(
    "path",
    [
        "main.tf",
        "terraform.tfvars",
        "tfstate",
        "docs/tfstate.md",
        "x.tfstates",
        "terraform.tfstate.d/notes.txt",
        "terraform.tfstate.example",
        "remote.tfstate.tf",
    ],
)
def test_no_state(path: str) -> None:
    assert not is_state(path)


@pytest.mark.parametrize(
    "path",
    [
        "secrets-backup/prod.txt",
        "ops/Secrets-Backup/2025/database.sql",
        "secrets-backup/a.md",
        "secret_backups/x",
        ".env",
        "apps/web/.env",
        ".env.production",
        ".env.local",
        ".env-staging",
        "config/prod.env",
        ".ENV",
        "server.pem",
        "ca-key.pem",
        "ca.private.pem",
        "tls.key",
        "ca.key",
        "AuthKey_AB12.p8",
        "push.p12",
        "push.PFX",
        "bastion.ppk",
        "app.jks",
        "release.keystore",
        "team.kdbx",
        "id_rsa",
        ".ssh/id_ed25519",
        "id_ecdsa_sk",
        "deploy_id_rsa",
        "id_rsa.old",
        "credentials",
        ".aws/credentials",
        "credentials.json",
        "gcp-credentials.json",
        "aws_credentials.csv",
        ".git-credentials",
        "alice_accessKeys.csv",
        "rootkey.csv",
        ".netrc",
        ".pgpass",
        ".htpasswd",
        "-id_rsa",
        "a\nb.pem",
        '".key',
        ".env.\nlocal",
    ],
)
def test_a_secret(path: str) -> None:
    assert is_secret_file(path)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        ".env.sample",
        ".env.template",
        ".env.production.example",
        ".env-example",
        ".env.EXAMPLE",
        "example.env",
        ".env.d.ts",
        "vite-env.d.ts",
        "config/prod.env.js",
        ".environment",
        "environment.ts",
        ".env.vault",
        ".env/activate",
        "public.pem",
        "jwt-public-key.pem",
        "global-bundle.pem",
        "rds-ca-2019.pem",
        "fullchain.pem",
        "id_rsa.pub",
        "id_ed25519.pub",
        "valid_rsa",
        "id_rsa_test.go",
        "keys.py",
        "monkey",
        "credentials.ts",
        "credentials.md",
        "config/credentials.yml.enc",
        "mycredentialsstore.json",
        "secrets-backup",
        "scripts/secrets-backup.sh",
        "docs/secrets-backup/README.md",
        "secrets-backup/.gitkeep",
        "turnkey.csv",
        "translations/password.json",
    ],
)
def test_no_secret(path: str) -> None:
    assert not is_secret_file(path)
