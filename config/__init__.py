"""The files that ship with ductoject: profiles and the catalogue. This package only says where they are."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

PROFILES: Final = ("sim", "bench", "bedside")
CATALOGUE: Final = "catalogue"


def shipped(name: str) -> Traversable:
    """The shipped TOML file of that name (without ".toml"), wherever the package is installed. It need not exist."""
    return files(__name__).joinpath(f"{name}.toml")
