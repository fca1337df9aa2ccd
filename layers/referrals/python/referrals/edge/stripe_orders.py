"""Asking Stripe to move credits: what its failures mean for an order, in words without secrets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from referrals.rules.outside import CustomerGone, Undone, words

if TYPE_CHECKING:
    from stripe import StripeClient
    from stripe._request_options import RequestOptions

# What the booking's key is called in the metadata of Stripe's objects.
KEY = "credits_grant_key"
# Stripe's largest page.
PAGE = 100

_CONFLICT = 409
_SERVER_ERROR = 500


class Account:
    """The account whose customers hold the credits; `client` raises Undone where there is none."""

    def __init__(self, client: Callable[[], "StripeClient"], connected: str = "") -> None:
        self._client = client
        self._connected = connected

    @property
    def client(self) -> "StripeClient":
        """Stripe, by the operator's API key as it is now."""
        return self._client()

    def options(self, idempotency_key: str | None = None) -> "RequestOptions":
        """The options of one request."""
        options: RequestOptions = {}
        if idempotency_key:
            options["idempotency_key"] = idempotency_key
        if self._connected:
            options["stripe_account"] = self._connected
        return options

    def is_gone(self, customer: str) -> bool:
        """Whether the customer was deleted: for good, and never where Stripe knows of none."""
        found = self.client.v1.customers.retrieve(customer, options=self.options())
        return bool(getattr(found, "deleted", False))

    @contextmanager
    def asked(self, customer: str | None = None) -> Iterator[None]:
        """Stripe's failures as Undone, and as CustomerGone where the customer was deleted."""
        import stripe

        try:
            with _understood():
                yield
        except Undone as undone:
            cause = undone.__cause__
            if (
                customer
                and isinstance(cause, stripe.InvalidRequestError)
                and cause.code == "resource_missing"
            ):
                with _understood():
                    gone = self.is_gone(customer)
                if gone:
                    raise CustomerGone(customer) from cause
            raise


@contextmanager
def _understood() -> Iterator[None]:
    import stripe

    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise Undone("Stripe refuses the API key", down=True) from error
    except stripe.RateLimitError as error:
        raise Undone("Stripe is asked too often", down=True) from error
    except stripe.APIConnectionError as error:
        raise Undone("Stripe did not answer", doubtful=True, down=True) from error
    except stripe.IdempotencyError as error:
        raise Undone(f"Stripe: {_words(error)}", doubtful=True) from error
    except stripe.StripeError as error:
        status = error.http_status or _SERVER_ERROR
        if status == _CONFLICT:
            raise Undone("Stripe is doing it already", doubtful=True) from error
        if status >= _SERVER_ERROR:
            raise Undone(f"Stripe failed ({status})", doubtful=True, down=True) from error
        raise Undone(f"Stripe: {_words(error)}", refused=True) from error


def _words(error: Exception) -> str:
    return words(getattr(error, "user_message", None) or str(error) or type(error).__name__)
