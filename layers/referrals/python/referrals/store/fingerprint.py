"""Which hashing secret the table's ids were derived with: under another, people would be others."""

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.store import keys


def fits(table: Table, fingerprint: str) -> bool:
    """Whether the secret of this fingerprint is the table's; so is any where none was used yet.

    Read once per process: neither the secret nor what stands in the table ever changes.
    """
    if keys.FINGERPRINT.pk in table.seen:
        return True
    found = table.get(keys.FINGERPRINT)
    if found is None:
        return True
    if found["fingerprint"] != fingerprint:
        return False
    table.seen.add(keys.FINGERPRINT.pk)
    return True


def leave(table: Table, fingerprint: str) -> bool:
    """The same for whoever derives an id that stays: the first of them leaves the fingerprint."""
    if not fits(table, fingerprint):
        return False
    if keys.FINGERPRINT.pk not in table.seen:
        item = {"pk": keys.FINGERPRINT.pk, "sk": keys.FINGERPRINT.sk, "fingerprint": fingerprint}
        try:
            table.write(table.put("fingerprint", item, unless="attribute_not_exists(pk)"))
        except Refused:
            return fits(table, fingerprint)
        table.seen.add(keys.FINGERPRINT.pk)
    return True
