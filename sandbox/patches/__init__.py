"""What moto lacks or gets wrong, one file per gap, each with an install() that may be called again."""

from importlib import import_module
from pkgutil import iter_modules


def install_all() -> None:
    """Install every patch of this package."""
    for module in iter_modules(__path__):
        install = getattr(import_module(f"{__name__}.{module.name}"), "install", None)
        if install:
            install()
