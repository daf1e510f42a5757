"""What a campaign can not do, said to people, and how its command ends."""

EXIT_CLEAN, EXIT_VIOLATIONS, EXIT_USAGE, EXIT_FAULT, EXIT_INTERRUPTED = 0, 1, 2, 4, 130
"""No violations; violations; not begun, what was asked for can not be done; stopped by a fault; stopped by a signal."""


class CampaignError(Exception):
    """One sentence a problem. Nothing was begun, or what was finished is kept. status: the exit status that fits."""

    def __init__(self, problems: list[str], status: int = EXIT_USAGE) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.status = status
