"""CloudFormation: more resource types, and a loud failure where a template asks for what is not simulated."""

from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import CloudFormationError, UnformattedGetAttTemplateException, ValidationError
from moto.core.common_models import CloudFormationModel
from moto.dynamodb.models.table import Table

from sandbox.clients import client
from sandbox.patches.replaced import replace
from sandbox.patches.resource_types import TYPES, Properties, ResourceType

_WITHOUT_EFFECT = ("AWS::CDK::Metadata", "AWS::CloudFormation::WaitConditionHandle")


def install() -> None:
    """Register the types; refuse unknown ones, updates that moto would skip, and tables' settings that it drops."""
    kinds = [_model(kind) for kind in TYPES] + [_model(_nothing(name)) for name in _WITHOUT_EFFECT]
    for kind in kinds:
        parsing.get_model_map()[kind.cloudformation_type()] = kind
        parsing.get_name_type_map()[kind.cloudformation_type()] = kind.cloudformation_name_type()
    replace(parsing, "resource_class_from_type", _resource_class)
    replace(parsing, "parse_and_create_resource", _create)
    replace(parsing, "parse_and_update_resource", _update)
    replace(Table, "create_from_cloudformation_json", staticmethod(_create_table))


class _ApiResource(CloudFormationModel):
    """A resource that an API call made; kind is its type."""

    kind: ResourceType

    def __init__(self, physical_resource_id: str, properties: Properties) -> None:
        self.physical_resource_id = physical_resource_id
        self.properties = properties

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in cls.kind.attributes

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if attribute_name not in self.kind.attributes:
            raise UnformattedGetAttTemplateException
        return self.kind.attributes[attribute_name](self.physical_resource_id, self.properties)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], *_: Any, **__: Any
    ) -> "_ApiResource":
        properties = cloudformation_json["Properties"]
        return cls(cls.kind.put(resource_name, properties), properties)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: dict[str, Any], *_: Any, **__: Any
    ) -> "_ApiResource":
        named = cls.kind.name_property in cloudformation_json["Properties"]
        if cls.kind.recreate or (named and new_resource_name != original_resource.physical_resource_id):
            original_resource.delete("", "")
        name = new_resource_name if named else original_resource.physical_resource_id
        return cls.create_from_cloudformation_json(name, cloudformation_json)

    def delete(self, _account_id: str, _region_name: str) -> None:
        self.kind.delete(self.physical_resource_id, self.properties)


def _model(resource_type: ResourceType) -> type[_ApiResource]:
    class Model(_ApiResource):
        kind = resource_type

        @staticmethod
        def cloudformation_type() -> str:
            return resource_type.name

        @staticmethod
        def cloudformation_name_type() -> str:
            return resource_type.name_property

    return Model


def _nothing(name: str) -> ResourceType:
    return ResourceType(name, lambda resource_name, _: resource_name, lambda _name, _properties: None)


def _resource_class(resource_type: str) -> type[CloudFormationModel]:
    known: type[CloudFormationModel] | None = parsing.get_model_map().get(resource_type)
    if known is None:
        message = f"The sandbox does not simulate {resource_type}: add it to sandbox/patches/resource_types.py"
        raise ValidationError(message=message)
    return known


def _create(logical_id: str, resource_json: dict[str, Any], *arguments: Any, **options: Any) -> Any:
    """Create a resource; name it in whatever error there is, so that `cdk deploy` shows which one failed."""
    try:
        return replace.original(parsing, "parse_and_create_resource")(logical_id, resource_json, *arguments, **options)
    except CloudFormationError:
        raise
    except Exception as error:
        raise ValidationError(message=f"{logical_id} ({resource_json['Type']}): {error}") from error


def _update(logical_id: str, resource_json: dict[str, Any], *arguments: Any, **options: Any) -> Any:
    resource = replace.original(parsing, "parse_and_update_resource")(logical_id, resource_json, *arguments, **options)
    if resource is None:
        message = (
            f"The sandbox cannot update {logical_id} ({resource_json['Type']}): delete the stack and deploy it anew"
        )
        raise ValidationError(message=message)
    return resource


def _create_table(
    resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
    **options: Any,
) -> Table:
    create = replace.original(Table, "create_from_cloudformation_json")
    table: Table = create(resource_name, cloudformation_json, account_id, region_name, **options)
    properties = cloudformation_json["Properties"]
    dynamodb = client("dynamodb")
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        dynamodb.update_continuous_backups(TableName=table.name, PointInTimeRecoverySpecification=recovery)
    if expiry := properties.get("TimeToLiveSpecification"):
        dynamodb.update_time_to_live(TableName=table.name, TimeToLiveSpecification=expiry)
    return table
