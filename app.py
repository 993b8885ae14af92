"""Synthesizes one stack for each file in services/."""

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.package import BuildError
from infra.service_stack import ServiceStack
from statemachines import load


def main() -> None:
    """Synthesize; what is wrong in a file is said in a sentence."""
    app = App()
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        runbooks = load.runbooks()
        for service in load.services().values():
            ServiceStack(app, service, runbooks)
    except (load.FileError, BuildError) as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
