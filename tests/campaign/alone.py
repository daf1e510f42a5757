"""A campaign of fakes as a process of its own, for signals: python -m tests.campaign.alone FOLDER FAKE PATIENTS."""

import sys
from pathlib import Path

from rich.console import Console

from controller.campaign.conduct import Ways, conduct
from controller.campaign.interruption import stop_on_signals
from controller.campaign.plan import Plan
from tests.campaign import fakes

if __name__ == "__main__":
    folder, fake, patients = sys.argv[1:]
    with stop_on_signals() as stop:
        outcome = conduct(
            Plan(int(patients)), Ways(Path(folder), 2, plots=False), stop, Console(stderr=True), getattr(fakes, fake)
        )
    sys.exit(outcome.status)
