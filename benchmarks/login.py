"""Time what a login costs in the core, beside the two bare RS256 signatures that it needs.

A login is a password grant of a user without MFA, from the request to the answer, at a fake Edge that is made once. A
bare signature is what `cryptography` takes to sign as many bytes as a JWT of that login has. Blocks of both alternate.
Noise only ever adds time, so the fastest block of each is compared; the median shows how much noise there was.

Run it by `tox -e benchmarks`, best on a machine that has nothing else to do.
"""

import sys
from statistics import median

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from measured import Measured

from pytest_apigee import FakeEdge, Request, Response
from pytest_apigee.edge.sso.signing_key import test_key

LIMIT = 1.3
BLOCKS = 100
RUNS_IN_A_BLOCK = 20
HEADERS = {
    "Authorization": "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0",
    "Content-Type": "application/x-www-form-urlencoded",
}
FORM = b"grant_type=password&username=ops%40acme.example&password=correct+horse"


def logins() -> Measured:
    """Return the login of one user at one fake Edge."""
    edge = FakeEdge()
    edge.user("ops@acme.example", password="correct horse")  # noqa: S106 - a secret of a fake, which opens nothing
    url = f"{edge.login_url}/oauth/token"
    return Measured(
        name="login",
        runs_in_a_block=RUNS_IN_A_BLOCK,
        run=lambda: edge.handle(Request(method="POST", url=url, headers=HEADERS, body=FORM)),
    )


def signatures(answer: object) -> Measured:
    """Return the two bare signatures of what the tokens of a login sign."""
    if not isinstance(answer, Response) or answer.status != Response().status:
        sys.exit(f"The login was refused: {answer!r}.")
    tokens = answer.json()
    messages = [tokens[name].rpartition(".")[0].encode() for name in ("access_token", "refresh_token")]
    key, padding, algorithm = test_key(), PKCS1v15(), SHA256()
    return Measured(
        name="2 signatures",
        runs_in_a_block=RUNS_IN_A_BLOCK,
        run=lambda: [key.sign(message, padding, algorithm) for message in messages],
    )


def main() -> int:
    """Measure both and print the table; 1 says that the limit is broken."""
    login = logins()
    bare = signatures(login.run())
    for measured in (login, bare):  # once in vain, to warm up
        measured.time_a_block()
        measured.blocks.clear()
    for _ in range(BLOCKS):
        login.time_a_block()
        bare.time_a_block()
    print(f"{'':<14}{'fastest':>12}{'median':>12}")
    for measured in (bare, login):
        print(f"{measured.name:<14}{min(measured.blocks):>9.0f} µs{median(measured.blocks):>9.0f} µs")
    ratio = min(login.blocks) / min(bare.blocks)
    print(f"{'ratio':<14}{ratio:>12.3f}{median(login.blocks) / median(bare.blocks):>12.3f}")
    print(f"{'limit':<14}{LIMIT:>12}")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
