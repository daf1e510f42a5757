"""`ductoject bedside`: a procedure from checklist to report, on a page."""

from typing import Annotated

import typer

from controller.cli_output import JsonOption, refuse

# What does the work is loaded by the command itself: it is heavy, and other commands do without.


def bedside(
    profile: Annotated[str, typer.Option(metavar="sim|bench|bedside|PATH", help="Devices, line and plan.")] = "sim",
    scenario: Annotated[str | None, typer.Option(metavar="NAME|PATH", help="What happens at the simulated bench.")] = None,
    records: Annotated[str | None, typer.Option("--records", metavar="DIR", help="Where records are kept.")] = None,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="Of loopback; 0 for any that is free.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    kiosk: Annotated[bool, typer.Option("--kiosk", help="Open it over the whole screen.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Serve the bedside's page on this machine until Ctrl-C, which stops a procedure that runs.

    The address of the operator's window goes to standard error and works once; SIGUSR1 makes a new one. Exit: 0 it was served,
    2 it was not, 4 a procedure that ran was not seen to end.
    """
    from controller.bedside.server import Options, UnfitError, Wishes, serve

    options = Options(Wishes(profile, scenario, records), port, browser=browser, kiosk=kiosk, json_output=json_output)
    try:
        status = serve(options)
    except UnfitError as error:
        refuse(error.problems, json_output=json_output)
    raise typer.Exit(status)
