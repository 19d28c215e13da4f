"""One world: its state and its services, and the one method that answers a request.

Rules of this file:

* `handle` answers every request and lets no exception out.
* What Edge refuses is rendered here and nowhere else; the reason goes into the journal, never on the wire.
* What would let a passing test prove nothing (an unknown host, an unmodelled endpoint, a target that broke) is kept
  as a grievance, for whoever closes the world.
"""

from dataclasses import dataclass, field
from email.utils import format_datetime

from pytest_apigee.edge import hosts
from pytest_apigee.edge.clock import Clock
from pytest_apigee.edge.era import CURRENT, Era
from pytest_apigee.edge.faults import GATEWAY, LOGIN, MANAGEMENT, Fault, Faults, service_of
from pytest_apigee.edge.gateway.service import GatewayService
from pytest_apigee.edge.guesses import Guesses
from pytest_apigee.edge.hosts import GatewayAddress, HostTest
from pytest_apigee.edge.identifiers import Identifiers
from pytest_apigee.edge.journal import Journal, Notes, Service
from pytest_apigee.edge.management.service import ManagementService
from pytest_apigee.edge.message import ConnectionFailure, FailureKind, Request, Response
from pytest_apigee.edge.refusal import NotModelled, Refusal
from pytest_apigee.edge.sso.service import SsoService
from pytest_apigee.edge.state import WorldState
from pytest_apigee.errors import listed, nearest

UNKNOWN_HOST = "unknown_host"
NOT_MODELLED = "not_modelled"
TARGET_ERROR = "target_error"
UNMET_FAULT = "unmet_fault"
_MOST_GRIEVANCES = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Grievance:
    """Something that must fail the test, even if the client under test swallowed it."""

    kind: str
    message: str
    error: Exception | None = field(default=None, repr=False)


class World:
    """A fake Edge without any door: ``World().handle(request)`` returns what Edge would answer.

    Args:
        seed: Decides every generated value.
        era: Which of Edge's documented behaviours hold.
        guesses: The switches for what no source confirms.
        clock: Edge's clock; by default one that follows wall time.
        claimed_hosts: Hosts that are Edge's although nobody answers there.
    """

    def __init__(
        self,
        *,
        seed: int | str = 0,
        era: Era = CURRENT,
        guesses: Guesses | None = None,
        clock: Clock | None = None,
        claimed_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._state = WorldState(
            clock=clock or Clock(),
            identifiers=Identifiers(seed),
            era=era,
            guesses=guesses or Guesses(),
            claimed_hosts=claimed_hosts,
        )
        self._sso = SsoService(self._state)
        self._management = ManagementService(self._state, self._sso.verifier.user_of_access_token)
        self._gateway = GatewayService(self._state)
        self._journal = Journal()
        self._faults = Faults(lock=self._state.lock)
        self._grievances: dict[tuple[str, str], Grievance] = {}
        self._tolerated: frozenset[str] = frozenset()

    @property
    def clock(self) -> Clock:
        """Edge's clock, and the power to move it."""
        return self._state.clock

    @property
    def calls(self) -> Journal:
        """What was asked of this Edge, the last 10,000 exchanges."""
        return self._journal

    @property
    def faults(self) -> Faults:
        """Arms faults: answers of your own, and connections that fail, for the exchanges to come."""
        return self._faults

    @property
    def era(self) -> str:
        """The name of the era."""
        return self._state.era.name

    @property
    def seed(self) -> int | str:
        """What every generated value comes from."""
        return self._state.identifiers.seed

    def take_grievances(self) -> tuple[Grievance, ...]:
        """Return what must fail the test, and forget it."""
        with self._state.lock:
            grievances = tuple(self._grievances.values())
            self._grievances.clear()
        return grievances

    @property
    def host_test(self) -> HostTest:
        """Tells Edge's hosts from others; stays the same when this world is gone."""
        return HostTest.of(self._state.claimed_hosts.union(self._addresses()))

    @property
    def known_hosts(self) -> list[str]:
        """The hosts that answer in this world."""
        zones = (zone.host for zone in self._state.all_zones)
        return [*zones, hosts.MANAGEMENT, hosts.MOCK_TARGET, *self._addresses()]

    def owns(self, host: str) -> bool:
        """Return whether a host is Edge's, known to this world or not.

        Args:
            host: In lower case, without port and trailing dot.
        """
        return hosts.is_edge_by_name(host) or host in self._state.claimed_hosts or host in self._addresses()

    def answers(self, host: str) -> bool:
        """Return whether a host answers in this world; where one does not, `handle` says why.

        Args:
            host: In lower case, without port and trailing dot.
        """
        return hosts.zone_of(host) is not None or host in self.known_hosts

    def handle(self, request: Request) -> Response | ConnectionFailure:
        """Answer one request as Edge would.

        Returns:
            Edge's response, or how the connection fails where no host of Edge would answer.
        """
        notes = Notes()
        try:
            fault = self._faults.meet(request)
            outcome = self._answer(request, notes) if fault is None else _faulty(fault, request, notes)
        except Refusal as refusal:
            notes.reason, notes.was_refused = refusal.reason, True
            if refusal.error is not None:
                self.complain(TARGET_ERROR, refusal.reason, refusal.error)
            outcome = refusal.fault.render()
        except NotModelled as gap:
            notes.reason, notes.was_refused = gap.message, True
            self.complain(NOT_MODELLED, gap.message)
            outcome = Response(status=501, headers={"Content-Type": "text/plain"}, body=f"{gap.message}\n")
        if notes.service is Service.GATEWAY and not notes.is_fault and isinstance(outcome, Response):
            outcome = self._gateway.routed(outcome)
        self._journal.add(request, outcome, notes, at_ms=self.clock.now_ms)
        return outcome

    def http_date(self) -> str:
        """Return Edge's time as the Date header of an answer gives it."""
        return format_datetime(self.clock.now, usegmt=True)

    def record(self, request: Request, outcome: Response | ConnectionFailure, reason: str) -> None:
        """Write an exchange into the journal that somebody else answered."""
        notes = Notes(service=Service.STUB, reason=reason)
        self._journal.add(request, outcome, notes, at_ms=self.clock.now_ms)

    def tolerate(self, kinds: frozenset[str]) -> None:
        """Say which kinds of complaints a test allows, from now on."""
        self._tolerated = kinds

    def complain_of_unmet_faults(self) -> None:
        """Complain of each fault that was armed and that no exchange has met; take all faults back."""
        for fault in self._faults.take_unmet():
            self.complain(UNMET_FAULT, f"no exchange has met the fault that was armed: {fault}")

    def complain(self, kind: str, message: str, error: Exception | None = None) -> bool:
        """Keep something that must fail the test; return whether it does, or the test allows it."""
        if kind in self._tolerated:
            return False
        with self._state.lock:
            if len(self._grievances) < _MOST_GRIEVANCES:
                self._grievances.setdefault((kind, message), Grievance(kind=kind, message=message, error=error))
        return True

    def _answer(self, request: Request, notes: Notes) -> Response | ConnectionFailure:
        host = request.host
        if host == hosts.LOGIN or hosts.zone_of(host) is not None:
            notes.service = Service.SSO
            with self._state.lock:
                return self._sso.answer(request, notes)
        if host == hosts.MANAGEMENT:
            notes.service = Service.MANAGEMENT
            with self._state.lock:
                return self._management.answer(request, notes)
        if host == hosts.MOCK_TARGET:
            notes.service = Service.MOCK_TARGET
            return self._mock_target(request)
        address = self._addresses().get(host)
        if address is None:
            return self._no_such_host(host, notes)
        notes.service = Service.GATEWAY
        return self._gateway.answer(request, address, notes)

    def _addresses(self) -> dict[str, GatewayAddress]:
        return hosts.gateway_addresses(self._state.organizations.values(), self._state.extra_hosts)

    def _mock_target(self, request: Request) -> Response:
        if request.path == "/" and request.method in ("GET", "HEAD"):
            text = self._state.guesses.mocktarget_text
            return Response(status=200, headers={"Content-Type": "text/html; charset=utf-8"}, body=text)
        raise NotModelled(request.shown)

    def _no_such_host(self, host: str, notes: Notes) -> ConnectionFailure:
        known = self.known_hosts
        notes.reason, notes.was_refused = f"the fake Edge has no host {host!r}", True
        message = (
            f"The fake Edge has no host {host!r}. Known: {listed(known)}.{nearest(host, known)} "
            "Declare its organization and environment with apigee.organization(name, environments=[...])."
        )
        self.complain(UNKNOWN_HOST, message)
        return ConnectionFailure(kind=FailureKind.UNKNOWN_HOST, message=message)


def _faulty(fault: Fault, request: Request, notes: Notes) -> Response | ConnectionFailure:
    services = {LOGIN: Service.SSO, MANAGEMENT: Service.MANAGEMENT, GATEWAY: Service.GATEWAY}
    notes.service = services[service_of(request.host)]
    notes.reason, notes.was_refused, notes.is_fault = f"a fault that the test armed: {fault}", True, True
    return fault.outcome
