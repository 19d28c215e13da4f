"""Apigee's official OpenAPI files of the management API, as far as they lie beside this checkout, and their slips."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[3] / "shared" / "edge" / "openapi"
Schema = dict[str, Any]

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_PRODUCTS_OF_KEY = {
    "type": "array",
    "items": {"type": "object", "properties": {"apiproduct": _TEXT, "status": _TEXT}},
}
SLIPS: dict[str, dict[str, Schema]] = {
    "caches.yaml": {
        # Truth values as text, and one kind of expiry under the name `expirySetting`: its own sample
        "Cache": {
            "properties": {
                "distributed": {"type": "boolean"},
                "overflowToDisk": {"type": "boolean"},
                "expirySettings": {
                    "type": "object",
                    "properties": {
                        "valuesNull": {"type": "boolean"},
                        **{
                            kind: {"type": "object", "properties": {"value": _TEXT}}
                            for kind in ("expiryDate", "timeOfDay", "timeoutInSec")
                        },
                    },
                },
            },
        },
    },
    "companies.yaml": {"Company": {"properties": {"createdBy": _TEXT}}},  # its own samples have it
    "proxies.yaml": {"APIProxyRevision": {"properties": {"basepaths": _TEXTS}}},  # as text; its own sample has a list
    "user-roles.yaml": {
        # `org`, and the roles of a user as an array: its own samples
        "ResourcePermissions": {
            "properties": {
                "resourcePermission": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"organization": _TEXT, "path": _TEXT, "permissions": _TEXTS},
                    },
                },
            },
        },
        "UserRoles": {
            "properties": {
                "roles": {
                    "type": "object",
                    "properties": {
                        "role": {
                            "type": "array",
                            "items": {"type": "object", "properties": {"name": _TEXT, "organization": _TEXT}},
                        },
                    },
                },
            },
        },
    },
    "oauth-20-access-tokens.yaml": {
        # `totalResults` as text; its own sample has a number: management.md section 1
        "AccessToken": {
            "properties": {
                "meta": {
                    "type": "object",
                    "properties": {
                        "limit": {"type": "integer"},
                        "next": _TEXT,
                        "query": {"type": "object"},
                        "start": _TEXT,
                        "totalResults": {"type": "integer"},
                    },
                },
            },
        },
        # `apiproducts`, and attributes as an array of texts: management.md section 1
        "AccessTokenDetails": {
            "properties": {
                "apiProducts": {"type": "array", "items": {"type": "string"}},
                "attributes": {"type": "array", "items": {"type": "object", "required": ["name", "value"]}},
                **dict.fromkeys(("createdBy", "lastModifiedBy", "refreshToken"), _TEXT),
            },
        },
    },
}
"""What the sheets say against the files: by file and schema, what takes the place of the schema's own."""

LISTS = {
    # With expand=true they are objects: management.md section 4, and their own text.
    ("developer-apps.yaml", "/organizations/{org_name}/developers/{developer_email}/apps"): ("app", "DeveloperApp"),
    ("products.yaml", "/organizations/{org_name}/apiproducts"): ("apiProduct", "APIProduct"),
}
"""Lists of which the files have only the form without expand: by path, the field and the schema of the other form."""

EXTRA: dict[str, tuple[str, ...]] = {
    # Clients of Edge that are public code read them; the file has the schema of points with properties alone.
    "debug-sessions.yaml": ("accessList", "content", "headers", "reasonPhrase", "statusCode", "uRI", "verb"),
}
"""Fields that recordings have and the files lack, by file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One official operation: its file, verb, path (parameters as ``{}``), and the JSON schemas by status."""

    file: str
    method: str
    path: str
    schemas: Mapping[int, Schema | None]


def anonymous(path: str) -> str:
    """Return a path whose parameters have no names: files and routes name them differently."""
    return re.sub(r"\{\w+\}", "{}", path)


@cache
def document(file: str) -> dict[str, Any]:
    """Return one file, with its slips mended."""
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / file).read_text(encoding="utf-8"))
    for name, mended in SLIPS.get(file, {}).items():
        schema = loaded["components"]["schemas"][name]
        schema["properties"] = {**schema["properties"], **mended["properties"]}
    for (listing, path), (field, item) in LISTS.items():
        if listing == file:
            content = loaded["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
            items = {"type": "array", "items": {"$ref": f"#/components/schemas/{item}"}}
            content["schema"] = {"oneOf": [content["schema"], {"type": "object", "properties": {field: items}}]}
    if file == "policies.yaml":  # the fields of a policy; its own sample has them below its kind
        loaded["components"]["schemas"]["Policy"] = {"type": "object", "minProperties": 1}
    if file == "company-apps.yaml":  # `apiProducts` of a credential as texts; its own samples have objects
        credential = loaded["components"]["schemas"]["CompanyApp"]["properties"]["credentials"]["items"]
        credential["properties"]["apiProducts"] = _PRODUCTS_OF_KEY
    if file == "debug-sessions.yaml":  # the name of a session as text; clients of a live Edge read an object
        base = "/organizations/{org_name}/environments/{env_name}/apis/{api_name}/revisions/{revision_number}"
        for path, method, status in (("", "post", "201"), ("/{session_name}", "delete", "200")):
            response = loaded["paths"][f"{base}/debugsessions{path}"][method]["responses"][status]
            response["content"]["application/json"]["schema"] = {"type": "object", "properties": {"name": _TEXT}}
    if file == "user-roles.yaml":  # a truth value as text; its own sample has one
        permission = loaded["paths"]["/organizations/{org_name}/userroles/{role_name}/permissions/{permission}"]["get"]
        content = permission["responses"]["200"]["content"]["application/json"]
        content["schema"]["properties"]["value"] = {"type": "boolean"}
    return loaded


def operations() -> Iterator[Operation]:
    """Yield every official operation."""
    for file in sorted(path.name for path in FOLDER.glob("*.yaml")):
        for path, methods in document(file)["paths"].items():
            for method, operation in methods.items():
                if method != "parameters":
                    yield Operation(
                        file=file,
                        method=method.upper(),
                        path=anonymous(path),
                        schemas={
                            int(status): _json_schema(file, response)
                            for status, response in operation["responses"].items()
                        },
                    )


def _json_schema(file: str, response: Schema) -> Schema | None:
    found = response.get("content", {}).get("application/json", {}).get("schema")
    return None if found is None else resolved(file, found)


def resolved(file: str, schema: Any) -> Any:
    """Return a schema with every reference in it replaced by what it refers to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            _, _, pointer = schema["$ref"].partition("#/")
            target: Any = document(file)
            for word in pointer.split("/"):
                target = target[word]
            return resolved(file, target)
        return {name: resolved(file, part) for name, part in schema.items()}
    return [resolved(file, part) for part in schema] if isinstance(schema, list) else schema


def closed(schema: Any, extra: tuple[str, ...] = ()) -> Any:
    """Return a schema in which no object has a field that it does not name, but for some extra ones."""
    if isinstance(schema, list):
        return [closed(part, extra) for part in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(part, extra) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type", "object") == "object":
        shut["properties"] = {**{name: {} for name in extra}, **shut["properties"]}
        shut["additionalProperties"] = False
    return shut
