"""A login by form through the door for `requests`, with its cookies and redirects."""

import re

import requests

from pytest_apigee import fake_edge


def test_logs_in_by_form_and_takes_the_passcode_to_a_tool() -> None:
    """A session is led to the form and back to the passcode, which the token endpoint takes."""
    with fake_edge() as edge, requests.Session() as session:
        zone = edge.zone("acme-saml")
        ops = edge.user(mfa=True)

        form = session.get(f"{zone}/passcode")
        fields = dict(re.findall(r'name="([\w-]+)" value="([^"]+)"', form.text))
        fields |= {"username": ops.email, "password": ops.password, "mfa_token": edge.mfa_code(ops)}
        page = session.post(f"{zone}/login.do", data=fields)
        login = {"grant_type": "password", "passcode": re.findall(r'id="passcode">(\w{6})<', page.text)[0]}
        answer = requests.post(f"{zone}/oauth/token", data=login, auth=("edgecli", "edgeclisecret"))

        assert [form.url, page.url] == [f"{zone}/login", f"{zone}/passcode"]
        assert session.cookies.keys() == ["JSESSIONID"]
        assert answer.status_code == 200
