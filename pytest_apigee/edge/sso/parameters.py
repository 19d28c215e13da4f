"""What a request to the SSO says in its query and its form, as a servlet reads it."""

from pytest_apigee.edge.message import Fields, Request


def parameters_of(request: Request) -> Fields:
    """Return the fields of the query, followed by those of the form; only POST has a form.

    Source: sso.md section 3: query parameters count as form fields; GET is served from the query string.
    """
    return request.query.merged_with(request.form) if request.method == "POST" else request.query
