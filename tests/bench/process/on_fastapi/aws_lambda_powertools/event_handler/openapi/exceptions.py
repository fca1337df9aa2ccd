from fastapi.exceptions import RequestValidationError, ResponseValidationError

__all__ = ["RequestUnsupportedContentType", "RequestValidationError", "ResponseValidationError"]


class RequestUnsupportedContentType(Exception):
    pass
