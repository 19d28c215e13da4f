"""The command `pytest-apigee`. What a subcommand needs is imported once its arguments are right."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from pytest_apigee.errors import ConfigurationError
from pytest_apigee.process import told_to_stop, write_line

_LAST_PORT = 65_535
WRONG_USAGE = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status.

    Args:
        arguments: Those after its name; by default those of the process.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] in (["get-token"], ["acurl"]):  # whose options are those of Apigee's own tools
        return _as_apigee(given[0], given[1:])
    options = _parser().parse_args(given)
    try:
        status: int = options.run(options)
    except ConfigurationError as error:
        write_line(sys.stderr, f"pytest-apigee {options.command}: {' '.join(str(error).splitlines())}")
        return WRONG_USAGE
    return status


class _Parser(argparse.ArgumentParser):
    """One line for a mistake: what may be given stands in the help."""

    def error(self, message: str) -> NoReturn:
        write_line(sys.stderr, f"{self.prog}: {message}. See {self.prog} --help.")
        sys.exit(WRONG_USAGE)


def _as_apigee(command: str, arguments: Sequence[str]) -> int:
    from pytest_apigee.live.acurl import acurl  # noqa: PLC0415 - other commands do without
    from pytest_apigee.live.get_token import Ended, get_token  # noqa: PLC0415 - as above

    def tell(text: str) -> None:
        write_line(sys.stderr, f"pytest-apigee {command}: {text}")

    try:
        if command == "acurl":
            return acurl(arguments, tell=tell)
        token = get_token(arguments, tell=tell)
    except Ended as ended:
        if ended.message.startswith("usage:"):
            write_line(sys.stderr, ended.message.rstrip())
        else:
            tell(ended.message)
        return ended.status
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0 if write_line(sys.stdout, token) else 1


def _serve(options: argparse.Namespace) -> int:
    with told_to_stop() as wait:  # from the beginning: what follows takes a while
        from pytest_apigee.serve_command import serve  # noqa: PLC0415 - see above

        return serve(options, wait=wait)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pytest-apigee", description="A fake Apigee Edge for tests, and tokens of the real one.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_serve(commands.add_parser("serve", help="serve a fake Edge until it is interrupted", allow_abbrev=False))
    commands.add_parser("get-token", help="write an access token for the management API, as Apigee's get_token does")
    commands.add_parser("acurl", help="run curl with such a token, as Apigee's acurl does")
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_serve)
    parser.description = (
        "Serve a fake Apigee Edge until SIGINT or SIGTERM. When it is ready it prints one line of JSON: its URLs, and "
        "the environment that leads other programs to it."
    )
    add = parser.add_argument
    add("--world", metavar="PATH", help="world file, or configuration of Apigee's Maven plugin; else a sample world")
    add("--org", metavar="NAME", help="organization that it is about where nothing else is said; the world's first")
    add("--env", metavar="NAME", help="environment likewise; the organization's first")
    add("--era", metavar="NAME", help="'current' or '2016'")
    add("--seed", metavar="SEED", help="number or text that generated values come from")
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen at (default: 127.0.0.1)")
    for part in ("login", "management", "gateway", "proxy"):
        add(f"--{part}-port", type=_port, default=0, metavar="PORT", help=f"port of the {part}; 0 picks one (default)")
    add("--tls", action="store_true", help="speak HTTPS, with certificates of a throw-away authority")
    add("--allow-host", action="append", default=[], metavar="HOST", help="let the proxy reach this host beside Edge's")
    add("--control", action="store_true", help="answer the control API, which resets the world and moves its clock")
    add("--verbose", action="store_true", help="write a line for each exchange to standard error")


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= len(str(_LAST_PORT)) and int(text) <= _LAST_PORT:
        return int(text)
    msg = f"a port is a number from 0 to {_LAST_PORT}, not {text!r}"
    raise argparse.ArgumentTypeError(msg)
