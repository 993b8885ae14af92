import pytest

from functions.checks.container_image import handler
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.functions.conftest import IMAGE, OF_SERVICE, REGISTRY, RunCheck, deploy, push, register

HOME = f"{REGISTRY}/ganopa-bot"
pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture(autouse=True)
def repository(operator: Session) -> str:
    """The repository; nothing was pushed."""
    operator.client("ecr").create_repository(repositoryName="ganopa-bot")
    return "ganopa-bot"


def look(run_check: RunCheck, repository: str = "ganopa-bot", container: str = "ganopa-bot") -> Finding:
    return run_check(handler, **OF_SERVICE, container=container, repository=repository)


def test_present(run_check: RunCheck, operator: Session) -> None:
    push(operator, "v1")
    finding = look(run_check)
    assert finding.signals == {"absent": False}
    assert finding.facts == {"image": IMAGE}


def test_absent(run_check: RunCheck, operator: Session) -> None:
    push(operator, "v2")
    finding = look(run_check)
    assert finding.signals == {"absent": True}
    assert finding.summary == f"{IMAGE} is not in the registry"


def test_only_the_revision_that_the_service_is_on_counts(run_check: RunCheck, operator: Session) -> None:
    push(operator, "v1")
    register(operator, f"{HOME}:never-deployed")
    assert look(run_check).signals == {"absent": False}


def test_without_a_tag_it_is_latest(run_check: RunCheck, operator: Session) -> None:
    deploy(operator, HOME)
    assert look(run_check).signals == {"absent": True}
    push(operator, "latest")
    assert look(run_check).signals == {"absent": False}


@pytest.mark.parametrize("tag", ["", ":gone"])
def test_a_digest_wins_over_a_tag(run_check: RunCheck, operator: Session, tag: str) -> None:
    deploy(operator, f"{HOME}{tag}@{push(operator, 'v1')}")
    assert look(run_check).signals == {"absent": False}


def test_a_digest_that_is_absent(run_check: RunCheck, operator: Session) -> None:
    push(operator, "v1")
    deploy(operator, f"{HOME}:v1@sha256:{'0' * 64}")
    assert look(run_check).signals == {"absent": True}


def test_absent_with_its_repository(run_check: RunCheck, operator: Session) -> None:
    deploy(operator, f"{REGISTRY}/gone:v1")
    assert look(run_check, repository="gone").signals == {"absent": True}


@pytest.mark.parametrize(
    "image",
    [
        "nginx:1.27",
        f"{HOME}-other:v1",
        f"{HOME}/other:v1",
        IMAGE.replace("me-central-1", "eu-west-1"),
        IMAGE.replace("123456789012", "210987654321"),
    ],
)
def test_unknown_when_it_is_of_another_repository(run_check: RunCheck, operator: Session, image: str) -> None:
    deploy(operator, image)
    finding = look(run_check)
    assert finding.signals == {"absent": None}
    assert finding.facts == {"image": image}


def test_no_such_container_is_unknown(run_check: RunCheck) -> None:
    with pytest.raises(NotFound, match="named web"):
        look(run_check, container="web")
