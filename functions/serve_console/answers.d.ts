/** What the API answers, as far as the console reads it: docs/openapi.json tells all of it. */

export interface Attribution {
  id: string;
  code: string;
  click_id?: string;
  referrer_user_id: string;
  referred_user_id: string;
  status: string;
  landing_path?: string;
  utm_campaign?: string;
  utm_medium?: string;
  utm_source?: string;
  created_at: string;
  expires_at: string;
  qualified_at?: string;
  rewarded_at?: string;
  first_paid_invoice_id?: string;
  risk_flags: string[];
  review_reason?: string;
  reviewed_at?: string;
  reviewed_by?: string;
  skip_reason?: string;
  error?: string;
}

export interface Reward {
  id: string;
  role: "referrer" | "referred";
  user_id: string;
  credits: number;
  credits_grant_key: string;
  credits_granted_at?: string;
  credits_grant_error?: string;
  created_at: string;
}

export interface RewardStory extends Reward {
  attempts: number;
  next_attempt_at?: string;
  reversed_credits: number;
  shortfall: number;
}

export interface Referral {
  attribution: Attribution;
  rewards: Reward[];
}

export interface ReferralPage {
  items: Referral[];
  next_cursor?: string;
}

export interface Finding {
  rule: string;
  enabled: boolean;
  flagged: boolean;
  holds: boolean;
  referrer?: number;
  referred?: number;
  shared?: number;
  signups?: number;
  limit?: number;
}

export interface Fact {
  customer_id: string;
  kind: string;
  id: string;
  at?: string;
  state: string;
  amount?: number;
  refunded?: number;
  currency?: string;
  billing_reason?: string;
  event_id?: string;
  invoice_id?: string;
  charge_id?: string;
  payment_intent_id?: string;
}

export interface Story {
  attribution: Attribution;
  rewards: RewardStory[];
  paid_amount: number;
  claimed_amount: number;
  held_until?: string;
  click?: { click_id: string; clicked_at: string };
  facts: Fact[];
  findings: Finding[];
  audit: { at: string; by: string; from_status?: string; to_status: string; why: string }[];
  ledger: { key: string; kind: string; credits: number; shortfall: number; at: string; user_id: string }[];
  unmatched_claims: { kind: string; id: string; amount?: number; currency?: string; charge_id?: string }[];
}

export interface Stats {
  clicks: number;
  attributed_signups: number;
  qualified_referrals: number;
  review_required: number;
  rewarded_referrals: number;
  capped_referrals: number;
  rejected_referrals: number;
  signup_rate: number;
  qualification_rate: number;
  reward_rate: number;
}

export interface Step extends Stats {
  start: string;
  end: string;
}

export interface Decided {
  id: string;
  code: number;
  msg: string;
  status?: string;
  reviewed_by?: string;
  reviewed_at?: string;
}

export interface Code {
  code: string;
  user_id: string;
  disabled: boolean;
  decisions: { at: string; by: string; disabled: boolean; why: string }[];
}

export interface AccountPage {
  account: {
    plan: string;
    overage: boolean;
    included_left: number;
    granted_left: number;
    granted_spent: number;
    overage_used: number;
  };
  code?: Code;
  service_used: number;
  ledger: { key: string; kind: string; credits: number; shortfall: number; attribution_id: string; at: string }[];
  next_cursor?: string;
}

export interface Campaigns {
  items: (Stats & { campaign: string })[];
  complete: boolean;
}

export interface Referrers {
  items: (Stats & { code: string; user_id: string; disabled: boolean; expired_referrals: number })[];
  ranked_at?: string;
}

export interface Health {
  schedules: {
    name: string;
    last_done_at?: string;
    figures?: Record<string, unknown>;
    last_failed_at?: string;
    error?: string;
  }[];
  pending_grants: { oldest?: { attribution_id: string; next_attempt_at: string } };
  reconcile?: { finished_at: string; done: boolean; items: number; difference_count: number; differences: string[] };
  stripe: {
    last_event_at?: string;
    kinds: { kind: string; last_seen: string; api_version: string }[];
    signature_failures: { day: string; at_least: number; last_at: string }[];
  };
  settings: Record<string, unknown>;
}
