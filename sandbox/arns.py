"""Which resource an API call is about: the ARN that IAM compares with a policy's Resource element.

From the Service Authorization Reference, for the actions that operations of services use. An action that is missing
here is checked by its name alone. "*" marks actions that know no resources: a policy that names one never allows them.
"""

import re
from collections.abc import Mapping
from typing import Any

from moto.secretsmanager import secretsmanager_backends

from sandbox.account import ACCOUNT
from sandbox.kms_keys import key_arn

_EC2_GROUP = "arn:aws:ec2:{region}:{account}:security-group/{GroupId}"
_ECS_SERVICE = "arn:aws:ecs:{region}:{account}:service/{cluster}/{service}"
_TABLE = "arn:aws:dynamodb:{region}:{account}:table/{TableName}"
_QUEUE = "arn:aws:sqs:{region}:{account}:{QueueUrl}"
_LOGS = "arn:aws:logs:{region}:{account}:log-group:{logGroupName}:*"
_REPOSITORY = "arn:aws:ecr:{region}:{account}:repository/{repositoryName}"
_ZONE = "arn:aws:route53:::hostedzone/{HostedZoneId}"
_PARAMETER = "arn:aws:ssm:{region}:{account}:parameter/{path}"
_REDIS = "arn:aws:elasticache:{region}:{account}:replicationgroup:{ReplicationGroupId}"
_USER = "arn:aws:iam::{account}:user/{UserName}"
_BRANCHES = "arn:aws:amplify:{region}:{account}:apps/{appId}/branches"
_NO_RESOURCE = re.compile(r"(ec2|elasticloadbalancing|cloudwatch|autoscaling):(Describe|Get|List|Put)\w+")
_OF_ACCOUNT = (  # that know no resource either
    *("backup:ListBackupPlans", "cloudfront:ListDistributions", "ecr:GetRegistryScanningConfiguration"),
    *("ecs:ListClusters", "ecs:ListServices", "ecs:ListTaskDefinitionFamilies", "events:ListRules"),
    *("iam:GetAccountSummary", "iam:ListRoles", "iam:ListUsers", "logs:DescribeLogGroups"),
    *("route53:ListHealthChecks", "s3:GetAccountPublicAccessBlock", "s3:ListAllMyBuckets"),
    *("ses:GetAccount", "ses:ListEmailIdentities", "sqs:ListQueues"),
)

_ALL_OR_NAMED = {  # of all, where the call names none
    "ecr:DescribeRepositories": "arn:aws:ecr:{region}:{account}:repository/{repositoryNames}",
    "elasticache:DescribeCacheClusters": "arn:aws:elasticache:{region}:{account}:cluster:{CacheClusterId}",
    "elasticache:DescribeReplicationGroups": _REDIS,
    "elasticache:DescribeSnapshots": "arn:aws:elasticache:{region}:{account}:snapshot:{SnapshotName}",
    "rds:DescribeDBInstances": "arn:aws:rds:{region}:{account}:db:{DBInstanceIdentifier}",
    "rds:DescribeDBSnapshots": "arn:aws:rds:{region}:{account}:snapshot:{DBSnapshotIdentifier}",
}
_TEMPLATES = {
    **_ALL_OR_NAMED,
    **dict.fromkeys(_OF_ACCOUNT, "*"),
    "amplify:GetApp": "arn:aws:amplify:{region}:{account}:apps/{appId}",
    "amplify:ListBranches": f"{_BRANCHES}/*",
    "amplify:GetBranch": f"{_BRANCHES}/{{branchName}}",
    "amplify:ListJobs": f"{_BRANCHES}/{{branchName}}/jobs/*",
    "iam:ListAccessKeys": _USER,
    "iam:GetLoginProfile": _USER,
    "iam:ListMFADevices": _USER,
    "ses:GetEmailIdentity": "arn:aws:ses:{region}:{account}:identity/{EmailIdentity}",
    "s3:GetBucketPublicAccessBlock": "arn:aws:s3:::{Bucket}",
    "ecs:DescribeClusters": "arn:aws:ecs:{region}:{account}:cluster/{clusters}",
    "ecs:CreateService": "arn:aws:ecs:{region}:{account}:service/{cluster}/{serviceName}",
    "ecs:UpdateService": _ECS_SERVICE,
    "ecs:DeleteService": _ECS_SERVICE,
    "ecs:DescribeServices": "arn:aws:ecs:{region}:{account}:service/{cluster}/{services}",
    "ecs:DescribeTasks": "arn:aws:ecs:{region}:{account}:task/{cluster}/{tasks}",
    "ecs:StopTask": "arn:aws:ecs:{region}:{account}:task/{cluster}/{task}",
    "ecs:DescribeTaskDefinition": "*",
    "ecs:ListTaskDefinitions": "*",
    "ecs:RegisterTaskDefinition": "arn:aws:ecs:{region}:{account}:task-definition/{family}:*",
    "acm:ListCertificates": "*",
    "acm:DescribeCertificate": "{CertificateArn}",
    "acm:GetCertificate": "{CertificateArn}",
    "acm:RequestCertificate": "arn:aws:acm:{region}:{account}:certificate/*",
    "route53:GetHostedZone": _ZONE,
    "route53:ListResourceRecordSets": _ZONE,
    "route53:ChangeResourceRecordSets": _ZONE,
    "secretsmanager:DescribeSecret": "{SecretId}",
    "ec2:AuthorizeSecurityGroupIngress": _EC2_GROUP,
    "ec2:RevokeSecurityGroupIngress": _EC2_GROUP,
    "elasticloadbalancing:ModifyTargetGroup": "{TargetGroupArn}",
    "elasticloadbalancing:ModifyRule": "{RuleArn}",
    "elasticloadbalancing:ModifyListener": "{ListenerArn}",
    "elasticloadbalancing:RegisterTargets": "{TargetGroupArn}",
    "elasticloadbalancing:DeregisterTargets": "{TargetGroupArn}",
    "logs:FilterLogEvents": _LOGS,
    "logs:StartQuery": _LOGS,
    "logs:GetLogEvents": _LOGS,
    "logs:DescribeLogStreams": _LOGS,
    "ecr:DescribeImages": _REPOSITORY,
    "ecr:BatchGetImage": _REPOSITORY,
    "ecr:ListImages": _REPOSITORY,
    "ecr:DescribeImageScanFindings": _REPOSITORY,
    "states:StartExecution": "{stateMachineArn}",
    "states:ListExecutions": "{stateMachineArn}",
    "states:DescribeStateMachine": "{stateMachineArn}",
    "states:DescribeExecution": "{executionArn}",
    "states:StopExecution": "{executionArn}",
    "ssm:GetCommandInvocation": "*",
    "ssm:CancelCommand": "*",
    "ssm:ListCommands": "*",
    "ssm:ListCommandInvocations": "*",
    "ssm:DescribeInstanceInformation": "*",
    "lambda:InvokeFunction": "arn:aws:lambda:{region}:{account}:function:{FunctionName}",
    "cloudtrail:LookupEvents": "*",
    "sns:Publish": "{TopicArn}",
    "sns:ListSubscriptionsByTopic": "{TopicArn}",
    "sqs:SendMessage": _QUEUE,
    "sqs:ReceiveMessage": _QUEUE,
    "sqs:DeleteMessage": _QUEUE,
    "sqs:GetQueueAttributes": _QUEUE,
    "s3:GetObject": "arn:aws:s3:::{Bucket}/{Key}",
    "s3:PutObject": "arn:aws:s3:::{Bucket}/{Key}",
    "s3:DeleteObject": "arn:aws:s3:::{Bucket}/{Key}",
    "s3:ListBucket": "arn:aws:s3:::{Bucket}",
    **{
        f"dynamodb:{operation}": _TABLE
        for operation in (
            "GetItem",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "Scan",
            "DescribeTable",
            "ConditionCheckItem",
        )
    },
}
_PARAMETERS = {f"ssm:{operation}" for operation in ("GetParameter", "GetParameters", "GetParameterHistory")} | {
    f"ssm:{operation}" for operation in ("PutParameter", "DeleteParameter", "DeleteParameters")
}


def resources(action: str, parameters: Mapping[str, Any], region: str) -> list[str | None]:
    """Return the ARNs that the call needs permission for; [None] where they are not known."""
    if action in _READERS:
        return _READERS[action](parameters, region)
    if action.startswith("kms:"):
        return [key_arn(parameters, region)]
    if action in _PARAMETERS:
        names = parameters.get("Names") or [parameters["Name"]]
        return [_arn(_PARAMETER, {"path": _parameter_path(name)}, region) for name in names]
    template = _TEMPLATES.get(action, "*" if _NO_RESOURCE.fullmatch(action) else None)
    if template is None:
        return [None]
    fields = re.findall(r"{(\w+)}", template)
    if action in _ALL_OR_NAMED:
        parameters = {fields[-1]: "*", **parameters}
    many = next((n for n in fields if isinstance(parameters.get(n), list)), None)
    if many:
        return [_arn(template, {**parameters, many: one}, region) for one in parameters[many]]
    return [_arn(template, parameters, region)]


def _queried(parameters: Mapping[str, Any], region: str) -> list[str | None]:
    index = f"/index/{parameters['IndexName']}" if parameters.get("IndexName") else ""
    return [_arn(_TABLE + index, parameters, region)]


def _secret(parameters: Mapping[str, Any], region: str) -> list[str | None]:
    """Return a secret's ARN, which ends in six characters of AWS's choice; a name as it is where there is none."""
    found = secretsmanager_backends[ACCOUNT][region].secrets.get(parameters["SecretId"])
    return [found.arn if found else str(parameters["SecretId"])]


def _commanded(parameters: Mapping[str, Any], region: str) -> list[str | None]:
    """Return the document's ARN and each node's: whoever sends a command needs all of them."""
    document = str(parameters["DocumentName"])
    owner = "" if document.startswith(("AWS-", "AmazonEKS-")) else ACCOUNT
    whole = document if document.startswith("arn:") else f"arn:aws:ssm:{region}:{owner}:document/{document}"
    chosen = [one["Values"] for one in parameters.get("Targets") or [] if one["Key"] == "InstanceIds"]
    nodes = [*(parameters.get("InstanceIds") or []), *(node for values in chosen for node in values)]
    return [whole, *(_node(node, region) for node in nodes)] if nodes else [whole, None]


def _node(node: str, region: str) -> str:
    managed = node.startswith("mi-")
    kind = "ssm" if managed else "ec2"
    return f"arn:aws:{kind}:{region}:{ACCOUNT}:{'managed-instance' if managed else 'instance'}/{node}"


def _arn(template: str, parameters: Mapping[str, Any], region: str) -> str | None:
    values = {"region": region, "account": ACCOUNT, **parameters}
    fields = re.findall(r"{(\w+)}", template)
    if any(values.get(field) is None for field in fields):
        return None
    if re.fullmatch(r"{\w+}", template):
        return str(values[fields[0]])
    return template.format(**{field: _name(str(values[field])) for field in fields})


def _parameter_path(name: str) -> str:
    """Return a parameter's name as its ARN has it: without the first slash, and without a version's selector."""
    plain = name.partition(":parameter/")[2] if name.startswith("arn:") else name
    return plain.removeprefix("/").partition(":")[0]


def _name(value: str) -> str:
    """Return the last part of an ARN or of a queue's address; a name as it is."""
    return re.split(r"[/:]", value)[-1] if value.startswith(("arn:", "http")) else value


_READERS = {"dynamodb:Query": _queried, "ssm:SendCommand": _commanded, "secretsmanager:GetSecretValue": _secret}
