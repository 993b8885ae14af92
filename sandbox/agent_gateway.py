"""Another team's service behind the same load balancer: it answers Telegram too, but as an echo."""

from sandbox.bot import Answerer, WebhookHandler
from sandbox.network import Interface, Network
from sandbox.server import Server

ADDRESS = "10.40.2.200"
PORT = 8080


class AgentGateway(Server):
    """Runs on a machine of its own, not on ECS: no task, no log group here."""

    def __init__(self, network: Network) -> None:
        super().__init__("agent-gateway", AgentGatewayHandler)
        network.attach(Interface(ADDRESS))
        network.listen(ADDRESS, PORT, self.port)


class AgentGatewayHandler(WebhookHandler):
    """Its routes: any address is answered."""

    answerer = Answerer(None, lambda _: None)

    def do_GET(self) -> None:
        """Say who answers."""
        self.json(200, {"service": "agent_gateway", "version": "0.4.1", "status": "ok"})
