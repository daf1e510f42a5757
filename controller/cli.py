"""The command line. Standard output holds results; progress and complaints go to standard error with --json."""

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from controller.cli_bedside import bedside
from controller.cli_bench import bench_app
from controller.cli_output import JsonOption, print_json, refuse
from controller.cli_records import records_app
from controller.cli_simulations import campaign
from controller.cli_simulations import scenario as scenario_command
from controller.core.reasons import EXIT_FAULT, EXIT_PATIENT

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Host of a contrast injection syringe pump for breast ductography. Investigational: bench and simulation use only.",
)
app.add_typer(records_app, name="records")
app.add_typer(bench_app, name="bench")

app.command()(bedside)
app.command()(campaign)
app.command("scenario")(scenario_command)

PlantOption = Annotated[str | None, typer.Option(metavar="MODULE:FACTORY", help="Another simulated line and patient.")]
RecordsOption = Annotated[str | None, typer.Option("--records", metavar="DIR", help="Where records are kept.")]


def main() -> None:
    """The console script."""
    try:
        app(prog_name="ductoject")
    except KeyboardInterrupt:
        sys.stderr.write("stopped before anything was begun\n")
        sys.exit(EXIT_PATIENT)
    except Exception as error:  # noqa: BLE001 - people get a sentence; while a pump is connected the loop has its own handler
        place = traceback.extract_tb(error.__traceback__)[-1]
        sys.stderr.write(f"ductoject: unexpected {type(error).__name__}: {error} ({place.filename}, line {place.lineno})\n")
        sys.exit(EXIT_FAULT)


@app.command()
def run(
    profile: Annotated[str, typer.Option(metavar="sim|bench|bedside|PATH", help="Devices, line and plan.")] = "sim",
    target_ml: Annotated[float | None, typer.Option("--target-ml", help="Volume to deliver, instead of the profile's.")] = None,
    scenario: Annotated[str | None, typer.Option(metavar="NAME|PATH", help="What happens at the simulated bench.")] = None,
    records: RecordsOption = None,
    patient: Annotated[str | None, typer.Option(help="Pseudonym of the patient.")] = None,
    duct: Annotated[str | None, typer.Option(help="Which duct, e.g. left-6.")] = None,
    predecessor: Annotated[
        str | None, typer.Option(metavar="RECORD", help="Earlier procedure in this duct; this one gets what it left.")
    ] = None,
    plant: PlantOption = None,
    virtual: Annotated[bool, typer.Option("--virtual", help="In virtual time: the same loop, as fast as it computes.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Run one procedure. Ctrl-C stops it. Exit: 0 good end, 2 not begun, 3 stopped for the patient, 4 stopped by a fault."""
    from controller.procedure import RefusedError, Request, run_procedure  # heavy, and other commands do without

    overrides: dict[str, tuple[object, str]] = {
        "injection.target_ml": (target_ml, "--target-ml"),
        "simulation.plant": (plant, "--plant"),
    }
    given: dict[str, object] = {key: (value, name) for key, (value, name) in overrides.items() if value is not None}
    request = Request(profile, given, scenario, records, patient, duct, predecessor, json_output, virtual)
    try:
        outcome = run_procedure(request)
    except RefusedError as refusal:
        refuse(refusal.problems, json_output=json_output, status=refusal.status)
    if json_output:
        print_json(outcome)
    raise typer.Exit(int(outcome["exit"]))


@app.command()
def simulate(
    profile: Annotated[str, typer.Option(metavar="sim|PATH", help="Which bench to simulate.")] = "sim",
    scenario: Annotated[str | None, typer.Option(metavar="NAME|PATH", help="What happens at it.")] = None,
    plant: PlantOption = None,
    json_output: JsonOption = False,
) -> None:
    """Serve the simulated devices until Ctrl-C; the first line of output says where, as JSON."""
    from controller.serving import serve_bench
    from controller.settings import ConfigError
    from simulators.options import OptionsError
    from simulators.scenario import ScenarioError

    try:
        raise typer.Exit(serve_bench(profile, scenario, plant))  # its line is JSON either way
    except ConfigError as error:
        refuse(error.problems, json_output=json_output)
    except (ScenarioError, OptionsError) as error:
        refuse(str(error).splitlines(), json_output=json_output)


@app.command()
def replay(record: Annotated[str, typer.Argument(help="Path of a record.")], json_output: JsonOption = False) -> None:
    """Run a record through the same drivers and core again; exit 0 only if they decide the same."""
    from controller.record.errors import RecordError
    from controller.replay import replay as replay_record

    try:
        result = replay_record(Path(record))
    except RecordError as error:
        refuse([str(error)], json_output=json_output)
    if json_output:
        print_json({"decisions": result.decisions, "mismatches": result.mismatches})
    else:
        for mismatch in result.mismatches:
            sys.stdout.write(f"{mismatch}\n")
        sys.stdout.write(f"{result.decisions} decisions, {len(result.mismatches)} mismatches\n")
    raise typer.Exit(0 if not result.mismatches else EXIT_FAULT)


@app.command()
def scenarios(json_output: JsonOption = False) -> None:
    """List the scenarios that come with ductoject."""
    from simulators.scenario import load_scenario, scenario_names

    titles = {name: load_scenario(name).title for name in scenario_names()}
    if json_output:
        print_json(titles)
        return
    table = Table("name", "what happens", box=None)
    for name, title in titles.items():
        table.add_row(name, title)
    Console().print(table)
