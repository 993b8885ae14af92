"""The task token: whoever has it may answer for the approvers, so that it is stored encrypted only."""

import base64
import os

from functions.core.aws import Session


def sealed(aws: Session, token: str, incident: str, round_number: int) -> str:
    """Encrypt a token for one question of one incident, as Base64."""
    answer = aws.client("kms").encrypt(
        KeyId=os.environ["TOKEN_KEY"], Plaintext=token.encode(), EncryptionContext=_context(incident, round_number)
    )
    return base64.b64encode(answer["CiphertextBlob"]).decode()


def opened(aws: Session, token: str, incident: str, round_number: int) -> str:
    """Decrypt a token; one that was moved to another question does not open."""
    answer = aws.client("kms").decrypt(
        KeyId=os.environ["TOKEN_KEY"],
        CiphertextBlob=base64.b64decode(token),
        EncryptionContext=_context(incident, round_number),
    )
    return bytes(answer["Plaintext"]).decode()


def _context(incident: str, round_number: int) -> dict[str, str]:
    return {"incident": incident, "round": str(round_number)}
