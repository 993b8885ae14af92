"""What its audit finds wrong in Huntaze's account: an incident for each signal, called as its check and the signal are.

And what its app can suffer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sandbox.huntaze import (
    backups,
    caches,
    containers,
    databases,
    edge,
    entrance,
    hosting,
    mail,
    messages,
    network,
    people,
    registry,
    watching,
)
from sandbox.incidents.incident import Incident
from statemachines.model import AUDIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.huntaze.system import Huntaze
    from sandbox.huntaze.undo import Undo


def _wrong(name: str, title: str, change: Callable[[Undo], None]) -> Incident[Huntaze]:
    return Incident(name, title, lambda huntaze: change(huntaze.undo), runbook=AUDIT)


def _app(name: str, title: str, change: Callable[[Huntaze], None]) -> Incident[Huntaze]:
    return Incident(f"app-{name}", title, change, runbook="app_health")


WRONG = (
    _wrong("access_keys-root-keys", "The root user has an access key", people.root_keys),
    _wrong("access_keys-old-keys", "A program's access key is months old", people.old_keys),
    _wrong("mfa-root-without-mfa", "The root user has no MFA device", people.root_without_mfa),
    _wrong("mfa-users-without-mfa", "A person has no MFA device", people.users_without_mfa),
    _wrong("app_variables-aws-keys", "Keys of AWS are in the app's variables", hosting.aws_keys),
    _wrong("app_variables-secret-names", "A secret is in the variables of a branch", hosting.secret_names),
    _wrong("task_variables-aws-keys", "Keys of AWS are in a task definition", containers.aws_keys),
    _wrong("task_variables-secret-names", "A secret is in a task definition", containers.secret_names),
    _wrong("databases-short-retention", "The database keeps backups for a day only", databases.short_retention),
    _wrong("databases-unencrypted", "A database is not encrypted", databases.unencrypted),
    _wrong("databases-single-zone", "The database is in one zone only", databases.single_zone),
    _wrong("databases-public", "The database has a public address", databases.public),
    _wrong("snapshots-too-old", "A database has no recent snapshot", databases.snapshots_too_old),
    _wrong("snapshots-no-manual", "A database has no manual snapshot", databases.no_manual_snapshot),
    _wrong("redis_snapshots-too-old", "Redis has no recent snapshot", caches.snapshots_too_old),
    _wrong("backup_plans-none", "There is no plan of AWS Backup", backups.none),
    _wrong("redis-single-zone", "Redis is in one zone only", caches.single_zone),
    _wrong("redis-no-failover", "Redis does not fail over", caches.no_failover),
    _wrong("redis-unencrypted-at-rest", "Redis is not encrypted at rest", caches.unencrypted_at_rest),
    _wrong("redis-unencrypted-in-transit", "Redis is not encrypted in transit", caches.unencrypted_in_transit),
    _wrong("redis_nodes-alone", "A Redis node is in no group", caches.node_alone),
    _wrong("listeners-single-zone", "The load balancer is in one zone only", entrance.single_zone),
    _wrong("listeners-no-https", "A load balancer does not listen for HTTPS", entrance.no_https),
    _wrong("listeners-no-redirect", "The load balancer answers HTTP by itself", entrance.no_redirect),
    _wrong("dns-none", "Route 53's health check is disabled", edge.no_health_check),
    _wrong("certificates-expires-soon", "The certificate ends in a few weeks", entrance.expires_soon),
    _wrong("certificates-not-renewed", "ACM cannot renew the certificate", entrance.not_renewed),
    _wrong("target_groups-unhealthy", "A target fails its health check", entrance.unhealthy),
    _wrong("distributions-plain-http", "CloudFront answers HTTP", edge.plain_http),
    _wrong("images-critical-findings", "An image has a critical hole", registry.critical_findings),
    _wrong("images-never-scanned", "The newest image was never scanned", registry.never_scanned),
    _wrong("images-no-scan-on-push", "Images are not scanned when they are pushed", registry.no_scan_on_push),
    _wrong("firewalls-open-admin", "A security group lets the world in to SSH", network.open_admin),
    _wrong("firewalls-open-ports", "A security group lets the world in to a debugger", network.open_ports),
    _wrong("addresses-public-ip", "Tasks have public addresses", containers.public_ip),
    _wrong("buckets-public", "A bucket does not block public access", edge.buckets_public),
    _wrong("mail-sandbox", "The account is in SES's sandbox", mail.sandbox),
    _wrong("mail-sending-off", "SES has paused sending", mail.sending_off),
    _wrong("senders-unverified", "An address is not verified", mail.unverified),
    _wrong("senders-no-dkim", "The domain's mail is not signed", mail.no_dkim),
    _wrong("senders-no-mail-from", "The domain has no MAIL FROM domain", mail.no_mail_from),
    _wrong("senders-no-domain", "The domain's identity was deleted", mail.no_domain),
    *(
        _wrong(f"alarms-no-{kind}-alarm", f"The alarms on {of} were deleted", partial(watching.no_alarm, kind))
        for kind, of in (
            ("alb", "load balancers"),
            ("ecs", "ECS services"),
            ("rds", "databases"),
            ("redis", "Redis"),
            ("sqs", "queues"),
        )
    ),
    _wrong("alarms-deaf", "An alarm tells nobody", watching.deaf),
    _wrong("logs-no-retention", "A log group keeps its events for ever", watching.no_retention),
    _wrong("queues-dead-letters", "A job waits in the dead-letter queue", messages.dead_letters),
    _wrong("rules-disabled", "A rule of EventBridge is disabled", messages.disabled),
)
INCIDENTS = (
    *WRONG,
    _app("unreachable", "The app's name leads nowhere", lambda huntaze: huntaze.site.break_reach()),
    _app("dead", "The app lacks a variable that it cannot do without", lambda huntaze: huntaze.site.break_liveness()),
    _app("database", "The app cannot connect to its database", lambda huntaze: huntaze.site.break_database()),
    _app("auth", "The app's sign-in does not work", lambda huntaze: huntaze.site.break_auth()),
    _app("config", "The app lacks a variable that it can do without", lambda huntaze: huntaze.site.break_config()),
    _app("cache", "The app has lost its cache", lambda huntaze: huntaze.site.break_overall()),
)
