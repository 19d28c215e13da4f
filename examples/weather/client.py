"""A client of the weather API, which Apigee Edge protects with OAuth 2.0 client credentials."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import requests

RENEWAL_MARGIN_SECONDS = 60.0
TIMEOUT_SECONDS = 10.0
EXPIRED = "keymanagement.service.access_token_expired"


class WeatherError(Exception):
    """The base of what this client raises. `code` is Edge's own error code, if it sent one."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(f"{message} ({code})" if code else message)
        self.code = code


class AuthenticationError(WeatherError):
    """Edge takes neither our credentials nor a new token: somebody has to look at the app."""


class PermissionDeniedError(WeatherError):
    """The token is good, but lacks a scope."""


class UnavailableError(WeatherError):
    """No answer, or none that can be used: try again later."""


@dataclass(frozen=True)
class Token:
    value: str = field(repr=False)
    renew_at: float


class TokenSource:
    """Keeps an access token and renews it shortly before it expires. Threads may share it."""

    def __init__(self, session: requests.Session, url: str, key: str, secret: str, *, margin: float) -> None:
        self._session = session
        self._url = url
        self._credentials = {"client_id": key, "client_secret": secret}
        self._margin = margin
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self) -> Token:
        with self._lock:
            if self._token is None or time.time() >= self._token.renew_at:
                self._token = self._new_token()
            return self._token

    def token_instead_of(self, refused: Token) -> Token:
        """Return a new token, unless another thread has got one in the meantime."""
        with self._lock:
            if self._token is None or self._token is refused:
                self._token = None  # not to be used again, whatever happens next
                self._token = self._new_token()
            return self._token

    def _new_token(self) -> Token:
        asked_at = time.time()
        with reaching(self._url):
            response = self._session.post(self._url, data=self._credentials, timeout=TIMEOUT_SECONDS)
        if response.status_code != 200:
            raise_for(response, "Edge gave no access token")
        answer = json_of(response)
        try:
            lifetime = float(answer["expires_in"])  # Edge sends it as text
            return Token(answer["access_token"], renew_at=asked_at + lifetime - self._margin)
        except (KeyError, TypeError, ValueError):
            raise UnavailableError("The answer of the token endpoint is not one of Edge's") from None


class WeatherClient:
    def __init__(
        self,
        api_url: str,
        token_url: str,
        key: str,
        secret: str,
        *,
        margin: float = RENEWAL_MARGIN_SECONDS,
    ) -> None:
        self.session = requests.Session()
        self._api_url = api_url.rstrip("/")
        self._tokens = TokenSource(self.session, token_url, key, secret, margin=margin)

    def forecast(self, city: str = "Berlin") -> dict[str, Any]:
        return self._get("/forecast", city=city)

    def alerts(self) -> dict[str, Any]:
        return self._get("/alerts")

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        token = self._tokens.token()
        response = self._send(path, query, token)
        if is_token_refused(response):
            response = self._send(path, query, self._tokens.token_instead_of(token))
        if not response.ok:
            raise_for(response, f"The weather API refused {path}")
        return json_of(response)

    def _send(self, path: str, query: dict[str, str], token: Token) -> requests.Response:
        url = f"{self._api_url}{path}"
        headers = {"Authorization": f"Bearer {token.value}"}
        with reaching(url):
            return self.session.get(url, params=query, headers=headers, timeout=TIMEOUT_SECONDS)


@contextmanager
def reaching(url: str) -> Iterator[None]:
    try:
        yield
    except requests.RequestException as error:
        raise UnavailableError(f"No answer from {url.partition('?')[0]}") from error


def is_token_refused(response: requests.Response) -> bool:
    return response.status_code == 401 or error_code(response) == EXPIRED


def raise_for(response: requests.Response, message: str) -> NoReturn:
    code = error_code(response)
    if is_token_refused(response):
        raise AuthenticationError(message, code=code)
    if response.status_code == 403:
        raise PermissionDeniedError(message, code=code)
    if response.status_code >= 500 or response.status_code == 429:
        raise UnavailableError(f"{message}: {response.status_code}", code=code)
    raise WeatherError(f"{message}: {response.status_code}", code=code)


def error_code(response: requests.Response) -> str:
    """Return Edge's error code: of a policy's fault, or of the token endpoint's flat form."""
    try:
        body = response.json()
        return str(body["fault"]["detail"]["errorcode"] if "fault" in body else body["ErrorCode"])
    except (ValueError, KeyError, TypeError):
        return ""


def json_of(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise UnavailableError(f"No JSON object from {response.url.partition('?')[0]}")
    return body
