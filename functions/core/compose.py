"""A compose project as it runs on a host, and as its file wants it."""

from collections.abc import Iterable
from typing import NamedTuple

from functions.core import hosts
from functions.core.aws import Session
from functions.core.hosts import OfCompose, Ran
from functions.core.output import objects, pairs

LOOPBACK = ("127.", "::1", "localhost")


class Port(NamedTuple):
    """A port of a container, and where it is published: on which address ("" for all of them), as which port."""

    host: str
    published: str
    target: int
    protocol: str

    @property
    def local(self) -> bool:
        """Say whether only the host itself reaches it."""
        return self.host.strip("[]").startswith(LOOPBACK)

    def covers(self, number: str) -> bool:
        """Say whether a port is the published one, or in its range; any is where the file names none."""
        first, _, last = self.published.partition("-")
        return not first or int(first) <= int(number) <= int(last or first)


class Container(NamedTuple):
    """A container of a service, as docker tells of it; health is "" where nothing checks it."""

    service: str
    name: str
    state: str
    health: str
    exit_code: int
    status: str
    ports: list[Port]

    @property
    def runs(self) -> bool:
        """Say whether it runs, however well."""
        return self.state == "running"


class Declared(NamedTuple):
    """A service, as the compose file declares it."""

    image: str
    ports: list[Port]


def containers(aws: Session, project: OfCompose, share: int = 1) -> list[Container]:
    """List the containers of a project, running or not, in a share of a check's time."""
    said = _run(aws, project, "look_containers", share)
    return [
        Container(
            service=one["Service"],
            name=one["Name"],
            state=one["State"],
            health=one.get("Health") or "",
            exit_code=one.get("ExitCode", 0),
            status=one.get("Status", ""),
            ports=[
                Port(port["URL"], str(port["PublishedPort"]), port["TargetPort"], port["Protocol"])
                for port in one.get("Publishers") or []
                if port["PublishedPort"]
            ],
        )
        for one in objects(said.output)
    ]


def declared(aws: Session, project: OfCompose, share: int = 1) -> dict[str, Declared]:
    """Read what a project's file declares, by service, in a share of a check's time."""
    said = _run(aws, project, "look_compose", share)
    return dict(_services(pairs(said.output)))


def _run(aws: Session, project: OfCompose, document: str, share: int) -> Ran:
    seconds = hosts.SECONDS / share
    return hosts.run(aws, project.instance, document, seconds, directory=project.directory, file=project.file)


def _services(told: Iterable[tuple[str, str]]) -> dict[str, Declared]:
    services: dict[str, Declared] = {}
    name = ""
    for word, value in told:
        if word == "service":
            name, services[value] = value, Declared("", [])
        elif word == "image":
            services[name] = services[name]._replace(image=value)
        elif word == "port":
            host, published, target, protocol = value.split(" ")
            services[name].ports.append(Port(host, published, int(target), protocol or "tcp"))
    return services
