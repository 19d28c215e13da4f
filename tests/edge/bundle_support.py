"""Bundles of API proxies, calls that bring them, and what Edge says of them."""

import io
import zipfile
from collections.abc import Mapping

from pytest_apigee import FakeEdge, Request, Response
from tests.edge.roles_support import ADMIN, ask, new_edge

MOMENT = "2026-01-02T03:04:05.678Z"
MOMENT_MS = 1_767_323_045_678
LATER_MS = MOMENT_MS + 60_000
ZIP = "application/octet-stream"
FORM = "application/x-www-form-urlencoded"
ROOT = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<APIProxy revision="9" name="weatherapi">
    <Basepaths>/weather</Basepaths>
    <ConfigurationVersion majorVersion="4" minorVersion="0"/>
    <CreatedAt>1472699641914</CreatedAt>
    <CreatedBy>somebody@else.example</CreatedBy>
    <Description>The weather of tomorrow.</Description>
    <DisplayName>Weather</DisplayName>
    <ProxyEndpoints><ProxyEndpoint>default</ProxyEndpoint></ProxyEndpoints>
    <Spec>https://specs.example/weather.yaml</Spec>
    <TargetEndpoints><TargetEndpoint>default</TargetEndpoint></TargetEndpoints>
    <TargetServers><TargetServer>backend</TargetServer></TargetServers>
</APIProxy>
"""
POLICY = """\
<VerifyAPIKey async="false" continueOnError="false" enabled="true" name="verify-key">
    <DisplayName>Verify key</DisplayName>
    <FaultRules/>
    <APIKey ref="request.queryparam.apikey"/>
</VerifyAPIKey>
"""
TARGET = """\
<TargetEndpoint name="default">
    <HTTPTargetConnection>
        <LoadBalancer><Server name="one"/><Server name="two"/><Server name="one"/></LoadBalancer>
    </HTTPTargetConnection>
</TargetEndpoint>
"""


def endpoint(base_path: str = "/weather", *hosts: str, name: str = "default") -> str:
    """Return the file of a proxy endpoint."""
    listed = "".join(f"<VirtualHost>{host}</VirtualHost>" for host in hosts or ("default", "secure"))
    connection = f"<HTTPProxyConnection><BasePath>{base_path}</BasePath>{listed}</HTTPProxyConnection>"
    return f'<ProxyEndpoint name="{name}">{connection}</ProxyEndpoint>'


FILES = {
    "apiproxy/weatherapi.xml": ROOT,
    "apiproxy/policies/verify-key.xml": POLICY,
    "apiproxy/proxies/default.xml": endpoint(),
    "apiproxy/targets/default.xml": TARGET,
    "apiproxy/resources/jsc/lib/check.js": "var a = 1;",
    "apiproxy/resources/openapi/association.json": "{}",
}


def zipped(files: Mapping[str, str | bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive of some files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def small(base_path: str = "/weather", *hosts: str, root: str = '<APIProxy name="x"/>') -> bytes:
    """Return a bundle with a proxy endpoint and nothing else."""
    return zipped({"apiproxy/x.xml": root, "apiproxy/proxies/default.xml": endpoint(base_path, *hosts)})


BUNDLE = zipped(FILES)


def edge_with_clock(**settings: object) -> FakeEdge:
    """Return an Edge with an administrator, whose clock stands still at `MOMENT`."""
    edge = new_edge(**settings)
    edge.clock.freeze(MOMENT)
    return edge


def imported(edge: FakeEdge, name: str, content: bytes = BUNDLE) -> Response:
    """Return the answer to the import of a bundle, as apigee-edge-js asks for it."""
    return ask(edge, "POST", f"/apis?action=import&name={name}", content, content_type=ZIP)


def deployed(edge: FakeEdge, name: str, revision: int = 1, env: str = "test", *, override: str = "true") -> Response:
    """Return the answer to a deployment, as apigeetool asks for it."""
    path = f"/e/{env}/apis/{name}/revisions/{revision}/deployments"
    return ask(edge, "POST", path, f"action=deploy&override={override}&delay=5", content_type=FORM)


def undeployed(edge: FakeEdge, name: str, revision: int = 1, env: str = "test") -> Response:
    """Return the answer to an undeployment."""
    return ask(edge, "DELETE", f"/e/{env}/apis/{name}/revisions/{revision}/deployments")


def called(edge: FakeEdge, path: str, env: str = "test", scheme: str = "https") -> Response:
    """Return the answer to a call at the gateway."""
    response = edge.handle(Request(url=f"{scheme}://acme-{env}.apigee.net{path}"))
    assert isinstance(response, Response)
    return response


def error(code: str, message: str) -> str:
    """Return an error as Edge writes it."""
    return f'{{\n  "code" : "{code}",\n  "message" : "{message}",\n  "contexts" : [ ]\n}}'


INVALID = error("messaging.config.beans.InvalidBundle", "Bundle is invalid. Unable to read/find APIProxy contents")
UNKNOWN_API = error(
    "messaging.config.beans.ApplicationDoesNotExist", "APIProxy named gone does not exist in organization acme"
)
UNKNOWN_REVISION = error("messaging.config.beans.ApplicationRevisionDoesNotExist", "APIProxy revision 7 does not exist")
UNKNOWN_ENVIRONMENT = error(
    "messaging.config.beans.EnvironmentDoesNotExist", "Environment moon does not exist in organization acme"
)
BY = ADMIN
