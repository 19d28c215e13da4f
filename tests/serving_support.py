"""A world to serve, and clients that know nothing of this machine's settings."""

import ssl
import subprocess
from collections.abc import Sequence

import jwt
import requests

from pytest_apigee import FakeEdge
from pytest_apigee.serving import EdgeServer

EMAIL, PASSWORD = "ops@acme.example", "correct horse"
VERSION = '{"cliVersion":"2.0"}'
CUSTOM = "api.acme.example"


def furnished() -> FakeEdge:
    """Return an Edge with two organizations, a user, an app, a custom domain and a few APIs."""
    edge = FakeEdge(world={"organizations": [{"name": "acme", "hosts": {CUSTOM: "prod"}}]})
    edge.organization("globex", environments=["stage"])
    edge.user(EMAIL, password=PASSWORD)
    edge.app("weatherapp", products=["weather"], consumer_key="key", consumer_secret="secret")
    edge.proxy("/weather", products=["weather"], target={"temp": 21})
    edge.proxy("/open", security="none", target=lambda request: {"host": request.headers["Host"]})
    edge.proxy("/prod", security="none", env="prod", target={"env": "prod"})
    return edge


def fetch(url: str, **options: object) -> requests.Response:
    """Return what requests gets without any setting of this machine."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(options.pop("method", "GET"), url, **options)


def login(url: str, **options: object) -> dict[str, object]:
    form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
    answer = fetch(f"{url}/oauth/token", method="POST", data=form, auth=("edgecli", "edgeclisecret"), **options)
    return answer.json()


def issuer_in(token: object) -> object:
    return jwt.decode(str(token), options={"verify_signature": False})["iss"]


def through(server: EdgeServer) -> dict[str, object]:
    """Return the options of `fetch` that lead through a server's proxy."""
    return {"proxies": dict.fromkeys(("http", "https"), server.proxy_url), "verify": str(server.ca_path)}


def trusting(server: EdgeServer) -> ssl.SSLContext:
    """Return a context that trusts a server's authority and no other."""
    return ssl.create_default_context(cafile=str(server.ca_path))


def run_with(server: EdgeServer, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program in the environment of a server."""
    return subprocess.run(command, env=server.env, capture_output=True, text=True, timeout=60, check=False)
