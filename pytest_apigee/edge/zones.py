"""Identity zones: the default one of login.apigee.com, and those of SAML at ``{zone}.login.apigee.com``.

Source: sso.md 2.3.
"""

from dataclasses import dataclass

LOGIN_HOST = "login.apigee.com"


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """One identity zone, with users and an issuer of its own.

    `zone_id` is the `zid` of its tokens.
    """

    name: str
    zone_id: str
    subdomain: str

    @property
    def has_saml(self) -> bool:
        """Whether its users log in at their company's identity provider, and get passcodes for tools."""
        return bool(self.subdomain)

    @property
    def host(self) -> str:
        """The host of its SSO."""
        return f"{self.subdomain}.{LOGIN_HOST}" if self.subdomain else LOGIN_HOST

    @property
    def url(self) -> str:
        """Its SSO, without a path: what `SSO_LOGIN_URL` of Apigee's tools takes."""
        return f"https://{self.host}"

    def __str__(self) -> str:
        return self.url


DEFAULT_ZONE = Zone(name="uaa", zone_id="uaa", subdomain="")
