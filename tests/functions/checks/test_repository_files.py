import os
import subprocess
from pathlib import Path

import pytest

from functions.checks.repository_files import handler
from functions.core import checkout
from functions.core.checkout import NoCheckout
from functions.core.results import Finding
from tests.functions.conftest import RunCheck
from tests.pseudo import english

FINE = {"state-files": False, "secret-files": False, "none": False}
UNKNOWN = {"state-files": None, "secret-files": None, "none": False}
STATE = "infra/terraform.tfstate"
NAMES = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")


class Repository:
    """A checkout, in which tests commit files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git there."""
        environment = os.environ | dict.fromkeys(NAMES, "somebody")
        ran = subprocess.run(["git", *arguments], cwd=self.folder, env=environment, capture_output=True, check=True)
        return ran.stdout.decode().strip()

    def write(self, *paths: str | bytes) -> None:
        """Write and stage files, each with its path in it."""
        for path in map(os.fsencode, paths):
            whole = os.path.join(os.fsencode(self.folder), path)  # noqa: PTH118  a Path is no bytes
            os.makedirs(os.path.dirname(whole), exist_ok=True)  # noqa: PTH103, PTH120  as above
            with open(whole, "wb") as file:  # noqa: PTH123  as above
                file.write(b"of " + path)
        self.git("add", "--all", "--force")

    def commit(self, *paths: str | bytes) -> None:
        """Commit files, and what is staged."""
        self.write(*paths)
        self.git("commit", "--allow-empty", "--message=x")

    def remove(self, *paths: str) -> None:
        """Commit that files are gone."""
        self.git("rm", "--quiet", "--", *paths)
        self.commit()

    def blobs(self) -> list[Path]:
        """List the files in which git keeps contents."""
        said = self.git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")
        names = [line.split()[1] for line in said.splitlines() if line.startswith("blob")]
        return [self.folder / ".git" / "objects" / name[:2] / name[2:] for name in names]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own settings of git."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("LC_ALL", "C")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A checkout with one commit."""
    made = Repository(tmp_path / "checkout")
    made.commit("README.md")
    return made


class Look:
    """Calls the check on the checkout, or on another folder."""

    def __init__(self, run_check: RunCheck, repository: Repository) -> None:
        self.run_check, self.repository = run_check, repository

    def __call__(self, folder: Path | str | None = None) -> Finding:
        return self.run_check(handler, folder=str(self.repository.folder if folder is None else folder))


@pytest.fixture
def look(run_check: RunCheck, repository: Repository) -> Look:
    """The check, on that checkout."""
    return Look(run_check, repository)


def test_nothing_of_the_kind(look: Look, repository: Repository) -> None:
    repository.commit("infra/main.tf", ".env.example", "src/index.ts")
    finding = look()
    assert finding.signals == FINE
    assert finding.facts == {"states": [], "secrets": [], "whole": True}
    assert finding.evidence == []
    assert finding.summary == (
        "files of Terraform's state: 0; files named as secrets are: 0; in the tree or in its history"
    )


@pytest.mark.parametrize(
    ("path", "signal", "fact"), [(STATE, "state-files", "states"), ("secrets-backup/db", "secret-files", "secrets")]
)
def test_one_in_the_tree_and_then_in_history_only(
    look: Look, repository: Repository, path: str, signal: str, fact: str
) -> None:
    repository.commit(path)
    finding = look()
    assert finding.signals == FINE | {signal: True}
    assert finding.evidence == [f"in the tree: {path}"]
    assert finding.facts[fact] == [path]
    repository.remove(path)
    finding = look()
    assert finding.signals == FINE | {signal: True}
    assert finding.evidence == [f"only in history: {path}"]


def test_the_tree_comes_first(look: Look, repository: Repository) -> None:
    repository.commit("a.tfstate", "b.tfstate", "a.pem", "secrets-backup/c.tfstate")
    repository.remove("a.tfstate", "a.pem")
    finding = look()
    assert finding.evidence == [
        "in the tree: b.tfstate",
        "in the tree: secrets-backup/c.tfstate",
        "only in history: a.tfstate",
        "only in history: a.pem",
    ]
    assert finding.facts["secrets"] == ["secrets-backup/c.tfstate", "a.pem"]
    assert finding.summary.startswith("files of Terraform's state: 3; files named as secrets are: 2; ")


def test_many_take_no_more_room_and_both_kinds_are_shown(look: Look, repository: Repository) -> None:
    repository.commit(*(f"{number}.tfstate" for number in range(300)), *(f"{number}.pem" for number in range(300)))
    finding = look()
    assert len(finding.evidence) == 10
    assert finding.evidence[4] == finding.evidence[9] == "… 296 more"
    assert finding.evidence[5] == "in the tree: 0.pem"
    assert len(finding.model_dump_json()) < 1000


def test_what_was_renamed_counts(look: Look, repository: Repository) -> None:
    repository.git("mv", "README.md", "x.tfstate")
    repository.commit()
    repository.remove("x.tfstate")
    assert look().evidence == ["only in history: x.tfstate"]


def test_what_only_a_merge_has_added_counts(look: Look, repository: Repository) -> None:
    repository.git("checkout", "-b", "side")
    repository.commit("side")
    repository.git("checkout", "main")
    repository.commit("main")
    repository.git("merge", "--no-commit", "side")
    repository.commit("x.tfstate")
    repository.remove("x.tfstate")
    assert look().evidence == ["only in history: x.tfstate"]


@pytest.mark.parametrize("kept", [["branch", "side"], ["tag", "v1"], ["update-ref", "refs/remotes/origin/x", "HEAD"]])
def test_what_only_another_branch_has_counts(look: Look, repository: Repository, kept: list[str]) -> None:
    repository.git("checkout", "--detach")
    repository.commit("x.tfstate")
    repository.git(*kept)
    repository.git("checkout", "main")
    assert look().evidence == ["only in history: x.tfstate"]


def test_what_only_a_detached_head_has_counts(look: Look, repository: Repository) -> None:
    repository.git("checkout", "--detach")
    repository.commit("x.tfstate")
    repository.remove("x.tfstate")
    assert look().evidence == ["only in history: x.tfstate"]


def test_what_is_staged_is_in_the_tree_but_not_what_git_does_not_know(look: Look, repository: Repository) -> None:
    repository.write("x.tfstate")
    (repository.folder / "y.tfstate").touch()
    assert look().evidence == ["in the tree: x.tfstate"]


def test_the_whole_repository_counts_wherever_in_it_the_folder_is(look: Look, repository: Repository) -> None:
    repository.commit("docs/a.md", STATE, "old.tfstate")
    repository.remove("old.tfstate")
    assert look(repository.folder / "docs").evidence == [f"in the tree: {STATE}", "only in history: old.tfstate"]


def test_of_a_shallow_clone_only_what_is_there_is_known(look: Look, repository: Repository, tmp_path: Path) -> None:
    repository.commit(STATE)
    repository.remove(STATE)
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.folder}", str(shallow))
    finding = look(shallow)
    assert finding.signals == UNKNOWN
    assert finding.facts["whole"] is False
    assert finding.summary.endswith(
        "; the clone is shallow: fetch the rest of its history (git fetch --unshallow), and look again"
    )
    repository.commit("x.pem")
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.folder}", f"{shallow}-2")
    assert look(f"{shallow}-2").signals == UNKNOWN | {"secret-files": True}


def test_of_a_repository_without_a_commit_nothing_is_known(run_check: RunCheck, tmp_path: Path) -> None:
    empty = Repository(tmp_path / "empty")
    finding = run_check(handler, folder=str(empty.folder))
    assert finding.signals == {"state-files": None, "secret-files": None, "none": True}
    assert finding.summary.endswith(f"; there is no commit in {empty.folder} yet")
    empty.write("x.tfstate")
    finding = run_check(handler, folder=str(empty.folder))
    assert finding.signals == {"state-files": True, "secret-files": None, "none": True}


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("plain", "fatal: not a git repository"),
        ("missing", "fatal: cannot change to"),
        ("checkout/.git", "it has no work tree"),
        ("bare", "it has no work tree"),
    ],
)
def test_what_is_no_checkout(look: Look, repository: Repository, tmp_path: Path, folder: str, why: str) -> None:
    (tmp_path / "plain").mkdir()
    repository.git("init", "--bare", str(tmp_path / "bare"))
    with pytest.raises(NoCheckout) as raised:
        look(tmp_path / folder)
    said = english(str(raised.value))
    assert said.startswith(f"{tmp_path / folder} is no checkout ({why}")
    assert said.endswith("): make audit CHECKOUT=path of a checkout")


def test_no_folder_is_not_the_one_where_this_runs(
    look: Look, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.folder)
    assert look(".").signals == FINE
    with pytest.raises(NoCheckout) as raised:
        look("")
    assert english(str(raised.value)) == "no folder is named: make audit CHECKOUT=path of a checkout"


def test_a_folder_that_is_not_there_stays_one_line(look: Look) -> None:
    with pytest.raises(NoCheckout) as raised:
        look("/no\nfatal: \x1b[31m")
    assert english(str(raised.value)).startswith("/no fatal:  [31m is no checkout (fatal: cannot change to")


def test_no_git(look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoCheckout) as raised:
        look()
    assert english(str(raised.value)) == "there is no git on this machine: install it, and look again"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a\nonly in history: b.tfstate", "a only in history: b.tfstate"),
        ('"; rm -rf $HOME `x`.tfstate', '"; rm -rf $HOME `x`.tfstate'),
        ("--output=x.tfstate", "--output=x.tfstate"),
        ("\x1b[31mred\u202e.tfstate", " [31mred .tfstate"),
        ("{folder} %s é.tfstate", "{folder} %s é.tfstate"),
        (b"\xff\xfe.tfstate", "\\xff\\xfe.tfstate"),
    ],
)
def test_a_hostile_name_is_a_text(look: Look, repository: Repository, path: str | bytes, shown: str) -> None:
    repository.commit(path)
    finding = look()
    assert finding.evidence == [f"in the tree: {shown}"]
    assert finding.signals == FINE | {"state-files": True}
    repository.git("rm", "--quiet", "-r", "--", ".")
    repository.commit()
    assert look().evidence == [f"only in history: {shown}"]


def test_a_secret_in_a_name_is_struck_out(look: Look, repository: Repository) -> None:
    repository.commit("password=hunter2-hunter2.tfstate")
    finding = look()
    assert finding.signals["state-files"]
    assert "hunter2" not in finding.model_dump_json()


@pytest.mark.parametrize("name", ["--help", "-c core.fsmonitor=x", "a\nb", "$(touch x)", '"'])
def test_a_hostile_folder_is_a_folder(
    look: Look, repository: Repository, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(repository.folder.parent)
    other = Repository(Path(name))
    other.commit("x.tfstate")
    assert look(name).evidence == ["in the tree: x.tfstate"]


def test_contents_are_never_read(look: Look, repository: Repository) -> None:
    repository.commit(STATE, "x.pem")
    repository.remove("x.pem")
    for file in [*repository.blobs(), repository.folder / STATE]:
        file.unlink()
    assert look().evidence == [f"in the tree: {STATE}", "only in history: x.pem"]


def test_no_program_that_the_checkout_names_is_run(look: Look, repository: Repository, tmp_path: Path) -> None:
    program, ran = tmp_path / "program", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\necho $0 >> '{ran}'\n")
    program.chmod(0o700)
    signed = repository.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n\n", 1
    )
    (tmp_path / "signed").write_text(signed)
    made = repository.git("hash-object", "-t", "commit", "-w", str(tmp_path / "signed"))
    repository.git("update-ref", "refs/heads/signed", made)
    for name in ("core.fsmonitor", "core.pager", "gpg.program", "diff.external"):
        repository.git("config", name, str(program))
    repository.git("config", "log.showSignature", "true")
    assert look().signals == FINE
    assert not ran.exists()
    repository.git("log", "--all")  # as anybody would
    assert ran.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("log.showRoot", "false"), ("diff.relative", "true"), ("diff.renames", "copies")],
)
def test_whatever_the_checkouts_settings_are(look: Look, repository: Repository, name: str, value: str) -> None:
    made = Repository(repository.folder.parent / "other")
    made.commit("x.tfstate", "docs/a.md")
    made.remove("x.tfstate")
    made.git("config", name, value)
    assert look(made.folder / "docs").evidence == ["only in history: x.tfstate"]


def test_a_replacement_hides_nothing(look: Look, repository: Repository) -> None:
    repository.commit(STATE)
    repository.git("replace", "HEAD", "HEAD~")
    repository.git("rm", "--quiet", "--cached", "--", STATE)
    assert look().evidence == [f"only in history: {STATE}"]


def test_the_environment_points_nowhere_else(look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Repository(tmp_path / "other")
    other.commit(STATE)
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    assert look().signals == FINE


def test_what_a_partial_clone_lacks_is_not_fetched_but_unknown(
    look: Look, repository: Repository, tmp_path: Path
) -> None:
    repository.commit(STATE)
    repository.remove(STATE)
    repository.git("config", "uploadpack.allowFilter", "true")
    for kind, signals in {"tree:0": UNKNOWN, "blob:none": FINE | {"state-files": True}}.items():
        clone = tmp_path / kind
        repository.git("clone", "--quiet", f"--filter={kind}", f"file://{repository.folder}", str(clone))
        packs = sorted(clone.rglob("*.pack"))
        assert look(clone).signals == signals
        assert sorted(clone.rglob("*.pack")) == packs


def test_of_a_damaged_history_only_what_was_seen_is_known(look: Look, repository: Repository) -> None:
    repository.commit("x.pem")
    tree = repository.git("rev-parse", "HEAD~^{tree}")
    (repository.folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    finding = look()
    assert finding.signals == UNKNOWN | {"secret-files": True}
    assert finding.summary.endswith("; there is more than could be read")


def test_what_git_prints_is_bounded(look: Look, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit(*(f"{number:0100}.md" for number in range(2000)), "zzz.tfstate")  # more than a pipe takes
    assert look().signals == FINE | {"state-files": True}
    monkeypatch.setattr(checkout, "BYTES", 1000)
    monkeypatch.setattr(checkout, "CHUNK", 100)
    assert look().signals == UNKNOWN


def test_a_name_that_comes_in_parts(look: Look, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout, "CHUNK", 5)
    repository.commit(STATE)
    assert look().evidence == [f"in the tree: {STATE}"]


class Slow:
    """A git that hangs where a test wants it to."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.script, self.real = folder / "bin" / "git", os.environ["PATH"]
        self.script.parent.mkdir()
        monkeypatch.setenv("PATH", f"{self.script.parent}:{self.real}")
        monkeypatch.setattr(checkout, "SECONDS", 2)

    def hang(self, command: str) -> None:
        """Let a command of git hang from now on."""
        hanging = f'case " $* " in *" {command} "*) exec sleep 60;; esac'
        self.script.write_text(f"#!/bin/sh\n{hanging}\nPATH='{self.real}' exec git \"$@\"\n")
        self.script.chmod(0o700)


@pytest.fixture
def slow(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slow:
    """Git hangs, though there is a state to be found."""
    repository.commit(STATE)
    return Slow(tmp_path, monkeypatch)


@pytest.mark.parametrize("hangs", ["ls-files", "log"])
def test_git_has_so_much_time(look: Look, slow: Slow, hangs: str) -> None:
    slow.hang(hangs)
    assert look().signals == UNKNOWN | {"state-files": True}


def test_whether_there_is_a_commit_may_be_unknown(look: Look, slow: Slow) -> None:
    slow.hang("rev-list")
    finding = look()
    assert finding.signals == UNKNOWN | {"state-files": True, "none": None}
    assert finding.summary.endswith("; there is more than could be read")


def test_git_that_does_not_answer(look: Look, slow: Slow) -> None:
    slow.hang("rev-parse")
    with pytest.raises(NoCheckout) as raised:
        look()
    assert "(git did not answer in time)" in english(str(raised.value))
