"""KMS: CloudFormation's keys can be described and updated; moto keeps their policy in a form that it cannot read."""

import json
from typing import Any

from moto.kms.models import Key

from sandbox.patches.replaced import replace

_CREATE = "create_from_cloudformation_json"


def install() -> None:
    """Keep policies as text, and a key's id through updates; offer its id as an attribute."""
    replace(Key, _CREATE, staticmethod(_create))
    replace(Key, "update_from_cloudformation_json", staticmethod(_update))
    replace(Key, "has_cfn_attr", staticmethod(lambda attr: attr in {"Arn", "KeyId"}))
    replace(Key, "get_cfn_attribute", _attribute)


def _create(resource_name: str, cloudformation_json: dict[str, Any], *arguments: Any, **options: Any) -> Key:
    key = replace.original(Key, _CREATE)(resource_name, cloudformation_json, *arguments, **options)
    return _set(key, cloudformation_json["Properties"])


def _update(original_resource: Key, cloudformation_json: dict[str, Any], **_: Any) -> Key:
    return _set(original_resource, cloudformation_json["Properties"])


def _set(key: Key, properties: dict[str, Any]) -> Key:
    key.policy = json.dumps(properties["KeyPolicy"])
    key.description = properties.get("Description") or ""
    key.key_rotation_status = properties.get("EnableKeyRotation", False)
    return key


def _attribute(self: Key, attribute_name: str) -> str:
    if attribute_name == "KeyId":
        return str(self.id)
    return str(replace.original(Key, "get_cfn_attribute")(self, attribute_name))
