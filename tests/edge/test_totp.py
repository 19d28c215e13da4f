"""One-time codes against the test vectors of RFC 6238, appendix B (SHA-1), cut to six digits."""

import pytest

from pytest_apigee.edge.sso.totp import code_at, decoded_secret
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fake import FakeEdge
from tests.edge.sso_support import answer, edge_at_noon, password_form, token_request

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # base32 of 12345678901234567890
VECTORS = [
    (59, "1970-01-01T00:00:59Z", "287082"),
    (1111111109, "2005-03-18T01:58:29Z", "081804"),
    (1111111111, "2005-03-18T01:58:31Z", "050471"),
    (1234567890, "2009-02-13T23:31:30Z", "005924"),
    (2000000000, "2033-05-18T03:33:20Z", "279037"),
    (20000000000, "2603-10-11T11:33:20Z", "353130"),
]


@pytest.mark.parametrize(("seconds", "moment", "code"), VECTORS)
def test_a_code_is_that_of_the_rfc(seconds, moment, code):
    """The code of a moment is the RFC's, its last six digits with zeros in front."""
    assert code_at(SECRET, seconds * 1_000) == code


@pytest.mark.parametrize(("seconds", "moment", "code"), VECTORS)
def test_the_code_of_the_rfc_logs_in(seconds, moment, code):
    """A user with the RFC's secret logs in with its code at its moment."""
    edge = edge_at_noon()
    edge.user("mfa@acme.example", password="pw", mfa_secret=SECRET)
    edge.clock.travel_to(moment)

    form = password_form(username="mfa@acme.example", mfa_token=code) | {"password": "pw"}
    assert answer(edge, token_request(form)).status == 200


@pytest.mark.parametrize("milliseconds", [1111111110_000, 1111111139_999])
def test_a_code_is_good_for_thirty_seconds(milliseconds):
    """A step of 30 seconds has one code, from its first millisecond to its last."""
    assert code_at(SECRET, milliseconds) == "050471"


@pytest.mark.parametrize("milliseconds", [1111111109_999, 1111111140_000])
def test_the_steps_beside_have_other_codes(milliseconds):
    """The step before and the step after have codes of their own."""
    assert code_at(SECRET, milliseconds) != "050471"


@pytest.mark.parametrize(
    "secret",
    [SECRET.lower(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", "GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ", f"{SECRET}="],
)
def test_a_secret_is_read_as_apps_show_it(secret):
    """Case, blanks, hyphens and padding of a secret do not matter."""
    assert decoded_secret(secret) == b"12345678901234567890"


def test_a_secret_may_lack_its_padding():
    """A secret that is not a multiple of eight characters long is padded."""
    assert decoded_secret("JBSWY3DPEHPK3PXP") == b"Hello!\xde\xad\xbe\xef"
    assert decoded_secret("JBSWY") == b"Hel"


def test_an_empty_secret_is_an_error():
    """A secret is text that is not empty; without MFA it is left out."""
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge().user("mfa@acme.example", mfa_secret="")

    assert str(raised.value) == "mfa_secret takes text, not an empty text."


@pytest.mark.parametrize("secret", [" ", "=", "A", "JBSW1", "JBSW8", "secret!", "geheimnüs", "\ud800"])
def test_another_secret_is_an_error(secret):
    """A secret that is not base32 is an error that does not repeat it."""
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge().user("mfa@acme.example", mfa_secret=secret)

    assert str(raised.value) == (
        "An MFA secret is base32 text as authenticator apps show it: letters A to Z and digits 2 to 7."
    )
