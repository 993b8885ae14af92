"""The load balancers that the internet reaches, and what their listeners are."""

from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.each import each
from functions.core.language import say
from functions.core.listed import Listed, listed
from functions.core.reading import over
from functions.core.regional import Named
from functions.core.template import readable

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import ListenerTypeDef, LoadBalancerTypeDef

PAGE = 400
SHARE = 3  # of the time: for the load balancers, twice for the lists within that list


class Balancer(NamedTuple):
    """An application load balancer and its listeners."""

    name: str
    zones: list[str]
    listeners: "Listed[ListenerTypeDef]"

    @property
    def plain(self) -> "list[ListenerTypeDef]":
        """List the listeners without TLS that were read."""
        return [one for one in self.listeners.found if one["Protocol"] == "HTTP"]

    @property
    def lacks_https(self) -> bool | None:
        """Say whether it listens for HTTP, and for HTTPS nowhere."""
        if any(one["Protocol"] == "HTTPS" for one in self.listeners.found):
            return False
        return bool(self.plain) if self.listeners.whole else None

    @property
    def unredirected(self) -> "list[ListenerTypeDef]":
        """List the listeners for HTTP that do something else by default than to redirect to HTTPS."""
        return [one for one in self.plain if not _redirects(one)]

    @property
    def single(self) -> bool:
        """Say whether it is in fewer than two availability zones."""
        return len(self.zones) < 2  # noqa: PLR2004

    @property
    def line(self) -> str:
        """Tell of it."""
        ports = [f"{one['Protocol']} {one['Port']}" for one in self.listeners.found]
        told = {"name": self.name, "ports": readable(ports), "zones": readable(self.zones)}
        return say("{name}: listens on {ports}; zones: {zones}", **told)


def of_internet(aws: Session, parameters: Named) -> Listed[Balancer]:
    """Read the application load balancers that face the internet, and have the word in their names."""
    elb = aws.client("elbv2", parameters.region)

    def meant(one: "LoadBalancerTypeDef") -> bool:
        reached = one["Type"] == "application" and one.get("Scheme") != "internal"
        return reached and parameters.named in one["LoadBalancerName"]

    def read(one: "LoadBalancerTypeDef") -> Balancer:
        pages = elb.get_paginator("describe_listeners").paginate(
            LoadBalancerArn=one["LoadBalancerArn"], PaginationConfig={"PageSize": PAGE}
        )
        zones = sorted({zone["ZoneName"] for zone in one["AvailabilityZones"]})
        return Balancer(one["LoadBalancerName"], zones, listed(pages, lambda page: page["Listeners"], SHARE))

    pages = elb.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": PAGE})
    return each(listed(pages, lambda page: filter(meant, page["LoadBalancers"]), SHARE), read, over(SHARE))


def _redirects(listener: "ListenerTypeDef") -> bool:
    """Say whether a default action, of which the last one decides, sends clients to HTTPS."""
    return listener["DefaultActions"][-1].get("RedirectConfig", {}).get("Protocol") == "HTTPS"
