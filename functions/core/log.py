"""One structured logger for every function; each line carries the incident it belongs to."""

from aws_lambda_powertools import Logger

logger = Logger(service="runbooks")
