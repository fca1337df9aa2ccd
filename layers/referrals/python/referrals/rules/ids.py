"""The forms of every identifier: codes, click ids, attribution and reward ids, keyed hashes."""

import hashlib
import hmac
import ipaddress
import re

CODE_LENGTH = 12
# Crockford's alphabet without I, L, O and U: a code survives being read aloud.
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_FORM = re.compile(r"[A-Z0-9]{12}", re.ASCII)
CLICK_ID_FORM = re.compile(r"[A-Za-z0-9_-]{6,64}", re.ASCII)
# What may stand in a path as it is (RFC 3986), and the | of identity providers: who signs up can
# be asked for on every route. A letter or digit at least, for `.` and `..` are places in a path.
_OF_USER_ID = "[A-Za-z0-9._~:@|!$&'()*+,;=-]*"
USER_ID_FORM = re.compile(f"{_OF_USER_ID}[A-Za-z0-9]{_OF_USER_ID}")
LONGEST_USER_ID = 128
# A first character of 7 would be a time after the year 9773, which no datetime need hold.
MINTED_CLICK_ID_FORM = re.compile(r"refclk_[0-6][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
MINTED_PREFIX = "refclk_"
# The click of a followed link: its hour, and what tells its visitor from others in that hour.
VISIT_CLICK_ID_FORM = re.compile(r"refclk_([0-9]{10})_([0-9a-f]{24})", re.ASCII)
TOMBSTONE_FORM = re.compile(r"erased_[0-9a-f]{24}", re.ASCII)


def normalized_code(text: str) -> str | None:
    """The code as stored (upper case), or None where the text cannot be a code."""
    code = text.strip().upper()
    return code if CODE_FORM.fullmatch(code) else None


def code_from(entropy: bytes) -> str:
    """A 12-character code from at least 12 random bytes (5 bits of each are used)."""
    return "".join(CODE_ALPHABET[byte & 31] for byte in entropy[:CODE_LENGTH])


def is_click_id(text: str) -> bool:
    """Whether the text is a well-formed click id, minted here or elsewhere."""
    return CLICK_ID_FORM.fullmatch(text) is not None


def is_user_id(text: str) -> bool:
    """Whether the text can be a user's id, whoever names it."""
    return len(text) <= LONGEST_USER_ID and USER_ID_FORM.fullmatch(text) is not None


def minted_ulid(click_id: str) -> str | None:
    """The ULID in a click id that this service may have minted, else None."""
    if MINTED_CLICK_ID_FORM.fullmatch(click_id):
        return click_id.removeprefix(MINTED_PREFIX)
    return None


def fingerprint(secret: bytes) -> str:
    """By which the secret is known again, and nothing of it can be learnt."""
    return keyed_hash(secret, "fingerprint", "")


def visit_click_id(secret: bytes, hour: str, code: str, address: str, agent: str) -> str:
    """The click id of one visitor, link and hour (`yyyymmddHH`): the same for every request."""
    visitor = keyed_hash(secret, "visit", f"{hour}\0{code}\0{address}\0{agent}")
    return f"{MINTED_PREFIX}{hour}_{visitor[:24]}"


def visit_of(click_id: str) -> tuple[str, str] | None:
    """The hour and the visitor in the click id of a followed link, else None."""
    found = VISIT_CLICK_ID_FORM.fullmatch(click_id)
    return (found[1], found[2]) if found else None


def keyed_hash(secret: bytes, purpose: str, value: str) -> str:
    """HMAC-SHA-256 of the value, 32 hex digits; the purpose keeps kinds of hashes apart."""
    return hmac.new(secret, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()[:32]


TOMBSTONE_PREFIX = "erased_"


def attribution_id(secret: bytes, referred_user_id: str) -> str:
    """One referred user has one attribution by construction: the id follows from the user.

    It follows from the user's tombstone too, so that refunds still find it after an erasure.
    """
    return "attr_" + tombstone(secret, referred_user_id).removeprefix(TOMBSTONE_PREFIX)


def tombstone(secret: bytes, user_id: str) -> str:
    """What stands for a user after erasure: a keyed hash that only the same user id leads to."""
    if TOMBSTONE_FORM.fullmatch(user_id):
        return user_id
    return TOMBSTONE_PREFIX + keyed_hash(secret, "attribution", user_id)[:24]


def tombstone_of(attribution_id: str) -> str:
    """What stands, or would stand, for the referred user of an attribution after erasure."""
    return attribution_id.replace("attr_", TOMBSTONE_PREFIX, 1)


def reward_id(attribution_id: str, role: str) -> str:
    """The reward's id, which is its credits grant key too."""
    return f"{attribution_id.replace('attr_', 'reward_', 1)}_{role}"


def ip_hash(secret: bytes, address: str) -> str | None:
    """The keyed hash of an address, IPv6 by its /64 (one household); None for no address."""
    try:
        ip = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return keyed_hash(secret, "ip", str(ip.ipv4_mapped))
        ip = ipaddress.ip_network((int(ip) >> 64 << 64, 64)).network_address
    return keyed_hash(secret, "ip", str(ip))


def email_hash(secret: bytes, email: str) -> str:
    """The keyed hash of a normalized e-mail address."""
    return keyed_hash(secret, "email", normalized_email(email))


# Providers that ignore dots in the local part; every provider here ignores a +tag.
_DOTLESS = frozenset({"gmail.com", "googlemail.com"})


def normalized_email(email: str) -> str:
    """Lower case, without a +tag; without dots where the provider ignores them."""
    local, _, domain = email.strip().lower().rpartition("@")
    local = local.split("+", 1)[0]
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"
