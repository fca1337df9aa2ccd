"""The single DynamoDB table: one module per aggregate, one per business act."""
