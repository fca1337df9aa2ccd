from typing import Any as LambdaContext

__all__ = ["LambdaContext"]
