class APIGatewayProxyEventV2:
    """Only named here: on FastAPI every request goes through FastAPI."""
