"""Where events may be sent: by https, to a public address, and nowhere within a network.

The address of a name may change after its URL was checked, so that whoever connects asks
`is_public` of the very address that is connected to.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from referrals.rules.errors import InvalidRequest

Address = IPv4Address | IPv6Address

LONGEST_URL = 2048
HERE = "http://127.0.0.1:"
# RFC 6052 and RFC 8215: the last 32 bits are an IPv4 address that a gateway goes on to.
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
# RFC 4291: IPv4-compatible, out of use and still understood by some.
_COMPATIBLE = IPv6Network("::/96")
# RFC 6666 and RFC 9602 among others: what lies outside is assigned to nobody who serves.
_UNICAST = IPv6Network("2000::/3")


def checked(url: str, *, here: bool = False) -> str:
    """The URL. InvalidRequest unless it is https, to a public host, and without credentials.

    `here`, on the local stack, a receiver on this machine will do, by http.
    """
    problem = None if here and url.startswith(HERE) else _problem(url)
    if problem:
        raise InvalidRequest.field("url", problem)
    return url


def _problem(url: str) -> str | None:
    printable = url.isascii() and url.isprintable() and not {" ", "\\"} & set(url)
    if not printable or len(url) > LONGEST_URL:
        return f"must be printable ASCII without blanks, of {LONGEST_URL} characters at most"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "not a URL"
    problems = (
        (parts.scheme != "https", "must be https"),
        (not host or port == 0, "names no host"),
        ("@" in parts.netloc, "must carry no credentials"),
        ("#" in url, "must have no fragment"),
    )
    return next((problem for wrong, problem in problems if wrong), None) or _problem_of_host(host)


def _problem_of_host(host: str) -> str | None:
    try:
        address: Address | None = ip_address(host)
    except ValueError:
        address = None
    if address is not None:
        return None if is_public(address) else "must be a public address"
    # 2130706433, 0x7f.1 and 127.1 are 127.0.0.1 to resolvers, and no name ends in a number.
    last = host.rstrip(".").rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        return "must be a name or a whole address"
    if "." not in host.rstrip("."):
        return "must be a whole name"
    return None


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, and so is the IPv4 address within, if any."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    inner = _within(address)
    if inner is not None:
        return is_public(inner)
    return address in _UNICAST and address.is_global and not address.is_multicast


def _within(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in (*_NAT64, _COMPATIBLE)):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
