"""What the commands have in common: their errors, the service they are about, and its language."""

import os
import sys
from pathlib import Path

from functions.core import language
from messages import files
from statemachines import load
from statemachines.model import Service


class Failed(Exception):
    """What could not be done, and what to do about it."""


def service(name: str) -> Service:
    """Read a service's file; raises Failed with the services that there are."""
    services = load.services()
    if name not in services:
        raise Failed(f"There is no service {name}. There are: {', '.join(services)}.")
    return services[name]


def speak(code: str, folder: Path) -> None:
    """Say everything in a language, as a service's functions do, whose package brings it compiled.

    Args:
        code: the language.
        folder: takes the compiled messages, for as long as anything is said.
    """
    files.compile_into(folder)
    language.LOCALES = folder
    os.environ["SERVICE_LANGUAGE"] = code


def complain(problem: str, status: int) -> int:
    """Print a problem, and return the command's exit status."""
    sys.stderr.write(f"{problem}\n")
    return status
