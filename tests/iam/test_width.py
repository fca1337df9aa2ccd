"""No function may do more than it does: whatever no use needs, its role must not allow."""

from collections.abc import Iterator

from tests.iam import guard, roles
from tests.iam.roles import Permission
from tests.iam.uses import USES
from tests.proof.cases import CASES
from tests.proof.sweep import Sweep
from tests.simulation.faults import Fault


def swept() -> None:
    """Every case of the sweep, also with each of its writes' answers lost: it reads what stands."""
    for case in CASES.values():
        sweep = Sweep(case)
        for number, call in enumerate(sweep.baseline.calls, 1):
            if call.writes:
                sweep.run({number: Fault.LOST_RESPONSE})


def unused(used: set[Permission]) -> Iterator[str]:
    """What functions may do and did not. The attributes of a shared policy are used by anyone."""
    anyhow = {one._replace(function="") for one in used}
    for function in roles.policies():
        for one in sorted(roles.permissions(function) - used, key=str):
            shared = one.attribute is not None and one.sid in roles.shared()
            if not (shared and one._replace(function="") in anyhow):
                what = f"{one.keys or one.resource} {one.attribute or ''}"
                yield f"{function}, {one.sid}: {one.action} on {what.strip()}"


def test_every_permission_is_used(programme):
    with guard.noting() as used:
        for use in USES:
            # Each in a process that starts, which looks whose the table's ids are.
            programme.table.seen.clear()
            use(programme)
        swept()
    assert "\n".join(unused(used)) == ""
