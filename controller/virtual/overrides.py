"""What a scenario changes in a profile. Apart from the rest of virtual time, because real procedures need it as well."""

from simulators.scenario import Scenario


def scenario_overrides(scenario: Scenario) -> dict[str, object]:
    """What a scenario changes in the profile: dotted key -> (value, what the user calls it)."""
    label = f"scenario {scenario.title!r}"
    run = scenario.run
    overrides: dict[str, object] = {} if run.target_ml is None else {"injection.target_ml": (run.target_ml, label)}
    for section, content in run.profile.items():
        values = content.items() if isinstance(content, dict) else [("", content)]
        overrides |= {f"{section}.{key}".rstrip("."): (value, label) for key, value in values}
    return overrides
