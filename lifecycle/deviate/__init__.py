"""Wrong clouds, drawn from a table: one word of one row is another, and all else is as it was."""

from lifecycle.deviate.deviation import Deviation
from lifecycle.deviate.seen import seen
from lifecycle.deviate.table import UnknownDeviation, deviated, deviations, draw

__all__ = ["Deviation", "UnknownDeviation", "deviated", "deviations", "draw", "seen"]
