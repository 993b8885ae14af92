"""The `docker` command of a host."""

from collections.abc import Callable
from typing import Any

from sandbox.host import shown
from sandbox.host.compose import Compose
from sandbox.host.container import KILLED, Container
from sandbox.host.docker_storage import Storage, told
from sandbox.host.door import Call, Failed
from sandbox.host.engine import Engine, EngineError
from sandbox.host.logs import STAMP, lines
from sandbox.host.machine import Machine
from sandbox.host.options import Parser, binary, last, render, table

_PS = ("ID", "Image", "Command", "CreatedAt", "Status", "Ports", "Names")
_STATS = ("ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs")
_SHORT = {
    "images": "image ls",
    "rmi": "image rm",
    "tag": "image tag",
    "container ls": "ps",
    "buildx prune": "builder prune",
}


class Docker:
    """Runs `docker …` against an engine; `compose` is its plugin."""

    def __init__(self, engine: Engine, machine: Machine, compose: Compose) -> None:
        self._engine = engine
        self._machine = machine
        self._compose = compose
        self._commands: dict[str, Callable[[Call, list[str]], int]] = {
            "version": self._version,
            "info": self._version,
            "ps": self._ps,
            "stats": self._stats,
            "logs": self._logs,
            "inspect": self._inspect,
            "start": self._start,
            "stop": self._stop,
            "kill": self._kill,
            "restart": self._restart,
            "rm": self._rm,
            **Storage(engine).commands(),
        }

    def run(self, call: Call) -> int:
        """Run one command; return its exit code."""
        words = call.arguments
        if self._engine.silent and words[:2] != ["compose", "version"]:
            call.hang()
        try:
            if words[:1] == ["compose"]:
                return self._compose.run(call, words[1:])
            for count in (2, 1):
                name = " ".join(words[:count])
                name = _SHORT.get(name, name.removeprefix("container ") if name != "container prune" else name)
                if name in self._commands:
                    return self._commands[name](call, words[count:])
        except EngineError as error:
            raise Failed(1, str(error)) from error
        raise Failed(
            1, f"docker: unknown command: docker {' '.join(words[:2])}\n\nRun 'docker --help' for more information"
        )

    def _version(self, call: Call, arguments: list[str]) -> int:
        options = Parser(values=("format/f",)).read(arguments)
        version = self._engine.version
        server = {"Version": version, "Os": "linux", "Arch": "amd64"}
        said = {"Client": {"Version": version}, "Server": server, "ServerVersion": version}
        template = options.format[-1] if options.format else ""
        plain = f"Client:\n Version:           {version}\n\nServer:\n Engine:\n  Version:          {version}\n"
        call.out(f"{render(template if template != 'json' else '{{json .}}', said)}\n" if template else plain)
        return 0

    def _ps(self, call: Call, arguments: list[str]) -> int:
        options = Parser(("all/a", "quiet/q", "no-trunc"), ("format", "filter/f")).read(arguments)
        found = [one for one in self._containers() if options.all or one.state in ("running", "restarting")]
        found = [one for one in found if all(_matches(one, rule) for rule in options.filter)]
        rows = [shown.row(one) for one in found]
        rows = [row | {"ID": one.id} if options.no_trunc else row for row, one in zip(rows, found, strict=True)]
        compose_only = {"ExitCode", "Health", "Name", "Project", "Publishers", "Service"}
        rows = [{key: value for key, value in row.items() if key not in compose_only} for row in rows]
        call.out(table(rows, "{{.ID}}" if options.quiet else last(options.format), _PS))
        return 0

    def _stats(self, call: Call, arguments: list[str]) -> int:
        options = Parser(("no-stream", "all/a", "no-trunc"), ("format",)).read(arguments)
        if not options.no_stream:
            call.hang()
        wanted = [self._engine.find(name) for name in options.operands] or self._containers()
        total = self._machine.memory_size
        rows = [
            {
                "BlockIO": "0B / 0B",
                "CPUPerc": "0.12%",
                "Container": one.id[:12],
                "ID": one.id[:12],
                "MemPerc": f"{one.memory * 100 / total:.2f}%",
                "MemUsage": f"{binary(one.memory)} / {binary(total)}",
                "Name": one.name,
                "NetIO": "1.2kB / 0B",
                "PIDs": "4" if one.running else "0",
            }
            for one in wanted
            if one.running or options.all
        ]
        call.out(table(rows, last(options.format), _STATS))
        return 0

    def _logs(self, call: Call, arguments: list[str]) -> int:
        values = ("tail/n", "since", "until")
        options = Parser(("timestamps/t", "details"), values).read(arguments)
        for line in lines(self._engine.find(_one(options.operands)), last(options.since), last(options.tail)):
            call.err(line if options.timestamps else line[STAMP:])  # services log to stderr
        return 0

    def _inspect(self, call: Call, arguments: list[str]) -> int:
        options = Parser(values=("format/f", "type")).read(arguments)
        found: list[Any] = []
        for name in options.operands:
            try:
                found.append(shown.inspected(self._engine.find(name)))
            except EngineError:
                image = self._engine.images.find(name)
                if image is None:
                    raise Failed(1, f"Error: No such object: {name}") from None
                found.append(shown.inspected_image(image))
        return told(call, found, last(options.format))

    def _start(self, call: Call, arguments: list[str]) -> int:
        return self._each(call, Parser().read(arguments).operands, lambda one: self._engine.start(one, call.pause))

    def _stop(self, call: Call, arguments: list[str]) -> int:
        options = Parser(values=("time/t", "timeout")).read(arguments)
        return self._each(call, options.operands, lambda one: self._engine.stop(one, call.pause))

    def _kill(self, call: Call, arguments: list[str]) -> int:
        return self._each(call, Parser().read(arguments).operands, lambda one: one.end(KILLED))

    def _restart(self, call: Call, arguments: list[str]) -> int:
        options = Parser(values=("time/t", "timeout")).read(arguments)

        def restart(one: Container) -> None:
            self._engine.stop(one, call.pause)
            self._engine.start(one, call.pause)

        return self._each(call, options.operands, restart)

    def _rm(self, call: Call, arguments: list[str]) -> int:
        options = Parser(("force/f", "volumes/v")).read(arguments)

        def remove(one: Container) -> None:
            if one.running and not options.force:
                raise EngineError(
                    f'cannot remove container "/{one.name}": container is running: stop the container before removing'
                )
            self._engine.remove(one, volumes=options.volumes)

        return self._each(call, options.operands, remove)

    def _each(self, call: Call, names: list[str], do: Callable[[Container], None]) -> int:
        if not names:
            raise Failed(1, 'docker: "docker" requires at least 1 argument.')
        code = 0
        for name in names:
            try:
                do(self._engine.find(name))
                call.out(f"{name}\n")
            except EngineError as error:
                call.err(str(error))
                code = 1
        return code

    def _containers(self) -> list[Container]:
        return list(self._engine.containers.values())


def _matches(container: Container, rule: str) -> bool:
    key, _, wanted = rule.partition("=")
    label, _, value = wanted.partition("=")
    tests: dict[str, Callable[[], bool]] = {
        "name": lambda: wanted in container.name,
        "health": lambda: container.running and (container.health or "none") == wanted,
        "status": lambda: container.state == wanted,
        "id": lambda: container.id.startswith(wanted),
        "label": lambda: (
            (label, value)
            in (("com.docker.compose.project", container.project), ("com.docker.compose.service", container.service))
        ),
    }
    if key not in tests:
        raise Failed(1, f"Error response from daemon: invalid filter '{key}'")
    return tests[key]()


def _one(operands: list[str]) -> str:
    if len(operands) != 1:
        raise Failed(1, "requires 1 argument")
    return operands[0]
