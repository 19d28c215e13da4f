"""api.enterprise.apigee.com: who may ask, and the organization itself (management.md 2, 4, 5; sso.md 3.1)."""

import base64
from datetime import timedelta

import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.edge.world import Grievance
from tests.edge.sso_support import (
    EMAIL,
    MFA_SECRET,
    PASSWORD,
    answer,
    edge_at_noon,
    log_in,
    password_form,
    refresh,
    token_request,
)

BASE = "https://api.enterprise.apigee.com"
ACME = """\
{
  "createdAt" : 1388534400000,
  "createdBy" : "defaultUser",
  "displayName" : "acme",
  "environments" : [ "test", "prod" ],
  "lastModifiedAt" : 1388534400000,
  "lastModifiedBy" : "defaultUser",
  "name" : "acme",
  "properties" : {
    "property" : [ {
      "name" : "features.isCpsEnabled",
      "value" : "true"
    } ]
  },
  "type" : "trial"
}"""
PAID = """\
{
  "createdAt" : 1388534400000,
  "createdBy" : "defaultUser",
  "displayName" : "Globex \\"Corp\\" Zürich",
  "environments" : [ "dev" ],
  "lastModifiedAt" : 1388534400000,
  "lastModifiedBy" : "defaultUser",
  "name" : "globex",
  "properties" : {
    "property" : [ {
      "name" : "features.isCpsEnabled",
      "value" : "false"
    }, {
      "name" : "features.isOAuthRevokeEnabled",
      "value" : "true"
    } ]
  },
  "type" : "paid"
}"""
BASIC_REALM = [("WWW-Authenticate", 'Basic realm="usergrid"')]
BEARER_REALM = [("WWW-Authenticate", 'Bearer realm="usergrid", error="invalid_token"')]


@pytest.fixture
def edge():
    return edge_at_noon()


def basic(user=EMAIL, password=PASSWORD):
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def bearer(edge):
    return f"Bearer {log_in(edge)['access_token']}"


def ask(edge, path="/v1/organizations/acme", *, authorization=None, method="GET"):
    sent = {} if authorization is None else {"Authorization": authorization}
    return answer(edge, Request(method=method, url=f"{BASE}{path}", headers=sent))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/organizations/acme",
        "/v1/o/acme",
        "/v1/organizations/acme/",
        "/v1/o/acme/",
        "/v1/o/ac%6De",
        "/v1/o/acme?x=1",
    ],
)
def test_the_organization_is_shown(edge, path):
    """Both paths of an organization, a slash at the end tolerated, answer with Edge's JSON in Edge's layout."""
    response = ask(edge, path, authorization=bearer(edge))

    assert response.status == 200
    assert list(response.headers) == [("Content-Type", "application/json")]
    assert response.body == ACME.encode()


def test_what_was_declared_of_an_organization_is_shown(edge):
    """Name, kind, environments and properties are those that were declared; a property may replace the usual one."""
    edge.organization(
        "globex",
        environments=["dev"],
        display_name='Globex "Corp" Zürich',
        kind="paid",
        properties={"features.isCpsEnabled": "false", "features.isOAuthRevokeEnabled": "true"},
    )
    edge.user("g@globex.example", password="pw", roles={"globex": ["orgadmin"]})

    response = ask(edge, "/v1/o/globex", authorization=basic("g@globex.example", "pw"))

    assert response.body == PAID.encode()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_taken_in_any_case(edge, scheme):
    """The bearer scheme is compared without regard to case: the .NET SDK sends the token type `bearer`."""
    token = log_in(edge)["access_token"]

    assert ask(edge, authorization=f"{scheme} {token}").status == 200


@pytest.mark.parametrize("user", [EMAIL, "OPS@acme.example"])
def test_basic_credentials_are_taken(edge, user):
    """E-mail, in any letter case, and password are taken as Basic credentials."""
    assert ask(edge, authorization=basic(user)).status == 200


def test_a_refreshed_token_is_taken(edge):
    """The access token of a refresh is as good as that of a login."""
    refresh_token = log_in(edge)["refresh_token"]
    edge.clock.advance(hours=12)
    token = answer(edge, refresh(refresh_token)).json()["access_token"]

    assert ask(edge, authorization=f"Bearer {token}").status == 200


def test_a_password_with_a_colon_is_taken(edge):
    """Basic credentials are cut at the first colon."""
    edge.user("colon@acme.example", password="a:b:c")

    assert ask(edge, authorization=basic("colon@acme.example", "a:b:c")).status == 200


def no_header(edge):
    return None


def another_scheme(edge):
    return "Digest abc"


def unknown_user(edge):
    return basic("nobody@acme.example")


def wrong_password(edge):
    return basic(password="wrong")


def user_with_mfa(edge):
    edge.user("mfa@acme.example", password="pw", mfa_secret=MFA_SECRET)
    return basic("mfa@acme.example", "pw")


def inactive_user(edge):
    edge.user("gone@acme.example", password="pw", status="inactive")
    return basic("gone@acme.example", "pw")


def undecodable(edge):
    return "Basic *"


def without_colon(edge):
    return f"Basic {base64.b64encode(b'nocolon').decode()}"


def nonsense(edge):
    return "Bearer nonsense"


def empty(edge):
    return "Bearer "


def refresh_token(edge):
    return f"Bearer {log_in(edge)['refresh_token']}"


def expired(edge):
    header = bearer(edge)
    edge.clock.advance(hours=12)
    return header


def revoked(edge):
    header = bearer(edge)
    edge.set_password(EMAIL, "new")
    return header


def of_another_world(edge):
    return bearer(edge_at_noon(seed="another"))


def of_another_issuer(edge):
    return bearer(edge_at_noon(era="2016"))


UNAUTHORIZED = {
    "no-header": (no_header, BASIC_REALM, "no Bearer or Basic Authorization header"),
    "another-scheme": (another_scheme, BASIC_REALM, "no Bearer or Basic Authorization header"),
    "unknown-user": (
        unknown_user,
        BASIC_REALM,
        "no SSO user has this e-mail and a password of Edge's; declare one with apigee.user(email)",
    ),
    "wrong-password": (wrong_password, BASIC_REALM, "wrong password for the SSO user ops@acme.example"),
    "user-with-mfa": (
        user_with_mfa,
        BASIC_REALM,
        "the SSO user mfa@acme.example has MFA on, and Edge then takes no Basic authentication",
    ),
    "inactive-user": (inactive_user, BASIC_REALM, "the SSO user gone@acme.example has the status inactive"),
    "undecodable-basic": (undecodable, BASIC_REALM, "the Basic header does not decode"),
    "basic-without-colon": (without_colon, BASIC_REALM, "the Basic header does not decode"),
    "nonsense": (nonsense, BEARER_REALM, "a token that does not decode (not a JWT)"),
    "empty-bearer": (empty, BEARER_REALM, "a token that does not decode (not a JWT)"),
    "refresh-token": (refresh_token, BEARER_REALM, "a refresh token where an access token belongs"),
    "expired": (
        expired,
        BEARER_REALM,
        "the token expired 0:00:00 ago; the test moved the clock by 12:00:00",
    ),
    "revoked": (
        revoked,
        BEARER_REALM,
        "the user ops@acme.example or the client edgecli changed after the token was issued (rev_sig differs)",
    ),
    "another-world": (
        of_another_world,
        BEARER_REALM,
        (
            "a token of another world: its user or client is unknown here "
            "(issued in another test, perhaps kept in a module-level cache)"
        ),
    ),
    "another-issuer": (
        of_another_issuer,
        BEARER_REALM,
        "a token of another issuer or zone than https://login.apigee.com",
    ),
}


@pytest.mark.parametrize(("make", "challenge", "reason"), UNAUTHORIZED.values(), ids=UNAUTHORIZED)
@pytest.mark.parametrize("path", ["/v1/organizations/acme", "/v1/o/unknown", "/v1/o/acme/developers", "/v1/nothing"])
def test_bad_credentials_are_refused(edge, make, challenge, reason, path):
    """Without good credentials every path is answered with 401, a challenge and an empty body; the journal says why."""
    response = ask(edge, path, authorization=make(edge))

    assert (response.status, list(response.headers), response.body) == (401, challenge, b"")
    assert edge.calls.last.reason == reason


@pytest.mark.parametrize(("era", "lifetime"), [("current", {"hours": 12}), ("2016", {"seconds": 1800})])
def test_a_token_is_good_until_the_last_millisecond(era, lifetime):
    """An access token is taken one millisecond before it expires."""
    edge = edge_at_noon(era=era)
    header = bearer(edge)

    edge.clock.advance(timedelta(**lifetime) - timedelta(milliseconds=1))

    assert ask(edge, authorization=header).status == 200


def test_a_token_of_2016_expires_after_1800_seconds():
    """In 2016 an access token is refused from its 1800th second on."""
    edge = edge_at_noon(era="2016")
    header = bearer(edge)

    edge.clock.advance(seconds=1800)

    assert ask(edge, authorization=header).status == 401


@pytest.fixture
def saml_edge(edge):
    edge.organization("saml", zone="saml")
    edge.user("s@saml.example", password="pw", roles={"saml": ["orgadmin"]}, zone="saml", machine=True)
    return edge


def bearer_of_the_zone(edge):
    request = token_request(password_form(username="s@saml.example", password="pw"))
    tokens = answer(edge, request.with_url("https://saml.login.apigee.com/oauth/token")).json()
    return f"Bearer {tokens['access_token']}"


def test_basic_is_off_where_saml_is_on(saml_edge):
    """An organization with SAML answers Basic credentials with 401."""
    response = ask(saml_edge, "/v1/o/saml", authorization=basic("s@saml.example", "pw"))

    assert (response.status, list(response.headers), response.body) == (401, BASIC_REALM, b"")
    assert saml_edge.calls.last.reason == "organization 'saml' has SAML, and there Basic is off"


def test_a_bearer_token_is_taken_where_saml_is_on(saml_edge):
    """An organization with SAML takes a bearer token of its zone."""
    assert ask(saml_edge, "/v1/o/saml", authorization=bearer_of_the_zone(saml_edge)).status == 200


def test_a_bearer_token_of_the_default_zone_is_refused_where_saml_is_on(saml_edge):
    """An organization with SAML refuses the tokens of login.apigee.com, whatever the roles of their users."""
    saml_edge.user("both@saml.example", password="pw", roles={"acme": ["orgadmin"], "saml": ["orgadmin"]})
    token = log_in(saml_edge, username="both@saml.example", password="pw")["access_token"]

    response = ask(saml_edge, "/v1/o/saml", authorization=f"Bearer {token}")

    assert (response.status, list(response.headers), response.body) == (401, BEARER_REALM, b"")
    assert saml_edge.calls.last.reason == (
        "a user of login.apigee.com, and organization 'saml' has those of saml.login.apigee.com"
    )


def test_a_bearer_token_of_a_zone_is_refused_where_saml_is_off(saml_edge):
    """An organization without SAML refuses the tokens of a zone."""
    response = ask(saml_edge, authorization=bearer_of_the_zone(saml_edge))

    assert (response.status, list(response.headers), response.body) == (401, BEARER_REALM, b"")
    assert saml_edge.calls.last.reason == (
        "a user of saml.login.apigee.com, and organization 'acme' has those of login.apigee.com"
    )


def test_basic_credentials_of_a_zone_are_refused_where_saml_is_off(saml_edge):
    """A machine user of a zone is unknown to the organizations of login.apigee.com."""
    response = ask(saml_edge, authorization=basic("s@saml.example", "pw"))

    assert (response.status, list(response.headers), response.body) == (401, BASIC_REALM, b"")
    assert saml_edge.calls.last.reason == (
        "a user of saml.login.apigee.com, and organization 'acme' has those of login.apigee.com"
    )


def test_the_password_of_a_saml_user_is_none_of_the_management_api(saml_edge):
    """The password of a user who logs in by SAML is the identity provider's, so Basic with it is that of nobody."""
    saml_edge.user("person@saml.example", password="pw", roles={"saml": ["orgadmin"]}, zone="saml")

    response = ask(saml_edge, "/v1/o/saml", authorization=basic("person@saml.example", "pw"))

    assert (response.status, list(response.headers), response.body) == (401, BASIC_REALM, b"")
    assert (
        saml_edge.calls.last.reason
        == "no SSO user has this e-mail and a password of Edge's; declare one with apigee.user(email)"
    )


@pytest.mark.parametrize("order", [("", "saml"), ("saml", "")], ids=["default-first", "zone-first"])
def test_basic_finds_the_user_who_has_a_password(saml_edge, order):
    """Of two users with one e-mail, Basic authenticates the one whose password Edge knows."""
    for zone in order:
        saml_edge.user("twice@acme.example", password="pw", zone=zone or None)

    assert ask(saml_edge, authorization=basic("twice@acme.example", "pw")).status == 200


@pytest.mark.parametrize("roles", [{}, {"acme": []}, {"globex": ["orgadmin"]}])
def test_a_user_without_a_role_is_refused(edge, roles):
    """A user without any role in the organization is answered with 403 and an empty body."""
    edge.organization("globex")
    edge.user("guest@acme.example", password="pw", roles=roles)

    response = ask(edge, authorization=basic("guest@acme.example", "pw"))

    assert (response.status, list(response.headers), response.body) == (403, [], b"")
    assert edge.calls.last.reason == "the SSO user guest@acme.example has no role in organization 'acme'"


def test_any_role_will_do(edge):
    """Any role in an organization allows to read it."""
    edge.user("reader@acme.example", password="pw", roles={"acme": ["readonlyadmin"]})

    assert ask(edge, authorization=basic("reader@acme.example", "pw")).status == 200


@pytest.mark.parametrize("name", ["unknown", "ACME", "acme%20", "%00", "%FF"])
def test_an_unknown_organization_is_refused(edge, name):
    """An unknown organization is answered like one without permission: 403, empty."""
    response = ask(edge, f"/v1/o/{name}", authorization=basic())

    assert (response.status, list(response.headers), response.body) == (403, [], b"")
    assert edge.calls.last.reason == "unknown organization; declared: acme"


NOT_MODELLED = [
    ("GET", "/v1/o/acme/audits"),
    ("GET", "/v1/organizations/acme/stats/apis/"),
    ("POST", "/v1/organizations/acme/sharedflows"),
    ("GET", "/v1/o/acme/e/test/keystores/one"),
    ("GET", "/v1/o/acme/pods"),
    ("POST", "/v1/o/acme/environments/test/servers"),
    ("GET", "/v1/o/acme/apis/weather/revisions/1/npm"),
    ("GET", "/v1/users/ops@acme.example"),
]


@pytest.mark.parametrize(("method", "path"), NOT_MODELLED)
def test_an_endpoint_that_is_not_modelled_is_answered_501(edge, method, path):
    """What Edge has and the fake does not model is answered with 501, and complained of without its query."""
    response = ask(edge, f"{path}?secret=1", authorization=basic(), method=method)

    message = f"pytest-apigee does not model {method} https://api.enterprise.apigee.com{path}."
    assert (response.status, response.text) == (501, f"{message}\n")
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("/v1/o/acme/oauth2/accesstokens/abc/history", "/v1/o/acme/oauth2/accesstokens/[hidden]/history"),
        ("/v1/o/acme/oauth2/acces%73Tokens/abc/history", "/v1/o/acme/oauth2/acces%73Tokens/[hidden]/history"),
        ("/v1/o/acme/oauth2/refreshtokens/abc/history", "/v1/o/acme/oauth2/refreshtokens/[hidden]/history"),
        (
            "/v1/o/acme/developers/ada@x.example/apps/mobile/keys/abc/apiproducts/gold/history",
            "/v1/o/acme/developers/ada@x.example/apps/mobile/keys/[hidden]/apiproducts/gold/history",
        ),
        (
            "/v1/o/acme/developers/ada@x.example/apps/mobile/keys/create/history",
            "/v1/o/acme/developers/ada@x.example/apps/mobile/keys/[hidden]/history",
        ),
    ],
)
def test_a_secret_in_a_path_is_not_shown(edge, path, hidden):
    """What is not modelled is complained of without the token, code or key that its path holds."""
    response = ask(edge, path, authorization=basic(), method="POST")

    message = f"pytest-apigee does not model POST https://api.enterprise.apigee.com{hidden}."
    assert (response.status, response.text) == (501, f"{message}\n")
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)
    assert str(edge.calls.last) == f"POST https://api.enterprise.apigee.com{hidden} -> 501  {message}"


@pytest.mark.parametrize(
    "rest", ["", "/developers", "/apis/weather/deployments", "/oauth2/accesstokens/abc", "/nothing"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("unknown", "unknown organization; declared: acme, globex"),
        ("globex", "the SSO user ops@acme.example has no role in organization 'globex'"),
    ],
)
def test_what_lies_below_an_organization_needs_a_role_in_it(edge, name, reason, method, rest):
    """Organization and role come first: 403 for whatever lies below an organization, without complaint."""
    edge.organization("globex")

    response = ask(edge, f"/v1/o/{name}{rest}", authorization=basic(), method=method)

    assert (response.status, list(response.headers), response.body) == (403, [], b"")
    assert edge.calls.last.reason == reason
    assert edge.take_grievances() == ()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v2/o/acme",
        "/v1/orgs/acme",
        "/v1/o/acme/nothing",
        "/v1/o/acme/apiss",
        "/v1/o/acme//",
        "/V1/o/acme",
    ],
)
def test_a_path_that_edge_lacks_is_answered_404(edge, path):
    """A path that the management API does not have is answered with 404 and an empty body, without complaint."""
    response = ask(edge, path, authorization=basic())

    assert (response.status, list(response.headers), response.body) == (404, [], b"")
    assert edge.calls.last.reason == "the management API has no such path"
    assert edge.take_grievances() == ()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "BREW"])
def test_other_verbs_are_not_allowed(edge, method):
    """A verb that an organization does not take is answered with 405 and an empty body."""
    response = ask(edge, authorization=basic(), method=method)

    assert (response.status, list(response.headers), response.body) == (405, [], b"")
    assert edge.calls.last.reason == f"this path takes DELETE, GET, POST, not {method}"


@pytest.mark.parametrize("path", ["/v1/o/acme/e", "/v1/organizations/acme/environments", "/v1/o/acme/environments/"])
def test_lists_the_environments(edge, path):
    """The environments are listed by name, under each of the path's spellings."""
    response = ask(edge, path, authorization=basic())

    assert (response.status, list(response.headers), response.body) == (
        200,
        [("Content-Type", "application/json")],
        b'[ "test", "prod" ]',
    )


def test_head_is_answered_like_get(edge):
    """HEAD has the status and headers of GET; the doors leave the body out."""
    response = ask(edge, authorization=basic(), method="HEAD")

    assert (response.status, list(response.headers)) == (200, [("Content-Type", "application/json")])


def test_a_call_is_noted_with_its_user_and_organization(edge):
    """The journal names the service, the user and the organization of a call."""
    ask(edge, authorization=bearer(edge))

    call = edge.calls.management.only
    assert (call.user, call.organization, call.reason) == (EMAIL, "acme", "")


GUESSED = {
    "mgmt_unauthorized_body": ("no", "/v1/o/acme", "GET", None, 401, BASIC_REALM, b"no"),
    "mgmt_realm": ("Edge", "/v1/o/acme", "GET", None, 401, [("WWW-Authenticate", 'Basic realm="Edge"')], b""),
    "mgmt_forbidden_body": ("no", "/v1/o/unknown", "GET", basic(), 403, [], b"no"),
    "mgmt_unknown_org_status": (404, "/v1/o/unknown", "GET", basic(), 404, [], b""),
    "mgmt_method_not_allowed_body": ("no", "/v1/o/acme", "PUT", basic(), 405, [], b"no"),
    "unknown_path_status": (400, "/v1/nothing", "GET", basic(), 400, [], b""),
    "mgmt_created_by": (
        "ops@acme.example",
        "/v1/o/acme",
        "GET",
        basic(),
        200,
        [("Content-Type", "application/json")],
        ACME.replace("defaultUser", "ops@acme.example").encode(),
    ),
}


@pytest.mark.parametrize(
    ("guess", "value", "path", "method", "authorization", "status", "headers", "body"),
    [(guess, *row) for guess, row in GUESSED.items()],
    ids=GUESSED,
)
def test_what_is_guessed_can_be_switched(guess, value, path, method, authorization, status, headers, body):
    """Each guess about the management API can be switched."""
    edge = edge_at_noon(guesses={guess: value})

    response = ask(edge, path, authorization=authorization, method=method)

    assert (response.status, list(response.headers), response.body) == (status, headers, body)


def test_a_guessed_realm_is_that_of_bearer_challenges_too():
    """The guessed realm stands in the challenge for a bad token as well."""
    edge = edge_at_noon(guesses={"mgmt_realm": "Edge"})

    response = ask(edge, authorization="Bearer x")

    assert response.headers.get("WWW-Authenticate") == 'Bearer realm="Edge", error="invalid_token"'


# XML


XML_TYPES = ["application/xml", "text/xml", "TEXT/XML;q=0.9, application/json"]


def ask_xml(edge, path, accept, *, user=EMAIL, method="GET"):
    headers = {"Authorization": basic(user), "Accept": accept}
    return answer(edge, Request(method=method, url=f"{BASE}/v1/o/acme{path}", headers=headers))


@pytest.mark.parametrize("accept", XML_TYPES)
def test_an_error_is_xml_for_a_client_that_prefers_it(edge, accept):
    """The errors of Edge are XML where the first type that the client accepts is."""
    response = ask_xml(edge, "/developers/a&b", accept)

    assert response.status == 404
    assert list(response.headers) == [("Content-Type", "application/xml")]
    assert response.body == (
        b"<Error><Code>developer.service.DeveloperIdDoesNotExist</Code>"
        b"<Message>DeveloperId a&amp;b does not exist in organization acme</Message><Contexts/></Error>"
    )


def test_a_refusal_without_a_body_stays_so_in_xml(edge):
    """A 403 has no body, whatever the client prefers."""
    edge.role("searcher", permissions={"/oauth2": ["get"]})
    edge.user("search@acme.example", password=PASSWORD, roles={"acme": ["searcher"]})

    response = ask_xml(edge, "/oauth2/search?app=x", "application/xml", user="search@acme.example")

    assert (response.status, list(response.headers), response.body) == (403, [], b"")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_error_of_a_change_is_xml_too(edge, method):
    """Errors are XML whatever was asked for."""
    response = ask_xml(edge, "/oauth2/accesstokens/nope?action=revoke", "application/xml", method=method)

    assert response.status == 404
    assert list(response.headers) == [("Content-Type", "application/xml")]
    assert response.text.startswith("<Error><Code>keymanagement.service.")
    assert response.text.endswith("</Message><Contexts/></Error>")


def test_an_answer_without_a_body_needs_no_format(edge):
    """An action that is answered 204 works for a client that prefers XML."""
    edge.developer("ada@x.example")

    response = ask_xml(edge, "/developers/ada@x.example?action=inactive", "application/xml", method="POST")

    assert (response.status, response.body) == (204, b"")
    assert edge.take_grievances() == ()


@pytest.mark.parametrize(("method", "path"), [("GET", "/developers"), ("DELETE", "/developers/ada@x.example")])
def test_an_entity_as_xml_is_not_modelled(edge, method, path):
    """How entities look as XML nobody recorded: 501."""
    edge.developer("ada@x.example")

    response = ask_xml(edge, path, "application/xml", method=method)

    message = (
        f"pytest-apigee does not model {method} https://api.enterprise.apigee.com/v1/o/acme{path} "
        "with an answer in XML; ask for application/json."
    )
    assert (response.status, response.text) == (501, f"{message}\n")
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)
