"""Are a compose project's ports published as its file wants it?"""

from collections.abc import Iterator

from functions.core import compose
from functions.core.aws import Session
from functions.core.compose import Container, Declared
from functions.core.fields import ComposeService
from functions.core.hosts import OfCompose, host_check
from functions.core.language import say
from functions.core.results import Finding

LOCAL, ABSENT = "bound-to-localhost", "not-published"


class PublishedPorts(OfCompose):
    """The services that others than the host itself have to reach."""

    public: list[ComposeService]


@host_check(
    "look_compose",
    "look_containers",
    signals={
        LOCAL: "A port that is for everybody is bound to the host itself",
        ABSENT: "A port of a running container is not published as the compose file wants it",
        "file-binds-localhost": "The compose file itself binds a port that is for everybody to the host",
    },
)
def handler(parameters: PublishedPorts, aws: Session) -> Finding:
    """Is published what should be? Source: Harena, Problème de configuration de ports; incident 2025-10-24."""
    wanted = compose.declared(aws, parameters, share=2)
    running = [one for one in compose.containers(aws, parameters, share=2) if one.runs and one.service in wanted]
    wrong = [(one, *found) for one in running for found in _wrong(one, wanted[one.service])]
    named = {kind: sorted({one.service for one, found, _ in wrong if found == kind}) for kind in (LOCAL, ABSENT)}
    public = {name: one for name, one in wanted.items() if name in parameters.public}
    file = [name for name, one in public.items() if any(port.local for port in one.ports)]
    unseen = None if public.keys() - {one.service for one in running} else False  # what does not run publishes nothing
    words = {"local": ", ".join(named[LOCAL]) or say("none"), "absent": ", ".join(named[ABSENT]) or say("none")}
    return Finding(
        summary=say("bound to the host itself: {local}; not published: {absent}", **words),
        signals={
            LOCAL: bool(named[LOCAL]) or unseen,
            ABSENT: bool(named[ABSENT]) or unseen,
            "file-binds-localhost": bool(file),
        },
        facts={
            "local": named[LOCAL],
            "absent": named[ABSENT],
            "in_file": file,
            "service": next(iter([*named[LOCAL], *named[ABSENT]]), None),
        },
        evidence=[f"{one.name}: {told}" for one, _, told in wrong],
    )


def _wrong(container: Container, wanted: Declared) -> Iterator[tuple[str, str]]:
    for port in wanted.ports:
        found = [one for one in container.ports if (one.target, one.protocol) == (port.target, port.protocol)]
        told = f"{port.host or '0.0.0.0'}:{port.published} → {port.target}/{port.protocol}"  # noqa: S104  only said
        if not any(port.covers(one.published) for one in found):
            yield ABSENT, told
        elif not port.local and all(one.local for one in found):
            yield LOCAL, f"{told} ({found[0].host})"
