"""The variables that the service finds wherever its tests run; they lead to nobody's account."""

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "LANDING_URL": "https://product.example.com/welcome",
    "POWERTOOLS_SERVICE_NAME": "referrals",
    "POWERTOOLS_METRICS_NAMESPACE": "Referrals",
}
