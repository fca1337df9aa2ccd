"""Every key of the single table. Nothing else in the project spells one."""

from datetime import date, datetime
from zlib import crc32

from referrals.dynamodb.values import Key

# What every request writes is spread, for DynamoDB takes 1,000 write units a second for one
# partition key, and cancels a transaction that meets another on one item: over so many lanes (keys)
# and so many shards (items), which follow from the attribution's id.
LANES = 8
SHARDS = 64
CLICK_SHARDS = 8

BY_STATUS = "by_status"
BY_CAMPAIGN = "by_campaign"
# Local to the clicks of an hour: those of followed links by their time.
BY_VISIT_TIME = "by_visit_time"
PENDING_GRANTS = "pending_grants"
DUE_DELIVERIES = "due_deliveries"

EVERY_CAMPAIGN = "*"


# Of the secret that derives ids, so that no other is used beside it.
FINGERPRINT = Key("FINGERPRINT", "FINGERPRINT")


# How far a reconciliation has come.
RECONCILIATION = Key("RECONCILIATION", "RECONCILIATION")


def shard(attribution_id: str) -> int:
    return crc32(attribution_id.encode()) % SHARDS


def lane(shard: int) -> int:
    return shard % LANES


def in_lane(value: str, lane: int) -> str:
    """A partition of an index whose value is the same for many: one of its lanes."""
    return f"{value}#{lane}"


def pending(lane: int, *, late: bool) -> str:
    """A partition of what recovery looks at: grants that are late, and what else is under way."""
    return str(lane) if late else in_lane("aside", lane)


def code(code: str) -> Key:
    return Key(f"CODE#{code}", "CODE")


def code_decision(code: str, number: int) -> Key:
    """What was decided on a code, in order; before the code itself."""
    return Key(f"CODE#{code}", f"AUDIT#{number:06d}")


REFERRER_PREFIX = "REFERRER#"


def referrer(code: str, lane: int) -> str:
    """A partition of what the referrals by a code count for."""
    return f"{REFERRER_PREFIX}{code}#{lane}"


def referrer_counts(code: str, shard: int) -> Key:
    """The counts of a shard; also where its signups meet the mark of a disabled code."""
    return Key(referrer(code, lane(shard)), f"COUNTS#{shard:02}")


# How far signups have been ranked.
RANKED = Key("RANKS", "RANKED")


def ranks(lane: int) -> str:
    """A partition of codes in the order of their signups."""
    return f"RANKS#{lane}"


def rank(code: str, signups: int) -> Key:
    """Where a code stands with so many signups."""
    return Key(ranks(crc32(code.encode()) % LANES), f"{signups:09}#{code}")


def rank_of(code: str) -> Key:
    """With how many signups a code stands there."""
    return Key(f"RANK#{code}", "RANK")


def user(user_id: str) -> str:
    return f"USER#{user_id}"


def profile(user_id: str) -> Key:
    return Key(user(user_id), "PROFILE")


def credits(user_id: str) -> Key:
    """A partition of its own: whoever may charge a user reaches nothing else that is theirs."""
    return Key(f"ACCOUNT#{user_id}", "CREDITS")


LEDGER_PREFIX = "LEDGER#"


def ledger(user_id: str, grant_key: str) -> Key:
    return Key(user(user_id), f"{LEDGER_PREFIX}{grant_key}")


def use(user_id: str, month: str, lane: int) -> Key:
    """The requests of a user's service keys."""
    return Key(f"ACCOUNT#{user_id}#{lane}", f"USE#{month}")


REWARDS_PREFIX = "REWARDS#"


def monthly_rewards(user_id: str, month: str) -> Key:
    return Key(user(user_id), f"{REWARDS_PREFIX}{month}")


REFERRAL_PREFIX = "REFERRAL#"


def cohort(lane: int) -> str:
    """Every referral by its time, in the base table: what is listed and counted here never lags."""
    return f"COHORT#{lane}"


def cohort_member(created_at: str, attribution_id: str) -> Key:
    place = cohort(lane(shard(attribution_id)))
    return Key(place, f"{REFERRAL_PREFIX}{created_at}#{attribution_id}")


def referral(referrer_user_id: str, created_at: str, attribution_id: str) -> Key:
    """The same of one referrer: their own list."""
    return Key(user(referrer_user_id), f"{REFERRAL_PREFIX}{created_at}#{attribution_id}")


def tombstone(erased: str) -> Key:
    """The mark that an identifier (hashed) was an erased person's."""
    return Key(f"TOMBSTONE#{erased}", "TOMBSTONE")


def api_key(digest: str) -> Key:
    return Key(f"APIKEY#{digest}", "APIKEY")


def api_key_of(user_id: str, key_id: str) -> Key:
    """Where the owner's key is found by its id, to revoke it."""
    return Key(user(user_id), f"APIKEY#{key_id}")


def decisions(user_id: str, key: str) -> Key:
    """A reviewer's bulk decisions, under the key that they gave them."""
    return Key(f"DECISIONS#{user_id}", key)


CLICK_PREFIX = "CLICK#"


def click_hour(hour: datetime, shard: int) -> str:
    return f"{CLICK_PREFIX}{hour:%Y%m%d%H}#{shard}"


def click(hour: datetime, ulid: str) -> Key:
    """A ULID names its own hour and shard, so a minted click id needs no index."""
    return Key(click_hour(hour, click_shard(ulid)), ulid)


def click_visit(hour: str, visitor: str) -> Key:
    """The click of a followed link: one for a visitor in an hour, so that a put may decide."""
    return Key(f"{CLICK_PREFIX}{hour}#{click_shard(visitor)}", f"VISIT#{visitor}")


def click_shard(ulid: str) -> int:
    return ord(ulid[-1]) % CLICK_SHARDS


def click_alias(click_id: str) -> Key:
    """Where the click of an id that the caller chose is found."""
    return Key(f"CLICKID#{click_id}", "CLICKID")


ATTRIBUTION = "ATTRIBUTION"
AUDIT_PREFIX = "AUDIT#"


def attribution(attribution_id: str) -> Key:
    return Key(f"ATTRIBUTION#{attribution_id}", ATTRIBUTION)


def audit(attribution_id: str, version: int, number: int) -> Key:
    """Ordered by the attribution's version: no clock can put the trail out of order."""
    return Key(f"ATTRIBUTION#{attribution_id}", f"{AUDIT_PREFIX}{version:06d}.{number}")


# Who listens: few, and read together.
WEBHOOKS = "WEBHOOKS"
ENDPOINT_PREFIX = "ENDPOINT#"


def webhook_endpoint(endpoint_id: str) -> Key:
    return Key(WEBHOOKS, f"{ENDPOINT_PREFIX}{endpoint_id}")


DELETED_PREFIX = "DELETED#"


def deleted_endpoint(endpoint_id: str) -> Key:
    """That an endpoint was deleted, until what came to it is cleared."""
    return Key(WEBHOOKS, f"{DELETED_PREFIX}{endpoint_id}")


# How far the daily look at deliveries has come, where it had no time for all.
CHECKED = Key(WEBHOOKS, "CHECKED")

DELIVERY_PREFIX = "DELIVERY#"


def delivery(endpoint_id: str, attribution_id: str) -> Key:
    """How far a referral's events have come to an endpoint."""
    return Key(deliveries(endpoint_id, lane(shard(attribution_id))), attribution_id)


def deliveries(endpoint_id: str, lane: int) -> str:
    return in_lane(f"{DELIVERY_PREFIX}{endpoint_id}", lane)


# A thousand a second for three centuries, in as many digits.
LAST_SLOT = 9_999_999_999_999


def feed(endpoint_id: str) -> str:
    """The partition of the order in which an endpoint's events are asked for."""
    return f"FEED#{endpoint_id}"


def slot(endpoint_id: str, number: int) -> Key:
    return Key(feed(endpoint_id), f"{number:013}")


def stripe(reference: str) -> str:
    """The partition of a Stripe customer, or of a charge or payment intent of theirs."""
    return f"STRIPE#{reference}"


LINK = "LINK"


def stripe_link(customer_id: str) -> Key:
    return Key(stripe(customer_id), LINK)


def stripe_fact(reference: str, kind: str, fact_id: str) -> Key:
    return Key(stripe(reference), f"{kind}#{fact_id}")


def payment_owner(payment: str) -> Key:
    """Whose a charge or a payment intent is."""
    return Key(stripe(payment), "CUSTOMER")


# When what the clock starts was last done.
RUNS = "RUNS"


def run(schedule: str) -> Key:
    """The last run of a schedule, and the last that failed."""
    return Key(RUNS, schedule)


# Which kinds of events came: written once a day by each process.
EVENT_KINDS = "STRIPE#EVENTS"
KIND_PREFIX = "KIND#"


def event_kind(kind: str) -> Key:
    return Key(EVENT_KINDS, f"{KIND_PREFIX}{kind}")


# When the last event came: written once a minute by each process.
LAST_EVENT = Key(EVENT_KINDS, "LAST")
BAD_SIGNATURES_PREFIX = "UNSIGNED#"


def bad_signatures(day: date) -> Key:
    """What came of a day without a valid signature."""
    return Key(EVENT_KINDS, f"{BAD_SIGNATURES_PREFIX}{day:%Y-%m-%d}")


def funnel(period: str) -> str:
    """The partition of what was folded of the parts of a period: an item for each campaign."""
    return f"FUNNEL#{period}"


COHORTS_PREFIX = "COHORTS#"


def funnel_cohorts(campaign: str, period: str) -> Key:
    """Counts as they were folded, of the parts of a period; what changed since is in shards."""
    return Key(funnel(period), f"{COHORTS_PREFIX}{campaign}")


COUNTS_PREFIX = "COUNTS#"


def counts(lane: int) -> str:
    """The partition of shards of counts: of all campaigns and days, while they are not folded."""
    return f"{COUNTS_PREFIX}{lane}"


def counts_from(campaign: str, day: date) -> str:
    return f"{COHORTS_PREFIX}{campaign}#{day:%Y-%m-%d}#"


def shard_of_counts(campaign: str, day: date, shard: int) -> Key:
    return Key(counts(lane(shard)), f"{counts_from(campaign, day)}{shard:02}")


# How often the counts of each campaign were folded.
FOLDS = "FUNNEL#FOLDS"


def folds(campaign: str) -> Key:
    """How often a campaign's counts were folded: whoever reads them twice alike missed none."""
    return Key(FOLDS, campaign)


# Which hour's fold was the last.
FOLDED = Key("FUNNEL", "FOLDED")


def clicks_of(period: str) -> str:
    """The partition of the counted clicks of the parts of a period: an item for each campaign."""
    return f"CLICKS#{period}"


# How far clicks are counted.
ROLLED_UP = Key("FUNNEL", "ROLLED_UP")


def click_limit(ip_hash: str, minute: str) -> Key:
    return Key(f"LIMIT#{ip_hash}", minute)


def attribution_id_of(pk: str) -> str:
    """The attribution's id in its partition key, which every index carries."""
    return pk.removeprefix("ATTRIBUTION#")
