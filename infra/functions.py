"""The one place that makes Lambda functions: each with a role of its own that allows what is declared, nothing else."""

from collections.abc import Iterable, Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.core import catalogue
from functions.core.function import Function
from functions.core.template import names
from infra import package
from infra.grants import Grant, Use, Values, audited, grants, uses
from infra.nag import accept_wildcards
from statemachines.audit_model import Audit
from statemachines.model import Runbook, Service

SIZES = {"check": (256, 20), "fix": (256, 30), "workflow": (512, 20)}  # MB, seconds
RETENTION = logs.RetentionDays.THREE_MONTHS
VARIABLES = {
    "table": "INCIDENTS_TABLE",
    "topic": "NOTIFICATIONS_TOPIC",
    "operations": "OPERATIONS_TOPIC",
    "key": "TOKEN_KEY",
    "audits": "AUDITS_BUCKET",
}
TRACES = Grant(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), ("*",))
DISPATCH_MINUTES = 10
WATCHING, AUDITING = "workflow/report_watch", "workflow/report_audit"  # of a service that is watched, or audited
LARGE = (512, 120)  # MB, seconds, of checks that an audit makes of a whole account
READING = "60"  # seconds that these read; see functions/core/reading.py
STARTING = "kms:Decrypt"  # Lambda decrypts the environment as the role itself, which a grant of its own key allows
BY_EVENTS = {"dispatch", "tidy_up"}  # invoked without anybody who waits for the answer


class Functions(Construct):
    """The functions of a service: the checks and fixes of its runbooks, and every step of the chain.

    No concurrency is reserved: a new account has 10 in all, of which nothing can be set apart. What could use it up
    from outside, the approval page, is held back by its API's throttling.

    Args:
        scope: the stack.
        service: whose functions they are.
        runbooks: the runbooks it uses.
        audit: the audit it uses; None where it uses none.
        own: the stack's own resources that declarations name in braces, as ARNs.
        variables: the values of the environment variables that go with them, by the same names.
        dead_letters: where events go that a function failed on.
    """

    def __init__(
        self,
        scope: Construct,
        service: Service,
        runbooks: Iterable[Runbook],
        audit: Audit | None,
        own: Values,
        variables: Mapping[str, str],
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, "Functions")
        runbooks = list(runbooks)
        self._service, self._own, self._variables, self._dead_letters = service, own, variables, dead_letters
        self._code = lambda_.Code.from_asset(str(package.code(service, runbooks, audit)))
        self._layer = lambda_.LayerVersion(
            self,
            "Dependencies",
            code=lambda_.Code.from_asset(str(package.layer())),
            compatible_architectures=[lambda_.Architecture.ARM_64],
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_14],
            description=f"Pinned dependencies of {service.name}'s runbooks",
        )
        self._audited = audited(service, audit)
        used = uses(runbooks)
        for name, found in self._audited.items():
            used.setdefault(name, []).extend(found)
        wanted = _wanted(used, unwanted={WATCHING: not service.watch, AUDITING: not audit})
        self._made = {name: self._make(function, used.get(name, [])) for name, function in wanted.items()}

    def __getitem__(self, name: str) -> lambda_.Function:
        """Return a function by its kind and name, for example `check/target_health`."""
        return self._made[name]

    def arn(self, name: str) -> str:
        """Return a function's ARN, written out, so that a state machine can be read and validated as it stands."""
        service = self._service
        return f"arn:aws:lambda:{service.region}:{service.account}:function:{self._name(name)}"

    def _name(self, name: str) -> str:
        return f"{self._service.name}-{name.removeprefix('workflow/').replace('/', '-').replace('_', '-')}"

    def _make(self, function: Function, found: list[Use]) -> lambda_.Function:
        key = f"{function.kind}/{function.name}"
        memory, seconds = LARGE if key in self._audited else SIZES[function.kind]
        scope = Construct(self, key.replace("/", "-"))
        group = log_group(scope, f"/aws/lambda/{self._name(key)}")
        dispatching = function.name in BY_EVENTS
        allowed = grants(function, found, self._service, self._own)
        return lambda_.Function(
            scope,
            "Function",
            function_name=self._name(key),
            description=function.description[:256],
            handler=function.entry,
            code=self._code,
            layers=[self._layer],
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=memory,
            timeout=Duration.seconds(seconds),
            environment=self._environment(function),
            role=self._role(scope, allowed, group, dispatching=dispatching, reading=function.kind == "check"),
            log_group=group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            dead_letter_queue=self._dead_letters if dispatching else None,
            max_event_age=Duration.minutes(DISPATCH_MINUTES) if dispatching else None,
            retry_attempts=2 if dispatching else None,
        )

    def _environment(self, function: Function) -> dict[str, str]:
        named = names([permission.on for permission in (*function.permissions, *function.bookkeeping)])
        mine = {variable: self._variables[name] for name, variable in VARIABLES.items() if name in named}
        patient = {"READING_SECONDS": READING} if f"{function.kind}/{function.name}" in self._audited else {}
        return {"SERVICE": self._service.name, "SERVICE_LANGUAGE": self._service.language, **mine, **patient}

    def _role(
        self, scope: Construct, allowed: list[Grant], group: logs.LogGroup, *, dispatching: bool, reading: bool
    ) -> iam.IRole:
        logging = Grant(("logs:CreateLogStream", "logs:PutLogEvents"), (group.log_group_arn,))
        failing = [Grant(("sqs:SendMessage",), (self._dead_letters.queue_arn,))] if dispatching else []
        return role(scope, "lambda.amazonaws.com", [*allowed, logging, TRACES, *failing], sealed=reading)


def log_group(scope: Construct, name: str) -> logs.LogGroup:
    """Make a log group that goes with the stack: what has to outlive it is in the incident table."""
    return logs.LogGroup(scope, "Logs", log_group_name=name, retention=RETENTION, removal_policy=RemovalPolicy.DESTROY)


def role(scope: Construct, principal: str, allowed: list[Grant], *, sealed: bool = False) -> iam.IRole:
    """Make a role of one inline policy; nothing that is made with it can add to it.

    Of a sealed one everything else is denied, so that whoever attaches a policy to it by hand adds nothing either;
    but for what Lambda does to start the function, which a denial would stop although nothing here allows it.
    """
    statements = [iam.PolicyStatement(actions=list(one.actions), resources=list(one.resources)) for one in allowed]
    if sealed:
        spared = sorted({STARTING} | {action for one in allowed for action in one.actions})
        statements.append(iam.PolicyStatement(effect=iam.Effect.DENY, not_actions=spared, resources=["*"]))
    made = iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(principal),
        inline_policies={"declared": iam.PolicyDocument(statements=statements)},
    )
    accept_wildcards(made, allowed, reads=sealed)
    return made.without_policy_updates()


def _wanted(used: Mapping[str, list[Use]], unwanted: Mapping[str, bool]) -> dict[str, Function]:
    everything: list[Function] = [
        *catalogue.checks().values(),
        *catalogue.fixes().values(),
        *catalogue.steps().values(),
    ]
    named = {f"{function.kind}/{function.name}": function for function in everything}
    steps = {name for name in named if name.startswith("workflow/")} - {name for name, so in unwanted.items() if so}
    return {name: function for name, function in named.items() if name in used or name in steps}
