from fastapi import Path, Query

__all__ = ["Path", "Query"]
