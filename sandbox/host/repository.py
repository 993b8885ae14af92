"""A git repository that a host deploys from: a remote with commits, and the host's clone of it. Git is the real one."""

from collections.abc import Mapping

from sandbox.host.host import Host

_AUTHOR = "Harena"
_REMOTE = "/srv/git/remote.git"
_WORK = "/srv/git/work"


class Repository:
    """`url` is how the host's clone in `folder` knows its remote; commits have the same ids every time."""

    def __init__(self, host: Host, url: str, folder: str) -> None:
        """Make the empty remote."""
        self.folder = folder
        self._host = host
        self._url = url
        self._commits = 0
        remote = str(host.root) + _REMOTE
        settings = {f"url.{remote}.insteadOf": url, "safe.directory": "*", "user.name": _AUTHOR, "user.email": "-"}
        settings |= {"init.defaultBranch": "main", "advice.detachedHead": "false"}
        for index, (key, value) in enumerate(settings.items()):
            host.shell.set(**{f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value})
        host.shell.set(GIT_CONFIG_COUNT=str(len(settings)), GIT_CONFIG_NOSYSTEM="1", GIT_TERMINAL_PROMPT="0")
        self._run(f"git init -q --bare {_REMOTE} && git clone -q {_REMOTE} {_WORK} 2>/dev/null")

    def publish(self, files: Mapping[str, str], tag: str) -> str:
        """Commit files and push them with a tag; return the commit."""
        for name, text in files.items():
            file = self._host.root / _WORK.lstrip("/") / name
            if not file.parent.exists():
                self._run(f"mkdir -p {_WORK}/{name.rpartition('/')[0]}")
            if not file.exists():
                self._run(f"touch {_WORK}/{name}")
            file.write_text(text)
        self._commits += 1
        stamp = f"2025-10-{self._commits:02}T10:00:00Z"
        dates = {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        script = f"cd {_WORK} && git add -A && git commit -qm {tag} && git tag -f {tag} >/dev/null"
        return self._run(f"{script} && git push -qf origin HEAD:main {tag} && git rev-parse HEAD", dates)

    def clone(self) -> None:
        """Let the host have its clone, of what is on main."""
        self._run(f"git clone -q {self._url} {self.folder}")

    def reset(self, tag: str) -> None:
        """Let main of the remote and the host's clone be what they were at a tag."""
        self._run(f"cd {_WORK} && git reset -q --hard {tag} && git push -qf origin HEAD:main")
        self._run(f"cd {self.folder} && git fetch -q && git checkout -qf -B main {tag} && git clean -qfd")

    def restore(self, *paths: str, tag: str = "HEAD") -> None:
        """Let files of the clone be what they were at a tag."""
        self._run(f"cd {self.folder} && git checkout -q {tag} -- {' '.join(paths)} && git reset -q")

    def head(self) -> str:
        """Return the commit that the host has."""
        return self._run(f"git -C {self.folder} rev-parse HEAD")

    def _run(self, script: str, variables: Mapping[str, str] | None = None) -> str:
        ended = self._host.run(script, variables)
        if ended.code:
            raise RuntimeError(f"{script}: {ended.error}")
        return ended.output.strip()
