"""The private network: which address reaches which, by security groups, over real sockets on 127.0.0.1."""

import ipaddress
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from moto.ec2 import ec2_backends

from sandbox.account import ACCOUNT, home
from sandbox.untyped import Model

LEAST_SECONDS = 2.0  # scaled time-outs would fail on a busy machine, where AWS's own would not


@dataclass(frozen=True)
class Interface:
    """A network interface: its address and, read anew at each connection, its security groups; None for no groups."""

    address: str
    groups: Callable[[], list[str]] | None = None


INTERNET = Interface("203.0.113.10")


class Network:
    """Maps (address, port) to the loopback port where that something really listens."""

    def __init__(self) -> None:
        self._interfaces: dict[str, Interface] = {}
        self._listeners: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def attach(self, interface: Interface) -> None:
        """Give an interface its place in the network."""
        with self._lock:
            self._interfaces[interface.address] = interface

    def listen(self, address: str, port: int, loopback_port: int) -> None:
        """Let connections to (address, port) end at 127.0.0.1:`loopback_port`."""
        with self._lock:
            self._listeners[address, port] = loopback_port

    def release(self, address: str, port: int) -> None:
        """Let nobody listen on (address, port) any more."""
        with self._lock:
            self._listeners.pop((address, port), None)

    def detach(self, address: str) -> None:
        """Take the interface and whatever listens on it away."""
        with self._lock:
            self._interfaces.pop(address, None)
            self._listeners = {key: port for key, port in self._listeners.items() if key[0] != address}

    def connect(self, source: Interface, address: str, port: int, seconds: float) -> socket.socket:
        """Open a connection; TimeoutError where packets are dropped, ConnectionRefusedError where nobody listens."""
        with self._lock:
            target, loopback_port = self._interfaces.get(address), self._listeners.get((address, port))
        if target is None or not allowed(source, target, port):
            raise TimeoutError(f"{source.address} → {address}:{port} timed out: no route, or a security group drops it")
        if loopback_port is None:
            raise ConnectionRefusedError(f"{source.address} → {address}:{port} refused: nothing listens there")
        return socket.create_connection(("127.0.0.1", loopback_port), max(seconds, LEAST_SECONDS))


def allowed(source: Interface, target: Interface, port: int) -> bool:
    """Tell whether the security groups of both ends let a TCP connection through."""
    return _permits(source, "egress_rules", port, target) and _permits(target, "ingress_rules", port, source)


def _permits(interface: Interface, direction: str, port: int, peer: Interface) -> bool:
    if interface.groups is None:
        return True
    backend = ec2_backends[ACCOUNT][home()]
    groups = [backend.get_security_group_from_id(group) for group in interface.groups()]
    return any(_matches(rule, port, peer) for group in groups if group for rule in list(getattr(group, direction)))


def _matches(rule: Model, port: int, peer: Interface) -> bool:
    if rule.ip_protocol != "-1" and not (rule.ip_protocol == "tcp" and rule.from_port <= port <= rule.to_port):
        return False
    if rule.source_group:
        return peer.groups is not None and rule.source_group.get("GroupId") in peer.groups()
    cidr = rule.ip_range.get("CidrIp")
    return cidr is not None and ipaddress.ip_address(peer.address) in ipaddress.ip_network(cidr)
