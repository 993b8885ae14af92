"""What the parameters of checks have in common that look at all of one kind."""

from functions.core.fields import Region
from functions.core.results import Parameters


class InRegion(Parameters):
    """A region."""

    region: Region


class Worded(Parameters):
    """A word that is in the names of what is meant; "" for all."""

    named: str = ""


class Named(Worded, InRegion):
    """A region, and a word that is in the names of what is meant there; "" for all."""
