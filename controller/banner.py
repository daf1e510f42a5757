"""What this software is not for: said wherever it starts, and in everything that it leaves behind."""

from typing import Final

BANNER: Final = "Investigational: bench and simulation use only. The pumps' own manuals exclude use on humans."
