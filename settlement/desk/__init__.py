"""The desk: reads the world, asks the rules, writes the outcome. One room for each kind of work."""

from settlement.desk.desk import Desk
from settlement.desk.setting import Setting, VenueTerms
from settlement.desk.world import DeskError, World

__all__ = ["Desk", "DeskError", "Setting", "VenueTerms", "World"]
