"""docs/commands.md says what the commands do."""

import re
from pathlib import Path

from pytest_apigee.live import acurl, get_token

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")


def test_the_page_lists_the_options_and_statuses():
    """Every option and every status stands on the page and in the help."""
    table = PAGE.partition("| status |")[0]
    statuses = {int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    told = {int(number) for number in re.findall(r"\b(\d+) ", get_token.STATUSES.partition("exit status")[2])}

    for option in {*get_token.VALUED, *get_token.FLAGS} - {"--help"}:
        assert f"`{option}" in table
        assert f"  {option} " in get_token.USAGE
    assert statuses == told == set(get_token.Status)
    for option in ("-u", "-m", "-p", "-v", "-h", "--force-basic-auth"):
        assert option in acurl.USAGE
