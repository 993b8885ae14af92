"""Synthesizes one stack for each file in services/, and one for the kill switch of all."""

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.app import stacks
from infra.package import BuildError
from statemachines import load


def main() -> None:
    """Synthesize; what is wrong in a file is said in a sentence."""
    app = App()
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        stacks(app, load.services().values(), load.runbooks(), load.audits())
    except (load.FileError, BuildError) as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
