"""Everything that the invariants look at, and the two questions that several of them ask: until when may it still move, and is
this a motion that a fault of the pump makes by itself.
"""

import math
from typing import Protocol

from simulators.oracle.claims import Claims
from simulators.oracle.limits import REST_SLACK_S, OracleLimits
from simulators.oracle.plunger import Plunger
from simulators.oracle.record import RecordSaid


class ContactsSeen(Protocol):
    """The button, as far as it can be seen from outside."""

    @property
    def pressed(self) -> bool:
        """The patient holds it down."""


class Bench(Protocol):
    """What the oracle reads of the bench after every step."""

    @property
    def now_s(self) -> float:
        """The bench's time."""

    @property
    def forward_ul(self) -> float:
        """Gross forward travel of the plunger."""

    @property
    def forward_patient_ul(self) -> float:
        """The part of it with the tip in the patient."""

    @property
    def withdrawn_ul(self) -> float:
        """Gross backward travel of the plunger."""

    @property
    def line_kpa(self) -> float:
        """The true line pressure."""

    @property
    def tip(self) -> str:
        """Where the tip is: "air", "capped" or "patient"."""

    @property
    def contacts(self) -> ContactsSeen:
        """The stop button."""


class Scene:
    """The truth and the record's words, as of the step that ended at now_s and began at since_s."""

    __slots__ = ("before_kpa", "claims", "limits", "line_kpa", "now_s", "plunger", "record", "since_s", "tip")

    def __init__(self, limits: OracleLimits, claims: Claims) -> None:
        self.limits = limits
        self.claims = claims
        self.plunger = Plunger()
        self.record = RecordSaid()
        self.since_s = 0.0
        self.now_s = 0.0
        self.line_kpa = 0.0
        self.before_kpa = 0.0  # the line pressure before this step
        self.tip = "air"

    @property
    def patient_ul(self) -> float:
        """Gross forward travel into the patient: with the tip there, or since the machine was armed."""
        armed_at_ul = self.record.armed_at_ul
        since_armed_ul = 0.0 if armed_at_ul is None else self.plunger.forward_ul - armed_at_ul
        return max(self.plunger.patient_ul, since_armed_ul)

    @property
    def flow_ul_s(self) -> float:
        """The plunger's forward flow in this step."""
        return self.plunger.moved_ul / (self.now_s - self.since_s) if self.now_s > self.since_s else 0.0

    def still_by_s(self, cause_s: float, budget_s: float, *, hard_wired: bool = False) -> float:
        """When the plunger has to stand still for a cause at cause_s, faults that hinder the stop included.

        hard_wired: the cause reaches the pump past the host. Link lost: the pump's watchdog. A pump that ignores the stop: the
        rest of what is programmed. A host that stands still: as much later as it wakes.
        """
        still_s = cause_s + budget_s
        claims = self.claims
        if not hard_wired:
            still_s = max(still_s, claims.frozen_until_s(cause_s, still_s) + budget_s)
        return self._unhindered_s(cause_s, still_s, hard_wired=hard_wired)

    def _unhindered_s(self, cause_s: float, still_s: float, *, hard_wired: bool = False) -> float:
        claims = self.claims
        blocks = claims.blocks(cause_s, still_s)
        if blocks == "pump":
            return max(still_s, still_s - self.limits.stop_s + claims.watchdog_s, self._rest_ends_s())
        if blocks == "link" and not hard_wired:
            return still_s - min(self.limits.stop_s, still_s - cause_s) + claims.watchdog_s
        return still_s

    def _rest_ends_s(self) -> float:
        """When the program that moves the plunger now has run out."""
        newest = self.record.newest
        return -math.inf if newest is None else self.plunger.began_s + newest.seconds + REST_SLACK_S

    def moves_by_itself(self) -> bool:
        """Whether a fault makes the pump move unordered, and for no longer than it may.

        The time counts from the first moment at which nothing else allowed this motion.
        """
        claims, plunger = self.claims, self.plunger
        allowed_s = claims.unordered_s(self.now_s)
        if allowed_s is None:
            return False
        if plunger.unordered_since_s is None:
            plunger.unordered_since_s = self.since_s
        since_s = plunger.unordered_since_s
        until_s = since_s + allowed_s
        if math.isinf(until_s):
            return True
        until_s = max(until_s, claims.frozen_until_s(since_s, until_s) + allowed_s)
        return self.since_s < self._unhindered_s(since_s, until_s)
