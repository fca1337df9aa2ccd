"""The resolver's names on a FastAPI application that Mangum calls."""

from types import SimpleNamespace
from typing import Generic, TypeVar, get_origin

from fastapi import FastAPI
from fastapi.responses import Response as FastAPIResponse
from mangum import Mangum

T = TypeVar("T")


class Response(Generic[T]):
    def __init__(self, *, status_code, body, content_type=None, headers=None, cookies=()):
        self.status_code, self.content_type = status_code, content_type
        self.body, self.headers, self.cookies = body, headers, cookies


class APIGatewayHttpResolver:
    def __init__(self, *, serializer, **_):
        self._serializer = serializer
        self._app = FastAPI(openapi_url=None)
        self._serve = Mangum(self._app, lifespan="off")
        self.context, self.current_event = {}, None

    def get(self, path, **_):
        return self.route(path, method=["GET"])

    def post(self, path):
        return self.route(path, method=["POST"])

    def delete(self, path):
        return self.route(path, method=["DELETE"])

    def route(self, path, *, method):
        def register(endpoint):
            answered = get_origin(endpoint.__annotations__["return"])
            # FastAPI makes a model of what is answered, which a response is not.
            model = {"response_model": None} if answered is Response else {}
            options = {"methods": method, "response_model_exclude_none": True, **model}
            return self._app.api_route(_braced(path), **options)(endpoint)

        return register

    def exception_handler(self, errors):
        def register(answer):
            async def handle(_, error):
                made = answer(error)
                content = self._serializer(made.body)
                return FastAPIResponse(content, made.status_code, made.headers, made.content_type)

            for error in errors if isinstance(errors, list) else [errors]:
                self._app.add_exception_handler(error, handle)

        return register

    def not_found(self, answer):
        self.exception_handler(404)(answer)

    def append_context(self, **context):
        self.context.update(context)

    def clear_context(self):
        self.context.clear()

    def resolve(self, event, context):
        self.current_event = SimpleNamespace(raw_event=event)
        return self._serve(event, context)


def _braced(path):
    return path.replace("<", "{").replace(">", "}")
