"""JWTs: signed by the identity provider whose JWKS the operator names, and by no one else."""

from functools import cache
from typing import TYPE_CHECKING, Any

from referrals.edge.settings import JwtSettings
from referrals.rules.errors import Unauthorized
from referrals.rules.ids import is_user_id

if TYPE_CHECKING:
    from referrals.edge.signing_keys import SigningKeys

# Asymmetric only: with HS256 a public key would serve as the secret.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_REQUIRED = ["exp", "iss", "aud", "sub"]
_LEEWAY_SECONDS = 10


@cache
def _key_set(url: str) -> "SigningKeys":
    from referrals.edge.signing_keys import SigningKeys

    return SigningKeys(url)


def verified_claims(token: str, jwt_settings: JwtSettings) -> dict[str, Any]:
    """The claims of a token that holds in every respect. Unauthorized for any other."""
    # Loaded here, as most functions never see a token and should not pay for it at cold start.
    import jwt

    if not jwt_settings.jwks_url:
        raise Unauthorized("tokens are not accepted here")
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in _ALGORITHMS:
            raise Unauthorized("invalid token")
        key = _key_set(jwt_settings.jwks_url).get_signing_key_from_jwt(token)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=_ALGORITHMS,
            audience=jwt_settings.audience,
            issuer=jwt_settings.issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
    except jwt.PyJWKClientConnectionError:
        # Nobody's token is bad because the provider cannot be reached: that is a 500.
        raise
    except (jwt.PyJWTError, ValueError) as error:
        raise Unauthorized("invalid token") from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not is_user_id(subject):
        raise Unauthorized("invalid token")
    return claims
