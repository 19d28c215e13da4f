"""The files of the Apigee Maven config plugin as worlds: `edge.json`, and the directory `resources/edge`."""

import json
import os

import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.fake import FakeEdge
from pytest_apigee.world_file import read_world
from tests.world_support import managed, message_of, token_answer

PRODUCT = {
    "name": "weatherProduct",
    "apiResources": ["/**"],
    "approvalType": "auto",
    "attributes": [{"name": "access", "value": "public"}],
    "createdAt": 1394953446189,
    "createdBy": "ops@acme.example",
    "description": "The weather",
    "displayName": "Weather",
    "environments": ["test", "stage"],
    "proxies": ["forecast"],
    "quota": "10000",
    "quotaInterval": "1",
    "quotaTimeUnit": "month",
    "scopes": ["READ"],
}
JOHN = {"email": "john@example.com", "firstName": "John", "lastName": "Example", "userName": "john", "attributes": []}
ORGANIZATION = {
    "apiProducts": [PRODUCT],
    "developers": [JOHN],
    "developerApps": {
        "john@example.com": [
            {
                "name": "coolapp",
                "apiProducts": ["weatherProduct"],
                "callbackUrl": "https://weather.example/callback",
                "scopes": [],
            }
        ]
    },
    "importKeys": {
        "john@example.com": [
            {
                "name": "coolapp",
                "apiProducts": ["weatherProduct"],
                "consumerKey": "known-key",
                "consumerSecret": "known-secret",
            }
        ]
    },
    "companies": [{"name": "altostrat", "displayName": "Altostrat", "attributes": []}],
    "companyApps": {"altostrat": [{"name": "allapp", "apiProducts": ["weatherProduct"], "callbackUrl": ""}]},
    "kvms": [{"name": "validation_rules", "entry": [{"name": "name_max_length", "value": "15"}]}],
    "userroles": [
        {"name": "tracer", "resourcepermissions": [{"path": "/keyvaluemaps/*", "permissions": ["get", "put"]}]}
    ],
}
TEST = {
    "targetServers": [
        {
            "name": "ESBTarget",
            "host": "esb.example",
            "isEnabled": True,
            "port": 8080,
            "sSLInfo": {
                "enabled": "true",
                "clientAuthEnabled": "false",
                "keyStore": "keys",
                "trustStore": "trust",
                "keyAlias": "alias",
                "ignoreValidationErrors": "false",
            },
        }
    ],
    "caches": [{"name": "quote", "description": "products quote"}],
    "kvms": [{"name": "backend", "encrypted": "true", "entry": [{"name": "PASSWORD", "value": "s3cr3t"}]}],
}
FORECAST = {"kvms": [{"name": "codes", "entry": [{"name": "PREFIX", "value": "FRC"}]}]}
SINGLE = {
    "version": "1.0",
    "envConfig": {"test": TEST, "dev": {"caches": [], "targetServers": []}},
    "orgConfig": ORGANIZATION,
    "apiConfig": {"forecast": FORECAST},
}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def write_directory(root, single):
    """Write what the single-file form has as the multi-file form has it."""
    for kind, held in single.get("orgConfig", {}).items():
        write(root / "org" / f"{kind}.json", held)
    for section, scope in (("envConfig", "env"), ("apiConfig", "api")):
        for owner, kinds in single.get(section, {}).items():
            for kind, held in kinds.items():
                write(root / scope / owner / f"{kind}.json", held)
    return root


FORMS = {
    "the single file": lambda path: write(path / "edge.json", SINGLE),
    "a single file of another name": lambda path: write(path / "acme.json", SINGLE),
    "a dict": lambda _: SINGLE,
    "the directory of the single file": lambda path: write(path / "edge.json", SINGLE).parent,
    "the directory": lambda path: write_directory(path / "resources" / "edge", SINGLE),
    "the directory as text": lambda path: str(write_directory(path / "resources" / "edge", SINGLE)),
    "the directory above": lambda path: write_directory(path / "resources" / "edge", SINGLE).parent,
    "the project": lambda path: write_directory(path / "resources" / "edge", SINGLE).parents[1],
    "a file of the organization": lambda path: write_directory(path, SINGLE) / "org" / "developers.json",
    "a file of an environment": lambda path: write_directory(path, SINGLE) / "env" / "test" / "kvms.json",
    "a file of an API proxy": lambda path: write_directory(path, SINGLE) / "api" / "forecast" / "kvms.json",
}


@pytest.fixture(params=FORMS)
def edge(request, tmp_path):
    """Return an Edge with the same configuration, in each form and by each path that it may be given by."""
    return FakeEdge(FORMS[request.param](tmp_path))


def test_all_of_it_belongs_to_the_default_organization(edge):
    """The files name no organization: it is `acme`, with the usual environments and those that the files name."""
    assert (edge.org, edge.env) == ("acme", "test")
    assert managed(edge, "environments").json() == ["test", "prod", "dev", "stage"]


def test_an_app_gets_a_token_for_a_key_of_the_file(edge):
    """The keys of `importKeys` are good for tokens with the scopes of their products."""
    answer = token_answer(edge, "known-key", "known-secret").json()

    assert (answer["status"], answer["scope"], answer["developer.email"]) == ("approved", "READ", "john@example.com")
    assert answer["api_product_list"] == "[weatherProduct]"


def test_an_app_has_the_key_that_edge_gives_too(edge):
    """As on Edge, an app has the key that it was created with, and after it those that were imported."""
    app = edge.find_app("coolapp")

    assert token_answer(edge, app.consumer_key, app.consumer_secret).status == 200
    assert [credential.consumer_key for credential in app.credentials] == [app.consumer_key, "known-key"]
    assert (app.developer, app.callback_url) == ("john@example.com", "https://weather.example/callback")


def test_nothing_is_deployed_until_a_test_does(edge):
    """The API proxies of the products are none until a test declares them by their names; its keys may call them."""
    token = token_answer(edge, "known-key", "known-secret").json()["access_token"]
    url, headers = "https://acme-test.apigee.net/forecast", {"Authorization": f"Bearer {token}"}

    before = edge.handle(Request(url=url, headers=headers)).status
    edge.proxy("/forecast", name="forecast", products=["weatherProduct"], target={"temp": 21})

    assert (before, edge.handle(Request(url=url, headers=headers)).json()) == (404, {"temp": 21})


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("developers", ["john@example.com"]),
        ("companies", ["altostrat"]),
        ("companies/altostrat/apps", ["allapp"]),
        ("keyvaluemaps", ["validation_rules"]),
        ("keyvaluemaps/validation_rules/entries/name_max_length", {"name": "name_max_length", "value": "15"}),
        (
            "environments/test/keyvaluemaps/backend",
            {"encrypted": True, "entry": [{"name": "PASSWORD", "value": "*****"}], "name": "backend"},
        ),
        ("environments/test/caches", ["quote"]),
        (
            "environments/test/targetservers/ESBTarget",
            {
                "name": "ESBTarget",
                "host": "esb.example",
                "port": 8080,
                "isEnabled": True,
                "sSLInfo": {
                    "ciphers": [],
                    "clientAuthEnabled": "false",
                    "enabled": "true",
                    "ignoreValidationErrors": False,
                    "keyAlias": "alias",
                    "keyStore": "keys",
                    "protocols": [],
                    "trustStore": "trust",
                },
            },
        ),
        (
            "userroles/tracer/permissions",
            {
                "resourcePermission": [
                    {"organization": "acme", "path": "/keyvaluemaps/*", "permissions": ["get", "put"]}
                ]
            },
        ),
    ],
)
def test_the_management_api_shows_it(edge, path, shown):
    """What the files declare is what the management API shows."""
    assert managed(edge, path).json() == shown


def test_a_product_is_as_the_file_says(edge):
    """An API product has the fields of its body."""
    shown = managed(edge, "apiproducts/weatherProduct").json()
    told = {name: value for name, value in PRODUCT.items() if name not in ("createdAt", "createdBy")}

    assert {name: shown[name] for name in told} == told


def test_the_maps_of_an_api_proxy_are_seen_with_it(edge):
    """The key value maps of an API proxy are seen once a test declares it."""
    edge.proxy("/forecast", name="forecast")

    assert managed(edge, "apis/forecast/keyvaluemaps/codes").json() == {
        "encrypted": False,
        "entry": [{"name": "PREFIX", "value": "FRC"}],
        "name": "codes",
    }


@pytest.mark.parametrize("form", FORMS)
def test_the_default_organization_and_environment_may_be_said(tmp_path, form):
    """The default organization and environment that a run has are those of the files."""
    edge = FakeEdge(FORMS[form](tmp_path), org="globex", env="qa")

    assert (edge.org, edge.env) == ("globex", "qa")
    assert managed(edge, "developers").json() == ["john@example.com"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"org": "Globex"},
            "'Globex' cannot be the name of an organization: lower-case letters, digits and inner hyphens only.",
        ),
        (
            {"env": "QA"},
            "'QA' cannot be the name of an environment: lower-case letters, digits and inner hyphens only.",
        ),
        ({"org": 5}, "The name of an organization takes text, not int."),
    ],
)
def test_a_wrong_default_is_not_the_fault_of_the_file(settings, message):
    """A default organization or environment that cannot be is named without the file."""
    assert message_of(SINGLE, **settings) == message


@pytest.mark.parametrize("name", ["orgConfig", "envConfig", "apiConfig"])
def test_a_part_is_enough(name):
    """The single-file form may have one of its parts alone; null is as good as nothing."""
    assert FakeEdge({name: None}).org == "acme"


def test_credentials_that_edge_shows_are_taken():
    """An app may have `credentials`, as the management API shows them; it has no other key then."""
    credential = {
        "apiProducts": [{"apiproduct": "weatherProduct", "status": "approved"}],
        "consumerKey": "shown-key",
        "consumerSecret": "shown-secret",
    }
    app = {"name": "coolapp", "credentials": [credential]}
    world = {
        "orgConfig": {
            "apiProducts": [PRODUCT],
            "developers": [JOHN],
            "developerApps": {"john@example.com": [app]},
        }
    }
    edge = FakeEdge(world)

    assert token_answer(edge, "shown-key", "shown-secret").status == 200
    assert [known.consumer_key for known in edge.find_app("coolapp").credentials] == ["shown-key"]


NOT_MODELLED = {
    "orgConfig": {
        "maskconfigs": [{"name": "default"}],
        "reports": [{"displayName": "Errors"}],
        "specs": [],
    },
    "envConfig": {"test": {"flowhooks": [{"name": "PreProxyFlowHook"}], "references": None, "caches": []}},
    "apiConfig": {"forecast": {"maskconfigs": [{"name": "default"}], "resourcefiles": []}},
}


def test_what_is_not_modelled_is_listed():
    """Kinds of entities that a fake Edge does not have are read over, and listed where there are any."""
    assert read_world(NOT_MODELLED).ignored == (
        "orgConfig.maskconfigs",
        "orgConfig.reports",
        "envConfig.test.flowhooks",
        "apiConfig.forecast.maskconfigs",
    )


def test_what_is_not_modelled_is_listed_by_its_file(tmp_path):
    """In the multi-file form the files are listed, and those that are none of the plugin's too."""
    root = write_directory(tmp_path / "edge", NOT_MODELLED)
    write(root / "org" / "apiProduct.json", [PRODUCT])
    write(root / "env" / "kvms.json", "what the plugin never reads")
    write(root / "env" / "test" / "resourceFiles" / "jsc" / "test.js", "")
    write(root / "README.md", "")

    content = read_world(root)

    assert content.ignored == (
        "org/maskconfigs.json",
        "org/reports.json",
        "env/test/flowhooks.json",
        "api/forecast/maskconfigs.json",
        "org/apiProduct.json",
        "env/kvms.json",
    )


@pytest.mark.parametrize("world", [None, {}, SINGLE])
def test_nothing_else_is_listed(world):
    """A world all of which is modelled has nothing to list."""
    assert read_world({} if world is None else world).ignored == ()


def test_no_secret_is_in_a_repr():
    """What was read shows no secret."""
    shown = repr(read_world(SINGLE))

    assert [secret for secret in ("known-key", "known-secret", "s3cr3t") if secret in shown] == []


def single(org=None, env=None, api=None):
    """Return a single file: apps of John, who is there with the product."""
    return {
        "orgConfig": {"apiProducts": [PRODUCT], "developers": [JOHN], **(org or {})},
        "envConfig": {"test": env or {}},
        "apiConfig": {"forecast": api or {}},
    }


def apps(*given, kind="developerApps", owner="john@example.com"):
    return single({kind: {owner: list(given)}})


KEY = {"name": "a", "consumerKey": "key", "consumerSecret": "secret"}
APP = {"name": "a", "apiProducts": ["weatherProduct"]}
ORG_KINDS = (
    "Allowed: apiCategories, apiDocs, apiProducts, appGroupApps, appGroups, companies, companyApps, developerApps, "
    "developers, importAppGroupAppKeys, importKeys, kvms, maskconfigs, ratePlans, reports, resourcefiles, spaces, "
    "specs, userroles."
)
ENV_KINDS = (
    "Allowed: aliases, caches, debugMasks, extensions, flowhooks, keystores, kvms, references, resourcefiles, "
    "targetServers, virtualHosts."
)
MISTAKES = [
    # the form
    (
        {"orgConfig": {}, "environments": []},
        "unknown field 'environments'. Allowed: apiConfig, envConfig, orgConfig, version.",
    ),
    ({"orgConfig": []}, "the field 'orgConfig' must be a table, not list."),
    ({"envConfig": {"test": []}}, "envConfig: the field 'test' must be a table, not list."),
    (single({"apiproducts": []}), f"orgConfig: unknown field 'apiproducts'. Did you mean 'apiProducts'? {ORG_KINDS}"),
    (
        single(env={"targetservers": []}),
        f"envConfig: test: unknown field 'targetservers'. Did you mean 'targetServers'? {ENV_KINDS}",
    ),
    (
        single(api={"caches": []}),
        "apiConfig: forecast: unknown field 'caches'. Allowed: kvms, maskconfigs, resourcefiles.",
    ),
    (single({"kvms": {}}), "orgConfig: the field 'kvms' must be a list of tables, not dict."),
    (single({"developerApps": []}), "orgConfig: the field 'developerApps' must be a table, not list."),
    (
        single({"developerApps": {"john@example.com": {}}}),
        "orgConfig: developerApps: the field 'john@example.com' must be a list of tables, not dict.",
    ),
    (
        {"envConfig": {"Test": {}}},
        "'Test' cannot be the name of an environment: lower-case letters, digits and inner hyphens only.",
    ),
    # entities
    (
        single({"apiProducts": [{"name": "p", "operationGroup": {}}]}),
        (
            "orgConfig: apiProducts[0]: unknown field 'operationGroup'. Allowed: apiResources, approvalType, "
            "attributes, createdAt, createdBy, description, displayName, environments, lastModifiedAt, "
            "lastModifiedBy, name, proxies, quota, quotaInterval, quotaTimeUnit, scopes."
        ),
    ),
    (single({"apiProducts": [{"name": ""}]}), "orgConfig: apiProducts[0]: the field 'name' is empty."),
    (
        single({"apiProducts": [PRODUCT, PRODUCT]}),
        "orgConfig: apiProducts[1]: The API product 'weatherProduct' already exists in organization 'acme'.",
    ),
    (
        single({"developers": [JOHN, JOHN]}),
        "orgConfig: developers[1]: The developer 'john@example.com' already exists in organization 'acme'.",
    ),
    (
        apps(APP, APP),
        ("orgConfig: developerApps: john@example.com[1]: The app 'a' of developer 'john@example.com' already exists."),
    ),
    (
        apps({"name": "a", "apiProducts": ["weather"]}),
        (
            "orgConfig: developerApps: john@example.com[0]: Unknown API product 'weather'. Known: weatherProduct. "
            "Did you mean 'weatherProduct'?"
        ),
    ),
    (
        apps({"name": "a", "credentials": [{"apiProducts": [{"apiproduct": "gold"}]}]}),
        (
            "orgConfig: developerApps: john@example.com[0]: credentials[0]: Unknown API product 'gold'. "
            "Known: weatherProduct."
        ),
    ),
    (
        apps(APP, owner="jon@example.com"),
        (
            "orgConfig: developerApps: jon@example.com[0]: Unknown developer 'jon@example.com' in organization 'acme'. "
            "Known: john@example.com. Did you mean 'john@example.com'?"
        ),
    ),
    (
        apps({**APP, "developer": "john@example.com"}),
        (
            "orgConfig: developerApps: john@example.com[0]: the field 'developer' does not belong here: "
            "where the table stands says it."
        ),
    ),
    (
        apps(APP, kind="companyApps", owner="initech"),
        "orgConfig: companyApps: initech[0]: Unknown company 'initech' in organization 'acme'. Known: none.",
    ),
    (
        apps(KEY, kind="importKeys"),
        "orgConfig: importKeys: john@example.com[0]: Unknown app 'a' of developer 'john@example.com'. Known: none.",
    ),
    (
        single({"developerApps": {"john@example.com": [APP]}, "importKeys": {"john@example.com": [KEY, KEY]}}),
        "orgConfig: importKeys: john@example.com[1]: the consumerKey already belongs to app 'a'.",
    ),
    (
        apps({**KEY, "apiProducts": ["gold"]}, kind="importKeys"),
        "orgConfig: importKeys: john@example.com[0]: Unknown API product 'gold'. Known: weatherProduct.",
    ),
    (
        single(
            {
                "developerApps": {"john@example.com": [APP]},
                "importKeys": {"john@example.com": [{"name": "a", "consumerKey": "key"}]},
            }
        ),
        "orgConfig: importKeys: john@example.com[0]: the field 'consumerSecret' is missing.",
    ),
    (
        single(
            {
                "developerApps": {"john@example.com": [APP]},
                "importKeys": {"john@example.com": [{**KEY, "credentials": []}]},
            }
        ),
        (
            "orgConfig: importKeys: john@example.com[0]: unknown field 'credentials'. Allowed: apiProducts, "
            "attributes, consumerKey, consumerSecret, developer, expiresAt, issuedAt, name, scopes, status."
        ),
    ),
    (
        single({"userroles": [{"name": "a", "resourcepermissions": [{"verbs": []}]}]}),
        "orgConfig: userroles[0]: resourcePermission[0]: the field 'path' is missing.",
    ),
    (
        single(env={"kvms": [{"name": "m", "entry": [{"name": "pin", "value": {"s3cr3t": 1}}]}]}),
        "envConfig: test: kvms[0]: entry[0]: the field 'value' must be text, not dict.",
    ),
    (
        single(env={"targetServers": [{"name": "s", "host": "h"}]}),
        "envConfig: test: targetServers[0]: the field 'port' is missing.",
    ),
    (single(env={"caches": [{"name": "c"}] * 2}), "envConfig: test: caches[1]: 'c' is there before."),
    (single(api={"kvms": [{"name": "m"}] * 2}), "apiConfig: forecast: kvms[1]: 'm' is there before."),
]


@pytest.mark.parametrize(("world", "message"), MISTAKES, ids=[message[:80] for _, message in MISTAKES])
def test_a_mistake_names_its_file_and_place(tmp_path, world, message):
    """A mistake in a single file is an error that names the file, the place and what is allowed."""
    path = write(tmp_path / "edge.json", world)

    assert message_of(path) == f"world file edge.json: {message}"


WRONG_FILES = [
    ("org/kvms.json", [{}], "world file org/kvms.json: kvms[0]: the field 'name' is missing."),
    (
        "org/developerApps.json",
        {"jon@example.com": [APP]},
        (
            "world file org/developerApps.json: developerApps: jon@example.com[0]: Unknown API product "
            "'weatherProduct'. Known: none."
        ),
    ),
    (
        "env/test/targetServers.json",
        [{"name": "s", "host": "h", "port": "http"}],
        (
            "world file env/test/targetServers.json: targetServers[0]: the field 'port' must be a whole number, "
            "not 'http'."
        ),
    ),
    (
        "api/forecast/kvms.json",
        ["codes"],
        "world file api/forecast/kvms.json: the field 'kvms' must be a list of tables, not a list of str.",
    ),
    ("org/apiProducts.json", {}, "The world file {root}/org/apiProducts.json must hold a list, not dict."),
    ("org/companyApps.json", [], "The world file {root}/org/companyApps.json must hold an object, not list."),
    (
        "org/flowhooks.json",
        "[",
        (
            "The world directory {root} holds no files of the Apigee Maven config plugin: neither edge.json nor "
            "org/*.json, env/{{environment}}/*.json or api/{{proxy}}/*.json, in itself or in resources/edge."
        ),
    ),
    (
        "env/test/flowhooks.json",
        "[",
        ("The world file {root}/env/test/flowhooks.json is not valid JSON: Expecting value: line 1 column 2 (char 1)."),
    ),
    (
        "org/apiproducts.json",
        [],
        (
            "The Apigee Maven config plugin does not read the world file {root}/org/apiproducts.json: "
            "name it apiProducts.json."
        ),
    ),
    (
        "env/Test/caches.json",
        [],
        (
            "world directory edge: 'Test' cannot be the name of an environment: "
            "lower-case letters, digits and inner hyphens only."
        ),
    ),
]


@pytest.mark.parametrize(("file", "content", "message"), WRONG_FILES, ids=[file for file, _, _ in WRONG_FILES])
def test_a_mistake_in_a_directory_names_the_file(tmp_path, file, content, message):
    """A mistake in the multi-file form is an error that names the file below the directory, or by its whole path."""
    root = tmp_path / "edge"
    write(root / file, content)

    assert message_of(root) == message.format(root=root)


def test_two_configurations_in_a_directory_are_an_error(tmp_path):
    """A directory that holds both forms is an error that names both: no one is taken silently."""
    file, root = write(tmp_path / "edge.json", SINGLE), write_directory(tmp_path / "resources" / "edge", SINGLE)

    assert message_of(tmp_path) == (
        f"The world directory {tmp_path} holds more than one configuration. Give one of them: {file}, {root}."
    )


def test_a_directory_that_cannot_be_read_is_named(tmp_path):
    """A directory that cannot be looked into is an error that says why."""
    (tmp_path / "org").symlink_to(tmp_path / "org")

    assert message_of(tmp_path) == (
        f"The world directory {tmp_path / 'org'} cannot be read: Too many levels of symbolic links."
    )


def test_a_file_of_the_directory_that_is_not_there_is_named(tmp_path):
    """The path of a file that is not there is an error, whatever lies beside it."""
    root = write_directory(tmp_path / "edge", {"orgConfig": {"kvms": []}})

    assert message_of(root / "org" / "developers.json") == (
        f"The world file {root / 'org' / 'developers.json'} cannot be read: No such file or directory."
    )


@pytest.mark.parametrize("name", ["org/world.json", "env/test/world.json", "world.json"])
def test_a_world_file_may_be_anywhere(tmp_path, name):
    """A world file is one wherever it lies, unless it has the name of one of the plugin's files."""
    path = write(tmp_path / name, {"organizations": [{"name": "globex"}]})

    assert FakeEdge(path).org == "globex"


def test_a_relative_path_of_a_file_is_enough(tmp_path, monkeypatch):
    """A file of the directory is found by a relative path, from within too."""
    root = write_directory(tmp_path, SINGLE)
    monkeypatch.chdir(root / "org")

    assert managed(FakeEdge("kvms.json"), "developers").json() == ["john@example.com"]
    assert managed(FakeEdge(os.pardir), "developers").json() == ["john@example.com"]
