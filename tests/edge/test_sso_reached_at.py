"""What the SSO says of itself to clients that reach it at a URL of this machine."""

import jwt
import pytest

from pytest_apigee import FakeEdge, Request
from tests.edge.gateway_support import basic, bearer, token_request

HERE = "http://127.0.0.1:8080"
EMAIL, PASSWORD = "ops@acme.example", "pw"
MANAGEMENT = "https://api.enterprise.apigee.com/v1/o/acme"


@pytest.fixture
def edge() -> FakeEdge:
    edge = FakeEdge()
    edge.user(EMAIL, password=PASSWORD)
    return edge


def ask(edge, path, *, at=HERE, host="login.apigee.com", **settings):
    return edge.handle(Request(url=f"https://{host}{path}", reached_at=at, **settings))


def login(edge, *, at=HERE, host="login.apigee.com", **fields):
    grant = fields or {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
    form = token_request("https://x.example", **grant)
    headers = [basic("edgecli", "edgeclisecret"), *form.headers]
    return ask(edge, "/oauth/token", at=at, host=host, method="POST", headers=headers, body=form.body).json()


def issuer_in(token):
    return jwt.decode(token, options={"verify_signature": False})["iss"]


def test_tokens_name_the_url_at_which_they_were_asked_for(edge):
    """The issuer of a login and of a refresh is the SSO's own base URL, where the client reached it."""
    first = login(edge)
    again = login(edge, grant_type="refresh_token", refresh_token=first["refresh_token"])

    tokens = [first["access_token"], first["refresh_token"], again["access_token"]]
    assert [issuer_in(token) for token in tokens] == [HERE] * 3


def test_tokens_are_good_wherever_they_were_asked_for(edge):
    """One world takes tokens of each URL at which its SSO was reached, at every door."""
    tokens = [login(edge, at=at)["access_token"] for at in (HERE, "http://127.0.0.1:8081", "")]

    answers = [edge.handle(Request(url=MANAGEMENT, headers=[bearer(token)])).status for token in tokens]
    assert answers == [200, 200, 200]


def test_tokens_of_a_url_that_nobody_reached_are_refused(edge):
    """A token of an issuer at which this world was never reached is refused."""
    other = FakeEdge(seed=edge.seed)
    other.user(EMAIL, password=PASSWORD)
    token = login(other)["access_token"]

    assert edge.handle(Request(url=MANAGEMENT, headers=[bearer(token)])).status == 401


def test_the_era_says_what_follows_the_url(edge):
    """In the era 2016 the issuer ends in the path of the token endpoint, there as here."""
    old = FakeEdge(era="2016")
    old.user(EMAIL, password=PASSWORD)

    assert issuer_in(login(old)["access_token"]) == f"{HERE}/oauth/token"


def test_a_zone_is_reached_at_a_url_of_its_own():
    """The issuer of a SAML zone's tokens is the URL of its own port, without its name."""
    edge = FakeEdge()
    zone = edge.zone("acme")
    robot = edge.user("robot@acme.example", machine=True, password=PASSWORD)
    grant = {"grant_type": "password", "username": robot.email, "password": PASSWORD}

    token = login(edge, host=zone.host, **grant)["access_token"]

    assert issuer_in(token) == HERE
    assert edge.handle(Request(url=MANAGEMENT, headers=[bearer(token)])).status == 200


def test_links_lead_to_the_url(edge):
    """`/login` names the URL at which it was reached, and the passcode page below it."""
    edge.zone("acme")
    info = ask(edge, "/login", host="acme.login.apigee.com", headers={"Accept": "application/json"}).json()

    assert (info["links"]["uaa"], info["links"]["login"]) == (HERE, HERE)
    assert info["prompts"]["passcode"][1] == f"One Time Code ( Get one at {HERE}/passcode )"


def test_the_openid_configuration_leads_to_the_url():
    """The endpoints of the OpenID configuration are those of the URL at which it was reached."""
    edge = FakeEdge(guesses={"openid_configuration": True})
    found = ask(edge, "/.well-known/openid-configuration").json()

    assert found["issuer"] == HERE
    assert found["token_endpoint"] == f"{HERE}/oauth/token"


def test_redirects_stay_at_the_url(edge):
    """A browser is sent on within the URL at which it came, and its cookie is not for https alone there."""
    response = ask(edge, "/passcode")

    assert response.headers["Location"] == f"{HERE}/login"
    assert response.headers["Set-Cookie"].endswith("; Path=/; HttpOnly")


def test_a_cookie_of_a_url_over_tls_is_for_https_alone(edge):
    """Where the URL is https, so is the cookie."""
    response = ask(edge, "/passcode", at="https://127.0.0.1:8443")

    assert response.headers["Set-Cookie"].endswith("; Path=/; Secure; HttpOnly")


def test_a_request_keeps_where_it_was_reached():
    """Another URL or other headers leave it as it was."""
    request = Request(url="https://login.apigee.com/", reached_at=HERE)

    assert request.with_url("https://x.example/").public_origin == HERE
    assert request.with_headers({"A": "b"}).public_origin == HERE
    assert Request(url="https://x.example:8443/a").public_origin == "https://x.example:8443"
