"""What every policy has in common."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pytest_apigee.edge import checks

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.context import FlowContext


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One thing that happens to a call. Derive from it for a policy of one's own, and write `execute`.

    Args:
        name: The name under which flow variables speak of it.
        enabled: Whether it runs at all.
        continue_on_error: Whether a call goes on that it refuses.

    Source: the attributes that Edge's policy elements share.
    """

    variable_prefix: ClassVar[str] = "policy"
    """What its error variables start with, before its name."""

    name: str
    enabled: bool = True
    continue_on_error: bool = False

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        checks.text(f"The name of {self.kind}", self.name)
        checks.flag(f"enabled of {self.name!r}", self.enabled)
        checks.flag(f"continue_on_error of {self.name!r}", self.continue_on_error)

    @property
    def kind(self) -> str:
        """Its kind, for messages."""
        return type(self).__name__

    def execute(self, context: "FlowContext") -> None:
        """Act on the call.

        Raises:
            Refusal: The call ends here, unless `continue_on_error`.
        """
        msg = f"the class {self.kind} needs a method execute(self, context)"
        raise NotImplementedError(msg)
