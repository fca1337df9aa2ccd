"""The least that reads from DynamoDB: what every function is measured against."""

import os

import boto3

client = boto3.client("dynamodb")


def handler(event, context):
    key = {"pk": {"S": "CODE#A1B2C3D4E5F6"}, "sk": {"S": "CODE"}}
    client.get_item(TableName=os.environ["TABLE_NAME"], Key=key, ConsistentRead=True)
    return {"statusCode": 200, "body": "{}"}
