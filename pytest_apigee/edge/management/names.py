"""Which names entities may have.

Source: the descriptions of `name` in developer-apps.yaml, company-apps.yaml and products.yaml; Edge's page "Naming
restrictions" for companies. That Edge refuses other names is the guess `mgmt_name_rules`. GUESS: an e-mail needs an @
between two parts without blanks.
"""

import re

from pytest_apigee.edge.management.call import Call

APP = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._#$%-]{0,254}")
COMPANY = re.compile(r"[A-Za-z0-9 ._#$-]+")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
PRODUCT = re.compile(r"[A-Za-z0-9 ._#$%-]*[A-Za-z0-9._#$%-]")


def is_fit(call: Call, name: str, rule: re.Pattern[str]) -> bool:
    """Return whether a name keeps a rule, or no rule is kept."""
    return not call.state.guesses.mgmt_name_rules or rule.fullmatch(name) is not None


def fit_name(call: Call, name: str, rule: re.Pattern[str], *, field: str = "name") -> str:
    """Return a name that keeps a rule.

    Raises:
        Refusal: 400; it does not.
    """
    if not is_fit(call, name, rule):
        raise call.refusal("field_invalid", name=field)
    return name
