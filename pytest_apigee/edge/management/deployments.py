"""Deploying and undeploying revisions: what the gateway answers changes at once.

Source: deployments.yaml; management.md sections 4 and 5.1; "Deploy API proxies using the management API" of Edge's
documentation. `delay` is how long the replaced revision goes on for calls that run; here none does.

GUESS: a revision that is deployed already is answered as if it had just been; with `override`, a revision takes the
place of every other one of its API proxy in the environment, without it, it is refused where a base path is another
one's; where only the base path of another API proxy is in the way, `override` does not help, as public clients report.
"""

from pytest_apigee.edge.api_revisions import Revision
from pytest_apigee.edge.management import deployment_views as views
from pytest_apigee.edge.management.api_entities import api_of, conflict_refusal, revision_of
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.environments import environment_of
from pytest_apigee.edge.management.routing import Handler, Route, routes_of
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import NotModelled

_SOURCE, _OLD = "deployments.yaml", "documentation (2013: undeploy an API)"
_ORGANIZATION = "/organizations/{org}"
_API = f"{_ORGANIZATION}/apis/{{api}}"
_ENVIRONMENT = f"{_ORGANIZATION}/environments/{{env}}"
_DEPLOY, _UNDEPLOY = "deploy", "undeploy"


def show_all(call: Call) -> Response:
    """Answer with all deployments of an organization."""
    return answer(views.of_organization(call))


def show_environment(call: Call) -> Response:
    """Answer with the deployments in an environment."""
    return answer(views.of_environment(call, environment_of(call)))


def show_api(call: Call) -> Response:
    """Answer with the deployments of an API proxy."""
    return answer(views.of_api(call, api_of(call)))


def show_api_in_environment(call: Call) -> Response:
    """Answer with the deployments of an API proxy in an environment, where it has any."""
    environment, api = environment_of(call), api_of(call)
    if not views.in_environment(call, api, environment):
        raise call.refusal("not_deployed", name=api)
    return answer(views.of_api_in_environment(call, api, environment))


def show_revision(call: Call) -> Response:
    """Answer with where a revision is deployed."""
    return answer(views.of_revision(call, revision_of(call)))


def show_deployment(call: Call) -> Response:
    """Answer with the deployment of a revision in an environment, where it is."""
    environment, revision = environment_of(call), revision_of(call)
    _require_deployed(call, revision, environment)
    return answer(views.of_deployment(call, revision, environment, views.DEPLOYED))


def deploy(call: Call) -> Response:
    """Deploy a revision in the environment that the path names."""
    environment, revision = environment_of(call), revision_of(call)
    action = _field(call, "action") or _DEPLOY
    if action != _DEPLOY:
        raise call.refusal("unknown_action", name=action)
    return _deploy(call, revision, environment)


def undeploy(call: Call) -> Response:
    """Undeploy a revision in the environment that the path names."""
    return _undeploy(call, revision_of(call), environment_of(call))


def act_on_revision(call: Call) -> Response:
    """Deploy or undeploy a revision in the environment that a parameter names."""
    return _act(call, revision_of(call))


def act_on_api(call: Call) -> Response:
    """Deploy or undeploy the revision that a parameter names, as `apigeetool undeploy` does."""
    api_of(call)
    return _act(call, revision_of(call, _field(call, "revision")))


def _act(call: Call, revision: Revision) -> Response:
    environment, action = environment_of(call, _field(call, "env")), _field(call, "action")
    if action not in (_DEPLOY, _UNDEPLOY):
        raise call.refusal("unknown_action", name=action)
    return _deploy(call, revision, environment) if action == _DEPLOY else _undeploy(call, revision, environment)


def _deploy(call: Call, revision: Revision, environment: str) -> Response:
    if _field(call, "basepath") not in ("", "/"):
        raise NotModelled(f"{call.request.shown} with a basepath, which goes before those of the proxy endpoints")
    apis, overrides = call.organization.apis, _field(call, "override") == "true"
    conflict = apis.conflict(revision, environment, replaced=revision.api if overrides else "")
    if conflict is not None:
        raise conflict_refusal(call, conflict)
    for other in views.in_environment(call, revision.api, environment) if overrides else ():
        apis.undeploy(other, environment)
    deployed = apis.deploy(revision, environment)
    return answer(views.of_deployment(call, deployed, environment, views.DEPLOYED))


def _undeploy(call: Call, revision: Revision, environment: str) -> Response:
    _require_deployed(call, revision, environment)
    gone = call.organization.apis.undeploy(revision, environment)
    return answer(views.of_deployment(call, gone, environment, views.UNDEPLOYED))


def _require_deployed(call: Call, revision: Revision, environment: str) -> None:
    if environment not in revision.environments:
        raise call.refusal("revision_not_deployed", name=revision.name, env=environment)


def _field(call: Call, name: str) -> str:
    """Return a parameter from the form, or else from the query."""
    return call.request.form.get(name) or call.query(name)


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", f"{_ORGANIZATION}/deployments"): show_all,
    ("GET", f"{_ENVIRONMENT}/deployments"): show_environment,
    ("GET", f"{_API}/deployments"): show_api,
    ("GET", f"{_ENVIRONMENT}/apis/{{api}}/deployments"): show_api_in_environment,
    ("GET", f"{_API}/revisions/{{revision}}/deployments"): show_revision,
    ("POST", f"{_API}/revisions/{{revision}}/deployments"): act_on_revision,
    ("GET", f"{_ENVIRONMENT}/apis/{{api}}/revisions/{{revision}}/deployments"): show_deployment,
    ("POST", f"{_ENVIRONMENT}/apis/{{api}}/revisions/{{revision}}/deployments"): deploy,
    ("DELETE", f"{_ENVIRONMENT}/apis/{{api}}/revisions/{{revision}}/deployments"): undeploy,
}
ROUTES = (
    *routes_of(_SOURCE, _HANDLERS),
    Route(method="POST", path=f"{_API}/deployments", source=_OLD, handler=act_on_api),
)
