"""The runbook's own commands, as an engineer would type them one after another.

Source: Vancelian App (ganopa-bot), runbook 2, "Checks CLI" and "Validation". Corrected where the document is wrong: its
`xargs -I {}` hands two task ARNs over as one argument and loses one; `jq`, which only indents, is left out.
"""

REGION = "--region me-central-1"
CLUSTER = "--cluster vancelian-dev-api-cluster"
TARGET_GROUP = f"""TG_ARN=$(aws elbv2 describe-target-groups {REGION} \\
  --query 'TargetGroups[?contains(TargetGroupName, `ganopa`)].TargetGroupArn' --output text | head -1)
"""

CHECKS = {
    "target group": f"""{TARGET_GROUP}aws elbv2 describe-target-health {REGION} --target-group-arn "${{TG_ARN}}" \\
  --output json \\
  --query 'TargetHealthDescriptions[*].{{target:Target.Id,health:TargetHealth.State,reason:TargetHealth.Reason}}'""",
    "service": f"""aws ecs describe-services {REGION} {CLUSTER} --services ganopa-dev-bot-svc \\
  --output json \\
  --query 'services[0].{{status:status,desired:desiredCount,running:runningCount,pending:pendingCount}}'""",
    "stopped tasks": f"""TASKS=$(aws ecs list-tasks {REGION} {CLUSTER} --service-name ganopa-dev-bot-svc \\
  --desired-status STOPPED --max-results 5 --query 'taskArns[]' --output text)
[ -z "$TASKS" ] || aws ecs describe-tasks {REGION} {CLUSTER} --tasks $TASKS \\
  --output json \\
  --query 'tasks[].{{stoppedReason:stoppedReason,containers:containers[*].{{name:name,reason:reason}}}}'""",
}

VALIDATION = {
    "health": "curl -s -m 5 -o /dev/null -w '%{http_code}' https://api.maisonganopa.com/health",
    "webhook": "curl -s -m 5 -o /dev/null -w '%{http_code}' https://api.maisonganopa.com/telegram/webhook",
    "targets": f"""{TARGET_GROUP}aws elbv2 describe-target-health {REGION} --target-group-arn "${{TG_ARN}}" \\
  --query 'TargetHealthDescriptions[*].TargetHealth.State' --output text""",
}
