"""The names in a service file's `resources` that the sandbox builds."""

import pydantic


class Resources(pydantic.BaseModel):
    """One service's resources."""

    cluster: str
    ecs_service: str
    target_group: str
    agent_target_group: str
    load_balancer: str
    load_balancer_security_group: str
    task_security_group: str
    container: str
    container_port: int
    https_port: int
    host: str
    health_path: str
    webhook_path: str
    health_url: str
    webhook_url: str
    meta_url: str
    hosted_zone: str
    openai_reference: str
    log_group: str
    repository: str
    desired_count: int
    task_definition: str
    subnets: list[str]
