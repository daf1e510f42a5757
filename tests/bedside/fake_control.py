"""A control process that runs no procedure: it says what a test wants to see. Started as controller.bedside.control is."""

import argparse
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

MODES = ("plays", "refuses", "silent", "dies", "dies_early", "never", "deaf", "hangs_up")
OVER_S = 60.0


class Fake:
    """One run."""

    def __init__(self, line: socket.socket, mode: str) -> None:
        self.line, self.mode = line, mode
        self.began_s = time.monotonic()
        self.said: list[str] = []

    def send(self, message: dict[str, Any]) -> None:
        stamp = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.line.send(json.dumps({**message, "sent_s": stamp}).encode())

    def snapshot(self, **changes: Any) -> None:
        self.send(
            {
                "type": "snapshot", "t_s": round(time.monotonic() - self.began_s, 3), "state": "holding", "increment": 1,
                "increments": 4,
                "delivered_ml": 0.05, "target_ml": 0.2, "line_kpa": 1.5, "ceiling_kpa": 200.0, "hold": None, "hold_kpa": [0.4],
                "duct_limit_kpa": 5.0, "button": "closed", "pump": "stopped", "sensor": "ok", "recorder": "ok", "prompt": None,
                "question": {"id": "arm", "text": "cannula in and taped", "typed": "ARM"}, "alarm": None, "fullness": False,
                "simulated": True, "banner": "a banner",
            } | changes
        )  # fmt: skip

    def end(self, reason: str) -> None:
        self.send(
            {"type": "end", "t_s": 9.0, "reason": reason, "text": reason.lower(), "also": [], "exit": 3, "delivered_ml": 0.05}
        )
        self.send({"type": "close"})

    def play(self) -> int:
        question = {"id": "go-1", "text": "next increment?", "typed": None}
        until_s = time.monotonic() + OVER_S
        while time.monotonic() < until_s:
            self.snapshot(**({"question": question} if "ARM" in self.said else {}))
            if not select.select([self.line], [], [], 0.1)[0]:
                continue
            data = self.line.recv(4096)
            if not data:
                return 3
            statement = json.loads(data)
            self.said.append(statement.get("typed") or statement["operator"])
            self.send({"type": "note", "t_s": 1.0, "text": f"heard {json.dumps(statement)}", "name": "operator"})
            if statement["operator"] == "stop" and self.mode != "deaf":
                alarm = {"priority": "medium", "reason": "OPERATOR_STOP", "text": "stop (page)"}
                self.snapshot(state="stopped", alarm=alarm, question=None)
                self.end("OPERATOR_STOP")
                return 3
        return 4


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    options = parser.parse_args()
    line = socket.socket(fileno=options.fd)
    fake = Fake(line, options.mode)
    order = json.loads(line.recv(65536))
    mode = options.mode
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mode == "never":
        time.sleep(OVER_S)
    if mode == "dies_early":
        os._exit(9)
    if mode == "refuses":
        fake.send({"type": "refused", "problems": ["the first problem", "the second problem"]})
        return 2
    path = f"{order['records']}/20261128T120000Z-0badcafe.sqlite"
    fake.send({"type": "note", "t_s": 0.0, "text": "an earlier record was not closed"})
    fake.send({"type": "begun", "record": "20261128T120000Z-0badcafe.sqlite", "path": path})
    fake.send({"type": "note", "t_s": 0.0, "text": "order taken"})
    Path(order["records"], "order.json").write_text(json.dumps(order))
    if mode == "silent":
        fake.snapshot()
        time.sleep(OVER_S)
    if mode == "dies":
        fake.snapshot()
        os._exit(9)
    if mode == "hangs_up":
        fake.snapshot()
        line.close()
        time.sleep(OVER_S)
    return fake.play()


if __name__ == "__main__":
    sys.exit(main())
