"""Custom attributes of any entity, as the endpoints below it: the whole list, and each by its name.

Source: management.md section 4; the official files for how many an entity may have. GUESS: one that is set by its name
is created where it was not there, and the name in the path counts, whatever the body says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pytest_apigee.edge.jackson import Json
from pytest_apigee.edge.management.body import Attributes
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response


class Attributed(Protocol):
    """Something with custom attributes."""

    @property
    def attributes(self) -> Attributes:
        """Names and values."""
        ...


_Entity = TypeVar("_Entity", bound=Attributed)


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeEndpoints(Generic[_Entity]):
    """The endpoints for the attributes of one kind of entity.

    Args:
        path: The entity's own path.
        source: Where the facts are from.
        find: Returns the entity that a call is about.
        save: Keeps it with other attributes.
    """

    path: str
    source: str
    find: Callable[[Call], _Entity]
    save: Callable[[Call, _Entity, Attributes], None]

    def routes(self) -> tuple[Route, ...]:
        """Return the endpoints."""
        several, one = f"{self.path}/attributes", f"{self.path}/attributes/{{attribute}}"
        return (
            self._route("GET", several, self._list),
            self._route("POST", several, self._replace),
            self._route("GET", one, self._show),
            self._route("POST", one, self._set),
            self._route("DELETE", one, self._delete),
        )

    def _route(self, method: str, path: str, handler: Callable[[Call], Response]) -> Route:
        return Route(method=method, path=path, source=self.source, handler=handler)

    def _list(self, call: Call) -> Response:
        return answer({"attribute": shown(self.find(call).attributes)})

    def _replace(self, call: Call) -> Response:
        entity, body = self.find(call), call.body()
        body.demand("attribute")
        given = body.attributes("attribute")
        self.save(call, entity, given)
        return answer({"attribute": shown(given)})

    def _show(self, call: Call) -> Response:
        known = dict(self.find(call).attributes)
        if call["attribute"] not in known:
            raise call.refusal("attribute_unknown")
        return answer({"name": call["attribute"], "value": known[call["attribute"]]})

    def _set(self, call: Call) -> Response:
        entity, body, name = self.find(call), call.body(), call["attribute"]
        body.demand("value")
        value = body.text("value")
        self.save(call, entity, tuple({**dict(entity.attributes), name: value}.items()))
        return answer({"name": name, "value": value})

    def _delete(self, call: Call) -> Response:
        entity, name = self.find(call), call["attribute"]
        known = dict(entity.attributes)
        if name not in known:
            raise call.refusal("attribute_unknown")
        value = known.pop(name)
        self.save(call, entity, tuple(known.items()))
        return answer({"name": name, "value": value})


def limited(call: Call, attributes: Attributes) -> Attributes:
    """Return custom attributes, if an entity may have as many.

    Raises:
        Refusal: It may not.
    """
    most = call.state.guesses.mgmt_most_attributes
    if len(attributes) > most:
        raise call.refusal("attributes_too_many", most=str(most))
    return attributes


def shown(attributes: Attributes) -> list[Json]:
    """Return custom attributes as a list of objects."""
    return [{"name": name, "value": value} for name, value in attributes]
