"""SSM Run Command as on AWS: documents validated, scripts really run on the hosts of the sandbox.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
"""

import datetime
import json
from typing import Any, NoReturn

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.ssm.models import Document, SimpleSystemManagerBackend, ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse

from sandbox.account import home
from sandbox.clients import client
from sandbox.context import current
from sandbox.patches.replaced import replace
from sandbox.ssm_command import Command
from sandbox.ssm_parameters import InvalidParameters
from sandbox.untyped import Model

_REPLACED = {"Name", "Content", "DocumentType", "DocumentFormat", "TargetType", "VersionName", "Tags", "Requires"}


def install() -> None:
    """Let the operations act on the sandbox's hosts; let CloudFormation put documents as anybody else does."""
    response: Any = SimpleSystemManagerResponse
    response.send_command = _send_command
    response.get_command_invocation = _get_command_invocation
    response.list_command_invocations = _list_command_invocations
    response.cancel_command = _cancel_command
    response.describe_instance_information = _describe_instance_information
    replace(Document, "cloudformation_name_type", staticmethod(_name_property))
    replace(Document, "create_from_cloudformation_json", staticmethod(_create_document))
    replace(Document, "update_from_cloudformation_json", staticmethod(_update_document))


def _send_command(self: Model) -> ActionResult:
    asked = json.loads(self.body)
    documents = self.ssm_backend._documents.get(asked["DocumentName"].rsplit("document/", 1)[-1])
    if documents is None:
        _refuse("InvalidDocument", f"Document with name {asked['DocumentName']} does not exist.")
    document = documents.find(asked.get("DocumentVersion", "").replace("$DEFAULT", ""))
    nodes = _nodes(asked)
    bad = [node for node in nodes if node not in current().hosts or not current().hosts[node].online]
    if bad or not nodes:
        text = f"Instances [[{', '.join(bad)}]] not in a valid state for account {self.current_account}"
        _refuse("InvalidInstanceId", text)
    try:
        command = Command(document, asked, nodes)
    except InvalidParameters as error:
        _refuse("InvalidParameters", str(error))
    self.ssm_backend._commands.append(command)
    for invocation in command.invocations:
        current().background.run(invocation.run, current().hosts[invocation.node], current().background.sleep)
    return ActionResult({"Command": command.response_object()})


def _get_command_invocation(self: Model) -> ActionResult:
    node = self._get_param("InstanceId")
    command = _command(self.ssm_backend, self._get_param("CommandId"))
    step = self._get_param("PluginName")
    found = [one for one in command.invocations if one.node == node and one.visible and step in (None, command.step)]
    if not found:
        _refuse("InvocationDoesNotExist", "")
    return ActionResult(found[0].described())


def _list_command_invocations(self: Model) -> ActionResult:
    wanted, node = self._get_param("CommandId"), self._get_param("InstanceId")
    commands = [_command(self.ssm_backend, wanted)] if wanted else list(self.ssm_backend._commands)
    if unknown := self._get_param("Filters"):
        raise NotImplementedError(f"ListCommandInvocations with Filters {unknown}")
    found = [one for command in commands for one in command.invocations if one.visible and node in (None, one.node)]
    details = bool(self._get_param("Details"))
    return ActionResult({"CommandInvocations": [one.listed(details=details) for one in found]})


def _cancel_command(self: Model) -> ActionResult:
    nodes = self._get_param("InstanceIds")
    for invocation in _command(self.ssm_backend, self._get_param("CommandId")).invocations:
        if not nodes or invocation.node in nodes:
            invocation.cancel()
    return EmptyResult()


def _describe_instance_information(self: Model) -> ActionResult:
    wanted: list[set[str]] = []
    for one in [*(self._get_param("Filters") or []), *(self._get_param("InstanceInformationFilterList") or [])]:
        if one.get("Key", one.get("key")) != "InstanceIds":
            raise NotImplementedError(f"DescribeInstanceInformation filtered by {one}")
        wanted.append(set(one.get("Values", one.get("valueSet"))))
    hosts = [host for name, host in current().hosts.items() if all(name in names for names in wanted)]
    return ActionResult({"InstanceInformationList": [_node(host) for host in hosts]})


def _node(host: Model) -> dict[str, Any]:
    managed = host.instance_id.startswith("mi-")
    return {
        "InstanceId": host.instance_id,
        "PingStatus": "Online" if host.online else "ConnectionLost",
        "LastPingDateTime": datetime.datetime.fromtimestamp(host.last_ping, datetime.UTC),
        "AgentVersion": "3.3.2299.0",
        "IsLatestVersion": True,
        "PlatformType": "Linux",
        "PlatformName": "Amazon Linux",
        "PlatformVersion": "2023",
        "ResourceType": "ManagedInstance" if managed else "EC2Instance",
        "IPAddress": host.address,
        "ComputerName": f"ip-{host.address.replace('.', '-')}.{home()}.compute.internal",
        "SourceId": host.instance_id,
        "SourceType": "AWS::SSM::ManagedInstance" if managed else "AWS::EC2::Instance",
    }


def _nodes(asked: dict[str, Any]) -> list[str]:
    nodes = list(asked.get("InstanceIds") or [])
    for target in asked.get("Targets") or []:
        if target["Key"] != "InstanceIds":
            raise NotImplementedError(f"SendCommand to targets by {target['Key']}")
        nodes += target["Values"]
    return list(dict.fromkeys(nodes))


def _command(backend: SimpleSystemManagerBackend, command_id: str) -> Command:
    commands: list[Any] = backend._commands
    found: list[Command] = [command for command in commands if command.command_id == command_id]
    if not found:
        _refuse("InvalidCommandId", "")
    return found[0]


def _name_property() -> str:
    return "Name"


def _create_document(
    resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
) -> Document:
    given = {key: value for key, value in cloudformation_json["Properties"].items() if key in _REPLACED}
    content = given["Content"]
    whole = {**given, "Name": resource_name, "Content": content if isinstance(content, str) else json.dumps(content)}
    client("ssm", region=region_name).create_document(**{"DocumentType": "Command", "DocumentFormat": "JSON", **whole})
    return _document(resource_name, account_id, region_name)


def _update_document(
    original_resource: Document,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> Document:
    """Replace it, or with UpdateMethod NewVersion let what is sent from now on take the new version."""
    ssm, properties = client("ssm", region=region_name), cloudformation_json["Properties"]
    name = original_resource.name
    if properties.get("UpdateMethod") != "NewVersion" or properties.get("Name", name) != name:
        ssm.delete_document(Name=name)
        return _create_document(new_resource_name or name, cloudformation_json, account_id, region_name)
    content = properties["Content"]
    text = content if isinstance(content, str) else json.dumps(content)
    if text != original_resource.content:
        kind = properties.get("DocumentFormat", "JSON")
        made = ssm.update_document(Name=name, Content=text, DocumentFormat=kind, DocumentVersion="$LATEST")
        version = made["DocumentDescription"]["DocumentVersion"]
        ssm.update_document_default_version(Name=name, DocumentVersion=version)
    return _document(name, account_id, region_name)


def _document(name: str, account_id: str, region_name: str) -> Document:
    found: Document = ssm_backends[account_id][region_name]._documents[name].get_default_version()
    return found


def _refuse(code: str, message: str) -> NoReturn:
    raise JsonRESTError(code, message)
