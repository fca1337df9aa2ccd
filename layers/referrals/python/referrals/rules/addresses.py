"""Whose address a request bears, where proxies stand before the service."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def visitor_address(source: str, forwarded_for: str, trusted_proxies: int) -> str:
    """The address that the outermost trusted proxy heard from; `source` where there is none.

    Each proxy writes at the end whom it heard from, and API Gateway does so too: what the trusted
    ones wrote is counted from there, and whatever a visitor sent along stands before it. A chain
    that is too short, or holds no address at that place, says nothing.
    """
    chain = [part.strip() for part in forwarded_for.split(",")]
    if _address(chain[-1]) != _address(source):
        chain.append(source)
    if not trusted_proxies or len(chain) <= trusted_proxies:
        return source
    told = chain[-1 - trusted_proxies]
    return told if _address(told) else source


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
