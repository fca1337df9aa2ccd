"""What must be true in the end, read from the base items alone."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from referrals.dynamodb.table import Table
from referrals.rules.attribution import TRANSITIONS, Status
from referrals.rules.credits import Account
from referrals.rules.ids import attribution_id
from referrals.rules.programme import Programme
from referrals.rules.times import CLOCK_SKEW, parse_timestamp
from referrals.store.metering import account_from
from tests.invariants import violations
from tests.simulation.acts import Act, Answers, Review
from tests.simulation.plan import MONTHS_END, History, Member
from tests.simulation.stripe_books import Invoice, deciding
from tests.simulation.world import SECRET
from tests.tables import everything

Item = dict[str, Any]
_REWARD = Programme().referred_credits
_ABOUT_PAYMENTS = {
    *("refunded", "disputed", "partially_refunded", "partially_disputed", "early_fraud_warning")
}
INVARIANTS = (
    "sum of the ledger = balance + spent",
    "at most two grants per attribution",
    "at most cap grants per referrer and month",
    "granted = credits_granted_at = ledger entry",
    "funnel = recount",
    "one attribution per user",
    "the audit trail is a path of transitions that ends in the status",
    "nobody forgotten",
    "nobody rewarded who should not be",
    "claims reversed, or flagged where that is asked for",
    "what needs a review is not granted without one",
    "an erased member ends where the others do, and is not named; nor is an erased referrer",
    "metering charges = 2xx answers, plus at most those in doubt",
    "no limit exceeded",
    "a signup that was answered exists, and a click once under its id",
    "whom nothing befalls is not answered with an error",
    "reconcile finds no difference",
    "stats and /me show what stood at a moment of the call",
    "a list shows nothing that never was, and everything once all is quiet",
    "rankings count as stats do, and a code is ranked with what it brought",
    "whoever listens has every step signed and in order, and by a replay each of them once",
)


@dataclass(frozen=True)
class Oracle:
    """Judges a table by what its history came to."""

    history: History
    answers: Answers
    table: Table

    def verdict(self) -> list[str]:
        """Every broken promise in a sentence."""
        programme = Programme(monthly_cap=self.history.cap)
        items = everything(self.table)
        attributions = {item["id"]: item for item in items if item["sk"] == "ATTRIBUTION"}
        accounts = {item["pk"]: account_from(item) for item in items if item["sk"] == "CREDITS"}
        return [
            *violations(self.table, programme),
            *_paths(items),
            *self._clicks(items),
            *self._promises(attributions),
            *self._members(items, attributions),
            *self._metering(accounts.get("ACCOUNT#metered", Account())),
        ]

    def _promises(self, attributions: dict[str, Item]) -> Iterator[str]:
        for user, code in self.answers.signed_up.items():
            one = attributions.get(_id(user))
            if one is None:
                yield f"{user}: the signup was answered, but is not there"
            elif one["code"] != code:
                yield f"{user}: answered {code}, stored {one['code']}"

        for member in self.history.members:
            # Whose referrer is erased before they come is nobody's referral.
            erased = member.user in self.answers.erased or self.history.leavers
            if member.told_by_stripe and not erased and _id(member.user) not in attributions:
                yield f"{member.user}: Stripe told of the click, but nobody is attributed"

    def _clicks(self, items: list[Item]) -> Iterator[str]:
        stored = [
            (item["click_id"], item["code"]) for item in items if item["pk"].startswith("CLICK#")
        ]
        times = Counter(click_id for click_id, _ in stored)
        yield from (f"{one}: stored {number} times" for one, number in times.items() if number > 1)
        for click_id, code in self.answers.clicked.items():
            if (click_id, code) not in stored:
                yield f"{click_id}: answered as a click of {code}, but is not there"

    def _members(self, items: list[Item], attributions: dict[str, Item]) -> Iterator[str]:
        linked = {item["pk"]: item["user_ids"] for item in items if item["sk"] == "LINK"}
        for planned in self.history.members:
            one = attributions.get(_id(planned.user))
            if one is None:
                continue
            if planned.user in self.answers.erased and planned.user == one["referred_user_id"]:
                yield f"{planned.user}: erased, but still named"
            if one["referrer_user_id"] in self.answers.erased:
                yield f"{planned.user}: referred by {one['referrer_user_id']}, who is erased"
            known = linked.get(f"STRIPE#{planned.customer}", set())
            # One who was erased before the product told of their customer stays without.
            cut = planned.user in self.answers.erased and one["referred_user_id"] not in known
            member = replace(planned, linked=planned.linked and not cut)
            rivals = sum(
                other["referrer_user_id"] == one["referrer_user_id"]
                for other in attributions.values()
            )
            until = parse_timestamp(one["expires_at"]) + CLOCK_SKEW
            paid = deciding(member.invoices, until.timestamp()) if member.linked else None
            expected = self._expected(member, paid, rivals) if paid else {"attributed", "expired"}
            if one["status"] not in expected:
                yield f"{member}: {one['status']} instead of {expected}"
            elif paid:
                yield from self._rewards(member, paid, one)
                yield from self._told(member, paid, one)

    def _expected(self, member: Member, paid: Invoice, rivals: int) -> set[str]:
        """Where the facts, all told, leave a member: whatever came first."""
        rewarded = {"rewarded", "capped"} if rivals > self.history.cap else {"rewarded"}
        answered = self.answers.reviewed[member.user]
        if "reject" in answered:
            return {"rejected"}
        if paid.claimed >= paid.amount:
            return {"rejected"} if self.history.reverses else {"rejected", *rewarded}
        # A review whose answer was lost may have been done or not.
        tried = self._tried(member)
        flagged = self._flagged(member)
        doubted = flagged or member.shares_customer
        waited = (doubted or paid.warned) and "approve" not in answered
        ends = {"review_required"} if waited else set()
        if not flagged or "approve" in tried:
            ends |= rewarded
        # It may have waited, or have been rejected by a claim, when the reviewer said no.
        others = [invoice for invoice in member.invoices if invoice.qualifies]
        was_rejected = any(other.ever_claimed >= other.amount for other in others)
        if "reject" in tried and (waited or was_rejected or any(one.ever_warned for one in others)):
            ends |= {"rejected"}
        return ends

    def _flagged(self, member: Member) -> bool:
        """Whether a rule must hold them back. Of an erased referrer nobody knows the customer."""
        shared = member.shared_from_the_start and "metered" not in self.history.leavers
        return member.disposable or shared

    def _tried(self, member: Member) -> set[str]:
        return {act.verdict for act in self.history.acts if _reviews(act, member)}

    def _rewards(self, member: Member, paid: Invoice, one: Item) -> Iterator[str]:
        rewards = one.get("rewards", {})
        granted = {role for role, reward in rewards.items() if "credits_granted_at" in reward}
        wanted = {"rewarded": {"referrer", "referred"}, "capped": {"referred"}}
        if granted != wanted.get(one["status"], granted):
            yield f"{member}: {one['status']}, but granted to {granted or 'nobody'}"
        flagged = self._flagged(member)
        if granted and flagged and "reviewed_at" not in one:
            yield f"{member}: granted without the review that it needs"
        if not self.history.reverses and granted and one["status"] == "rejected":
            yield f"{member}: rejected though granted to {granted}"
        for role in granted:
            reward = rewards[role]
            taken = reward.get("reversed_credits", 0) + reward.get("shortfall", 0)
            # A person's no outlasts the claim that had rejected it first.
            no = one["status"] == "rejected"
            target = most = _REWARD if no else _share(paid.claimed, paid)
            if not self.history.reverses:
                # Where claims are only flagged: it is whole but for what came before the grant.
                target, most = 0, _share(min(paid.ever_claimed, paid.amount - 1), paid)
            if not target <= taken <= most:
                yield f"{member}: {taken} of {role}'s credits taken back, claims say {most}"

    def _told(self, member: Member, paid: Invoice, one: Item) -> Iterator[str]:
        """What staff are told of the payment, where nobody has decided otherwise."""
        if one["status"] == "rejected" and "reject" in self._tried(member):
            return
        if one["first_paid_invoice_id"] != paid.id:
            yield f"{member}: decided by {one['first_paid_invoice_id']}, not {paid.id}"
        reason = "disputed" if paid.disputed else "refunded"
        if one["status"] == "rejected" and one.get("skip_reason") != reason:
            yield f"{member}: rejected as {one.get('skip_reason')}, which is {reason}"
        expected = {"early_fraud_warning"} if paid.warned else set()
        if paid.claimed >= paid.amount:
            expected |= {reason}
        else:
            expected |= {"partially_refunded"} if paid.refunded else set()
            expected |= {"partially_disputed"} if paid.disputed else set()
        flags = _ABOUT_PAYMENTS & set(one.get("risk_flags", ()))
        if flags != expected:
            yield f"{member}: flagged with {flags}, told of {expected}"

    def _metering(self, account: Account) -> Iterator[str]:
        plan, answers = self.history.plan, self.answers
        used = account.month_used
        if min(account.minute_used, account.day_used, account.included_used) < 0:
            yield f"metered: counted below nothing: {account}"
        if account.minute_used > plan.per_minute or account.included_used > plan.included:
            yield f"metered: over the limits: {account}"
        if account.overage_used and not plan.allows_overage(enabled=account.overage_enabled):
            yield f"metered: {account.overage_used} over the limit of a plan without overage"
        # What an erased user used is forgotten.
        kept = self.history.start != MONTHS_END and "metered" not in self.history.leavers
        if kept and not answers.served <= used <= answers.served + answers.in_doubt:
            yield (f"metered: {used} charged, {answers.served} served, {answers.in_doubt} in doubt")


def _paths(items: list[Item]) -> Iterator[str]:
    for item in items:
        if item["sk"].startswith("AUDIT#"):
            before, after = Status(item["from_status"]), Status(item["to_status"])
            if after not in TRANSITIONS[before]:
                yield f"{item['pk']}: went from {before} to {after}"


def _share(claimed: int, paid: Invoice) -> int:
    """Of a reward, what a claim takes back: rounded up."""
    return min(_REWARD, -(-_REWARD * claimed // paid.amount))


def _reviews(act: Act, member: Member) -> TypeGuard[Review]:
    return isinstance(act, Review) and act.user == member.user


def _id(user: str) -> str:
    return attribution_id(SECRET.encode(), user)
