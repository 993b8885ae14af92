"""What the parameters of checks have in common that look at all of one kind in a region."""

from functions.core.fields import Region
from functions.core.results import Parameters


class InRegion(Parameters):
    """A region."""

    region: Region


class Named(InRegion):
    """A region, and a word that is in the names of what is meant there; "" for all."""

    named: str = ""
