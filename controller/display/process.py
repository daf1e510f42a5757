"""The display process. Started by DisplayClient; it has no other use.

It ignores every signal that a terminal or a supervisor sends to all: it goes when the control process has gone, and only then, so
that the last words are always shown.
"""

import argparse
import os
import signal
import socket
import sys
import termios
from collections.abc import Sequence

from controller.display.live import LiveScreen
from controller.display.output import Output, OutputGoneError
from controller.display.session import Session
from controller.display.terminal import Keyboard, in_foreground

IGNORED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGQUIT,
    signal.SIGTSTP,
    signal.SIGHUP,
    # Once the shell has the terminal again, setting and reading it must fail instead of stopping this process.
    signal.SIGTTOU,
    signal.SIGTTIN,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Shows until the control process closes. Exit status 0 also when nobody reads the output any more."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    # The control process started us with these blocked, so that none could strike before the line above.
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    _leave_real_time()
    parser = argparse.ArgumentParser(prog="controller.display.process")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--mode", choices=("plain", "live"), required=True)
    parser.add_argument("--stream", choices=("stdout", "stderr"), required=True)
    options = parser.parse_args(arguments)
    stream = sys.stdout if options.stream == "stdout" else sys.stderr
    with socket.socket(fileno=options.fd) as control:
        _show(control, options.parent, options.mode == "live", stream.fileno(), stream.encoding)
    return 0


def _show(control: socket.socket, parent: int, live: bool, stream_fd: int, encoding: str) -> None:
    output = Output(stream_fd)
    keyboard = _keyboard()
    try:
        screen = LiveScreen(output, keyboard is not None) if live else None
        colour = os.isatty(stream_fd) and not os.environ.get("NO_COLOR")
        session = Session(control, output, screen, keyboard, lambda: os.getppid() != parent, colour, encoding)
        try:
            try:
                session.run()
            finally:
                session.close()
        except OutputGoneError:
            return  # nobody reads: there is nothing left to do, and nobody to tell
    finally:
        if keyboard is not None:
            keyboard.restore()
        output.close()


def _keyboard() -> Keyboard | None:
    try:
        return Keyboard(0) if os.isatty(0) and in_foreground(0) else None
    except (OSError, termios.error):
        return None


def _leave_real_time() -> None:
    """The control process's real-time priority is inherited, and is not for drawing."""
    try:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except OSError:
        return  # not allowed to: then it was not allowed to be anything else either


if __name__ == "__main__":
    sys.exit(main())
