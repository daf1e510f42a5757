"""Prints the catalogue as it stands in docs/faults.md: `python -m simulators.injection`."""

import sys

from simulators.injection import as_table, load_catalogue

if __name__ == "__main__":
    sys.stdout.write(as_table(load_catalogue()))
