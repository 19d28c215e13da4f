"""The two virtual hosts that every environment has: `default`, which is http, and `secure`, which is https.

Source: answers of Edge to a free organization that a public client keeps in its tests, field by field; apigeetool for
the path, and that both `port` and `sSLInfo` are counted on. GUESS: custom domains are aliases of both, after the host
of the environment; the error of one that there is not.
"""

from pytest_apigee.edge.bundle import VIRTUAL_HOSTS
from pytest_apigee.edge.hosts import gateway_host
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.environments import environment_of
from pytest_apigee.edge.management.rendering import Object
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response

_SOURCE = "public clients of Edge"
_ALL = "/organizations/{org}/environments/{env}/virtualhosts"
_ONE = f"{_ALL}/{{virtualhost}}"
_SECURE = VIRTUAL_HOSTS[1]
_PORTS = dict(zip(VIRTUAL_HOSTS, ("80", "443"), strict=True))
_TLS: Object = {
    "ciphers": [],
    "clientAuthEnabled": "false",
    "enabled": "true",
    "ignoreValidationErrors": False,
    "protocols": [],
}


def list_virtual_hosts(call: Call) -> Response:
    """Answer with the names of the virtual hosts of an environment."""
    environment_of(call)
    return answer(list(VIRTUAL_HOSTS))


def show_virtual_host(call: Call) -> Response:
    """Answer with one virtual host of an environment."""
    environment, name = environment_of(call), call["virtualhost"]
    if name not in VIRTUAL_HOSTS:
        raise call.refusal("virtual_host_unknown", name=name)
    organization = call.organization
    own = (host for host, leads_to in organization.hosts.items() if leads_to == environment)
    fields: Object = {
        "hostAliases": [gateway_host(organization.name, environment), *own],
        "interfaces": [],
        "listenOptions": [],
        "name": name,
        "port": _PORTS[name],
        "retryOptions": [],
    }
    if name == _SECURE:
        fields["sSLInfo"] = _TLS
    return answer({**fields, "useBuiltInFreeTrialCert": name == _SECURE})


ROUTES = (
    Route(method="GET", path=_ALL, source=_SOURCE, handler=list_virtual_hosts),
    Route(method="GET", path=_ONE, source=_SOURCE, handler=show_virtual_host),
)
