"""ELBv2 as on AWS where moto differs: targets are known by id and port, and their health is what probes found."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.acm import acm_backends
from moto.elbv2 import models
from moto.elbv2.exceptions import ELBClientError, InvalidTargetError, TargetGroupNotFoundError
from moto.elbv2.responses import ELBV2Response

from sandbox.lock import serialize
from sandbox.patches.replaced import replace
from sandbox.speed import sandbox_seconds
from sandbox.untyped import Model

SUFFIX = "50dc6c495c0c9188"  # AWS's is random; a service file names ARNs, so here it is always the same
REGISTERING = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
DRAINING = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
NOT_REGISTERED = ("unused", "Target.NotRegistered", "Target is not registered to the target group")


@dataclass
class Target:
    """One registered target; `due` and `gone_at` are monotonic seconds, `passed` and `failed` count probes in a row."""

    address: str
    port: int
    health: tuple[str, str | None, str | None] = REGISTERING
    passed: int = 0
    failed: int = 0
    due: float = 0.0
    since: float = field(default_factory=time.monotonic)
    gone_at: float | None = None


def targets_of(target_group: Model) -> dict[tuple[str, int], Target]:
    """Return the target group's targets, registered and draining, by (id, port)."""
    targets: dict[tuple[str, int], Target] = target_group.__dict__.setdefault("sandbox_targets", {})
    return targets


def register(self: Model, targets: list[dict[str, Any]]) -> None:
    """RegisterTargets: a target that is known already keeps its state, unless it was draining."""
    for target in targets:
        key = (target["Id"], int(target.get("Port") or self.port))
        known = targets_of(self).get(key)
        if known is None or known.gone_at is not None:
            targets_of(self)[key] = Target(*key)


def deregister(self: Model, targets: list[dict[str, Any]]) -> None:
    """DeregisterTargets: the target drains for the target group's deregistration delay."""
    delay = float(self.attributes["deregistration_delay.timeout_seconds"])
    for target in targets:
        known = targets_of(self).get((target["Id"], int(target.get("Port") or self.port)))
        if known is None:
            raise InvalidTargetError
        if known.gone_at is None:
            known.health, known.gone_at = DRAINING, time.monotonic() + sandbox_seconds(delay)


def describe_target_health(self: Model, target_group_arn: str, targets: list[dict[str, Any]]) -> list[Any]:
    """DescribeTargetHealth: of all targets, or of those asked for."""
    target_group = self.target_groups.get(target_group_arn)
    if target_group is None:
        raise TargetGroupNotFoundError
    known = targets_of(target_group)
    keys = [(target["Id"], int(target.get("Port") or target_group.port)) for target in targets] or list(known)
    return [_describe(target_group, key, known.get(key)) for key in keys]


def _describe(target_group: Model, key: tuple[str, int], target: Target | None) -> models.FakeHealthStatus:
    port = probe_port(target_group, key[1])
    health = target.health if target else NOT_REGISTERED
    return models.FakeHealthStatus(key[0], str(key[1]), str(port), *health)


def describe_target_groups(self: Model, *asked: Model) -> Model:
    """DescribeTargetGroups: each load balancer once, however many of its rules forward to the target group."""
    groups = replace.original(models.ELBv2Backend, "describe_target_groups")(self, *asked)
    for group in groups:
        group.load_balancer_arns = list(dict.fromkeys(group.load_balancer_arns))
    return groups


def modify_rule(self: Model, rule_arn: str, conditions: Model, actions: Model) -> Model:
    """ModifyRule: a target group that it forwards to is the load balancer's from then on."""
    rule = replace.original(models.ELBv2Backend, "modify_rule")(self, rule_arn, conditions, actions)
    balancer = next(one for one in self.load_balancers.values() if rule.listener_arn in one.listeners)
    for action in rule.actions:
        for arn in self._get_target_group_arns_from(action_data=action.data) if action.type == "forward" else []:
            self.target_groups[arn].load_balancer_arns.append(balancer.arn)
    return rule


def modify_listener(self: Model, arn: str, *more: Model) -> Model:
    """ModifyListener: its certificate is the default one, the others stay; only an issued one can be attached."""
    before = list(self.describe_listeners(None, [arn])[0].certificates)
    certificates = more[3] or []
    for given in certificates:
        _check_certificate(self, given["CertificateArn"])
    listener = replace.original(models.ELBv2Backend, "modify_listener")(self, arn, *more)
    if certificates:
        listener.certificates = [listener.certificate, *(one for one in before[1:] if one != listener.certificate)]
    return listener


def _check_certificate(self: Model, arn: str) -> None:
    known = acm_backends[self.account_id][self.region_name]._certificates.get(arn)
    if known and known.status not in ("ISSUED", "EXPIRED"):
        needed = "a fully-qualified domain name, a supported signature, and a supported key size"
        raise ELBClientError("UnsupportedCertificate", f"The certificate '{arn}' must have {needed}.")


def probe_port(target_group: Model, port: int) -> int:
    """Return the port that the health check of a target on `port` connects to."""
    return port if target_group.health_check_port == "traffic-port" else int(target_group.health_check_port)


def _default_certificate(arns: list[str]) -> list[dict[str, str]]:
    return [{"CertificateArn": arn} for arn in arns[:1]]


def _arn(kind: str) -> Callable[..., str]:
    def arn(account_id: str, name: str, region_name: str, **_: str) -> str:
        return f"arn:aws:elasticloadbalancing:{region_name}:{account_id}:{kind}/{name}/{SUFFIX}"

    return arn


def install() -> None:
    """Replace registration and health, and make ARNs repeatable."""
    serialize(ELBV2Response)
    replace(models.FakeTargetGroup, "register", register)
    replace(models.FakeTargetGroup, "deregister", deregister)
    replace(models.ELBv2Backend, "describe_target_health", describe_target_health)
    replace(models.ELBv2Backend, "describe_target_groups", describe_target_groups)
    replace(models.ELBv2Backend, "modify_rule", modify_rule)
    replace(models.ELBv2Backend, "modify_listener", modify_listener)
    transformers = ELBV2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER
    defaults = {name: _default_certificate for name in transformers if name.endswith(".Listener.Certificates")}
    replace(ELBV2Response, "RESPONSE_KEY_PATH_TO_TRANSFORMER", {**transformers, **defaults})
    replace(models, "make_arn_for_load_balancer", _arn("loadbalancer/app"))
    replace(models, "make_arn_for_target_group", _arn("targetgroup"))
