from starlette.exceptions import HTTPException as NotFoundError

__all__ = ["NotFoundError"]
