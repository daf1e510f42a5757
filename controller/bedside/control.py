"""The control process of the bedside: one procedure, with the page's server in place of a terminal.

Started by controller.bedside.child. The first packet is the order: what to run. Nothing in it can widen a limit: of the profile
only what is in the line and how much is wanted may be named, and the profile's own rules judge that. The answer is "begun" or
"refused"; what then follows is what a display gets.
"""

import argparse
import select
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.core.reasons import EXIT_FAULT, EXIT_USAGE
from controller.display import wire
from controller.display.page_link import PageLink

ORDER_S: Final = 5.0
LAST_WORD_S: Final = 2.0
NAMED: Final = (
    "line.agent",
    "line.temperature_c",
    "line.syringe",
    "line.fill_ml",
    "line.cannula",
    "line.lot_bore_mm",
    "injection.target_ml",
)
"""What a set-up may say of the profile. That each increment waits for the operator's go is not a choice here."""
_TEXTS: Final = ("profile", "scenario", "records", "patient", "duct", "predecessor")


class OrderError(Exception):
    """An order that no page server of this version writes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one procedure; its exit status, 2 where nothing was begun."""
    parser = argparse.ArgumentParser(prog="controller.bedside.control")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    options = parser.parse_args(arguments)
    # Those who sit at the terminal stop the page's server, which stops this. Before the loop takes signals nothing moves.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    page = socket.socket(fileno=options.fd)
    try:
        order = _order(page)
    except OrderError as error:
        sys.stderr.write(f"controller.bedside.control: {error}\n")
        return EXIT_USAGE
    return run(order, PageLink(page))


def run(order: Mapping[str, Any], link: PageLink) -> int:
    """Runs what was ordered; closes the link."""
    from controller.procedure import RefusedError, run_procedure  # heavy: the page waits, nothing else does

    status = EXIT_FAULT
    try:
        outcome = run_procedure(request_of(order, link))
        status = int(outcome["exit"])
    except (RefusedError, OrderError) as refusal:
        problems = refusal.problems if isinstance(refusal, RefusedError) else [str(refusal)]
        status = refusal.status if isinstance(refusal, RefusedError) else EXIT_USAGE
        link.send({"type": "refused", "problems": problems})
    except Exception as error:  # noqa: BLE001 - the page gets a sentence; while a pump is connected the loop has its own handler
        traceback.print_exc(file=sys.stderr)
        link.send({"type": "refused", "problems": [f"unexpected {type(error).__name__}: {error}"]})
    link.close(LAST_WORD_S)
    return status


def request_of(order: Mapping[str, Any], link: PageLink) -> Any:
    """The order as a controller.procedure.Request. Raises OrderError."""
    from controller.procedure import Request

    texts = {}
    for name in _TEXTS:
        value = order.get(name)
        if value is not None and not isinstance(value, str):
            raise OrderError(f"the order's {name} is no text")
        texts[name] = value
    overrides = order.get("overrides") or {}
    setup = order.get("setup")
    if not isinstance(overrides, dict) or not (setup is None or isinstance(setup, dict)):
        raise OrderError("the order's overrides or set-up are no table")
    said: dict[str, object] = {"injection.advance": ("confirm", "the bedside")}
    for key, value in overrides.items():
        if key not in NAMED:
            raise OrderError(f"{key} is not for a set-up to say")
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], str):
            raise OrderError(f"the order's {key} does not say where it comes from")
        said[key] = (value[0], value[1])
    return Request(
        profile=texts["profile"] or "sim",
        overrides=said,
        scenario=texts["scenario"],
        records=texts["records"],
        patient=texts["patient"],
        duct=texts["duct"],
        predecessor=texts["predecessor"],
        setup=setup,
        page=link,
    )


def _order(page: socket.socket) -> dict[str, Any]:
    """The first packet. Raises OrderError."""
    if not select.select([page], [], [], ORDER_S)[0]:
        raise OrderError(f"no order came within {ORDER_S:g} s")
    order = wire.decode(page.recv(wire.MAX_MESSAGE_BYTES))
    if order is None or order.get("type") != "order":
        raise OrderError("the first packet is no order")
    return order


if __name__ == "__main__":
    sys.exit(main())
