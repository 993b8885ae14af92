"""What a function can import besides its own code: AWS's runtime, and its layers, and nothing else.

A layer holds wheels for Lambda's processor and Python version. The packages that it names come from this machine's
environment instead; what the environment lacks comes from the layer. A package in neither is an ImportError, as on AWS.
"""

import io
import sysconfig
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

# The runtime client with its dependencies, and the AWS SDK that Lambda's Python runtimes bring.
_RUNTIME = [
    "awslambdaric",
    "runtime_client",
    "snapshot_restore_py",
    "simplejson",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "six",
    "urllib3",
]


@dataclass(frozen=True)
class Layer:
    """A layer version of this account: id is its content's hash."""

    id: str
    content: bytes = field(repr=False)


def search_path(layers: tuple[Layer, ...] | None, directory: Path) -> list[Path]:
    """Return the directories for PYTHONPATH, made below the given one where they are missing.

    layers: in the order of the function's settings; None where another account's is among them: then everything here.
    """
    if layers is None:
        return [_site_packages()]
    return [*(_linked(layer, directory) for layer in reversed(layers)), _runtime(directory)]


def _linked(layer: Layer, directory: Path) -> Path:
    target = directory / f"layer-{layer.id}"
    if target.exists():
        return target
    target.mkdir()
    installed = _installed()
    with zipfile.ZipFile(io.BytesIO(layer.content)) as archive:
        members = [name for name in archive.namelist() if name.startswith("python/") and name != "python/"]
        for name in sorted({member.split("/")[1] for member in members}):
            if _module(name) in installed:
                _link(installed[_module(name)], target)
            else:
                _extract(archive, name, target)
    return target


def _runtime(directory: Path) -> Path:
    target = directory / "runtime"
    if not target.exists():
        target.mkdir()
        for package in _RUNTIME:
            _link(_installed()[package], target)
    return target


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    for member in archive.infolist():
        parts = member.filename.split("/")
        if parts[:2] == ["python", name] and not member.is_dir():
            path = target.joinpath(*parts[1:])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(member))


def _link(source: Path, target: Path) -> None:
    (target / source.name).symlink_to(source)


def _installed() -> dict[str, Path]:
    return {_module(entry.name): entry for entry in _site_packages().iterdir()}


def _module(file_name: str) -> str:
    """Return a module's name without the suffixes that differ between machines."""
    return file_name.split(".", maxsplit=1)[0] if file_name.endswith((".py", ".so")) else file_name


def _site_packages() -> Path:
    return Path(sysconfig.get_paths()["platlib"])
