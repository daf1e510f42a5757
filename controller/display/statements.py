"""What people say on a screen, out of the packet socket that it comes by; both kinds of screen are listened to by this."""

import socket
from typing import Final

from controller.display import wire

_MAX_STATEMENT_BYTES: Final = 4096
STATEMENTS_AT_ONCE: Final = 32


def heard(line: socket.socket) -> tuple[list[dict[str, str]], bool]:
    """The statements that have come, oldest first and so many at most, and whether the other end is still there.

    line: does not block. Each statement is {"operator": one of wire.OPERATOR_STATEMENTS}; a "confirm" has "question" (its id) and
    "typed" (the word) as well. What is none is dropped. Never waits or raises.
    """
    statements: list[dict[str, str]] = []
    for _ in range(STATEMENTS_AT_ONCE):
        try:
            data = line.recv(_MAX_STATEMENT_BYTES)
        except BlockingIOError:
            break
        except ConnectionResetError:
            continue  # it ended with messages unread; what it said before that still comes
        except OSError:
            data = b""
        if not data:
            return statements, False
        statement = wire.operator_statement(data)
        if statement is not None:
            statements.append(statement)
    return statements, True
