from fastapi import Query

__all__ = ["Query"]
