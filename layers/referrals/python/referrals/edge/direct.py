"""The busiest endpoint's way past the resolver, which takes longer to find and check than it does.

The route stays registered: the API's document, and whatever else may come, are the resolver's.
"""

import json
from collections.abc import Callable
from typing import TypeVar

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ValidationError

from referrals.edge.http import Answer, Event, Resolve, good, invalid

M = TypeVar("M", bound=BaseModel)


def directly(
    app: APIGatewayHttpResolver, route: str, model: type[M], act: Callable[[M], BaseModel]
) -> Resolve:
    """Answers a body to the one route as the app would; the rest is left to the app.

    What it raises is `serve`'s to answer, as what the guard raises is.
    """

    def resolve(event: Event, context: LambdaContext) -> Answer:
        http = event["requestContext"]["http"]
        if f"{http['method']} {event['rawPath']}" != route:
            return app.resolve(event, context)
        app.current_event = APIGatewayProxyEventV2(event)
        try:
            asked = model.model_validate(json.loads(event["body"]))
        except ValidationError as error:
            raise invalid(error.errors()) from error
        return good(act(asked))

    return resolve
