"""How DynamoDB is spoken to; knows no referral."""
