"""Target servers of an environment: backends that API proxies call by name.

They are a plain store: nothing at the gateway reads them, so that each can be deleted.

Source: the Edge documentation, "TargetServers API"; management.md sections 4 and 5.1, whose order the fields have.
GUESS: `port` is required, fields that are not listed there are ignored, and the name in a path counts, whatever the
body says.
"""

from pytest_apigee.edge.jackson import Json
from pytest_apigee.edge.management.body import Body
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.environments import environment_of
from pytest_apigee.edge.management.names import is_fit
from pytest_apigee.edge.management.routing import Handler, routes_of
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.stores import LAST_PORT, NAME, Scope, TargetServer, TlsSettings

_ALL = "/organizations/{org}/environments/{env}/targetservers"
_ONE = f"{_ALL}/{{targetserver}}"


def list_servers(call: Call) -> Response:
    """Answer with names, in their order (GUESS)."""
    return answer(sorted(call.organization.target_servers.of(_scope_of(call))))


def create_server(call: Call) -> Response:
    """Create a target server. GUESS: it is answered with 201, as other things; EJS takes 200 too."""
    scope, body = _scope_of(call), call.body()
    name = body.required("name")
    if not is_fit(call, name, NAME):
        raise call.refusal("name_unfit", name=name)
    server = _server(call, body, name)
    if name in call.organization.target_servers.of(scope):
        raise call.refusal("target_server_exists", name=name)
    call.organization.target_servers.put(scope, server)
    return answer(_shown(server), status=201)


def show_server(call: Call) -> Response:
    """Answer with a target server."""
    return answer(_shown(_server_of(call, _scope_of(call))))


def update_server(call: Call) -> Response:
    """Replace a target server as a whole."""
    scope = _scope_of(call)
    server = _server(call, call.body(), _server_of(call, scope).name)
    call.organization.target_servers.put(scope, server)
    return answer(_shown(server))


def delete_server(call: Call) -> Response:
    """Delete a target server, and answer with it."""
    scope = _scope_of(call)
    server = _server_of(call, scope)
    call.organization.target_servers.remove(scope, server)
    return answer(_shown(server))


def _scope_of(call: Call) -> Scope:
    return "environments", environment_of(call)


def _server_of(call: Call, scope: Scope) -> TargetServer:
    server = call.organization.target_servers.of(scope).get(call["targetserver"])
    if server is None:
        raise call.refusal("target_server_unknown", name=call["targetserver"])
    return server


def _server(call: Call, body: Body, name: str) -> TargetServer:
    host = body.required("host")
    body.demand("port")
    port = body.number("port", 0)
    if not 1 <= port <= LAST_PORT:
        raise call.refusal("field_invalid", name="port")
    return TargetServer(
        name=name,
        host=host,
        port=port,
        is_enabled=body.flag("isEnabled", default=True),
        tls=_tls(body.mapping("sSLInfo")) if "sSLInfo" in body else None,
    )


def _tls(body: Body) -> TlsSettings:
    return TlsSettings(
        is_enabled=_optional_flag(body, "enabled"),
        has_client_authentication=_optional_flag(body, "clientAuthEnabled"),
        ignores_errors=body.flag("ignoreValidationErrors", default=False),
        ciphers=body.texts("ciphers"),
        protocols=body.texts("protocols"),
        key_alias=body.text("keyAlias"),
        key_store=body.text("keyStore"),
        trust_store=body.text("trustStore"),
    )


def _optional_flag(body: Body, name: str) -> bool | None:
    return body.flag(name, default=False) if name in body else None


def _shown(server: TargetServer) -> Json:
    fields: dict[str, Json] = {
        "name": server.name,
        "host": server.host,
        "port": server.port,
        "isEnabled": server.is_enabled,
    }
    return fields if server.tls is None else {**fields, "sSLInfo": _shown_tls(server.tls)}


def _shown_tls(tls: TlsSettings) -> Json:
    """Return TLS settings, in the order of the alphabet; two truth values are text, and what is not set is absent."""
    fields: dict[str, Json] = {
        "ciphers": tls.ciphers,
        "ignoreValidationErrors": tls.ignores_errors,
        "protocols": tls.protocols,
    }
    flags = {"clientAuthEnabled": tls.has_client_authentication, "enabled": tls.is_enabled}
    fields.update((name, str(value).lower()) for name, value in flags.items() if value is not None)
    texts = {"keyAlias": tls.key_alias, "keyStore": tls.key_store, "trustStore": tls.trust_store}
    fields.update((name, value) for name, value in texts.items() if value)
    return dict(sorted(fields.items()))


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _ALL): list_servers,
    ("POST", _ALL): create_server,
    ("GET", _ONE): show_server,
    ("PUT", _ONE): update_server,
    ("DELETE", _ONE): delete_server,
}
ROUTES = routes_of("documentation (target servers)", _HANDLERS)
