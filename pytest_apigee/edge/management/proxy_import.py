"""Bundles as they are uploaded: a new API proxy or its next revision, or another content of a revision.

Source: proxies.yaml; management.md section 5.1 for the error of a bad bundle. Everything is checked that is ever
checked, whatever `validate` says. GUESS: a body without a Content-Type is the zip itself, and one of another type is
refused with 415; a name with other characters than the official file allows is refused.
"""

import re
from dataclasses import replace

from pytest_apigee.edge.api_revisions import Revision
from pytest_apigee.edge.bundle import Bundle, read_bundle
from pytest_apigee.edge.bundle_archive import BundleError
from pytest_apigee.edge.management.api_entities import conflict_refusal, revision_body, revision_of
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.errors import ApiError
from pytest_apigee.edge.management.multipart import file_of
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import BareFault, Refusal

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_ZIP_TYPES = ("", "application/octet-stream")
_FORM = "multipart/form-data"
_INVALID = ApiError(
    status=400,
    code="messaging.config.beans.InvalidBundle",
    message="Bundle is invalid. Unable to read/find APIProxy contents",
)


def import_bundle(call: Call) -> Response:
    """Make a new API proxy out of a bundle, or the next revision of one."""
    name = api_name(call, call.query("name"))
    revision = call.organization.apis.add(name, uploaded_bundle(call), call.stamp())
    return answer(revision_body(call, revision), status=201)


def update_revision(call: Call) -> Response:
    """Give a revision another content, at once wherever it is deployed."""
    revision = revision_of(call)
    return answer(revision_body(call, save_bundle(call, revision, uploaded_bundle(call))))


def save_bundle(call: Call, revision: Revision, bundle: Bundle) -> Revision:
    """Let a revision be another bundle, and return it.

    Raises:
        Refusal: It is deployed, and the bundle has a base path that is taken there.
    """
    apis, wanted = call.organization.apis, replace(revision, content=bundle)
    for environment in revision.environments:
        conflict = apis.conflict(wanted, environment)
        if conflict is not None:
            raise conflict_refusal(call, conflict)
    return apis.replace_content(revision, bundle, call.changed(revision.stamp))


def uploaded_bundle(call: Call) -> Bundle:
    """Return the bundle that a call brings.

    Raises:
        Refusal: It brings none.
    """
    try:
        return read_bundle(_content(call))
    except BundleError as error:
        raise invalid_bundle(call, error) from None


def invalid_bundle(call: Call, error: BundleError) -> Refusal:
    """Return the refusal of what is no bundle."""
    return call.error(_INVALID, f"the bundle is invalid: {error}")


def api_name(call: Call, name: str) -> str:
    """Return the name of an API proxy, which must be there and of the characters that are allowed.

    Raises:
        Refusal: It is not.
    """
    if not name:
        raise call.refusal("field_missing", name="name")
    if not _NAME.fullmatch(name):
        raise call.refusal("field_invalid", name="name")
    return name


def _content(call: Call) -> bytes:
    if call.media_type in _ZIP_TYPES:
        return call.request.body
    if call.media_type != _FORM:
        fault = BareFault(status=415, body=call.state.guesses.mgmt_unsupported_media_body)
        raise Refusal(fault, f"the body is of type {call.media_type!r}, not {_ZIP_TYPES[1]} or {_FORM}")
    content = file_of(call.request.headers.get("Content-Type") or "", call.request.body)
    if content is None:
        raise call.malformed(f"the body is no {_FORM} with a part in it")
    return content
