"""Faults as data: a catalogue of what can go wrong, and what of it goes wrong in one procedure (docs/faults.md)."""

from simulators.injection.catalogue import Catalogue, CatalogueError, Entry, load_catalogue
from simulators.injection.draw import Injection, Stops, draw
from simulators.injection.table import as_table

__all__ = ["Catalogue", "CatalogueError", "Entry", "Injection", "Stops", "as_table", "draw", "load_catalogue"]
