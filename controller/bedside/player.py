"""A record that is played, in a process of its own: living through a record holds the interpreter, and this is not the server's.

Questions come in as lines of JSON, {"begin": null}, {"until": t_s} or {"seek": t_s}; each is answered by one line: the messages
as a list, or {"error": sentence}. It ends with its input.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from controller.bedside.job import give_way
from controller.bedside.playing import Player
from controller.record.errors import RecordError


def main(arguments: Sequence[str]) -> int:
    """PATH of the record."""
    give_way()
    try:
        with Player(Path(arguments[0])) as player:
            for line in sys.stdin:
                _say(_answer(player, json.loads(line)))
    except RecordError as error:
        _say({"error": str(error)})
    return 0


def _answer(player: Player, question: dict[str, Any]) -> list[dict[str, Any]]:
    (word, t_s), *_ = question.items()
    if word == "begin":
        return player.begin()
    return player.until(float(t_s)) if word == "until" else player.seek(float(t_s))


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
