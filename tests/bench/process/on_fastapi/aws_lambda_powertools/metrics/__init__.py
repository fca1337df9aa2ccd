from enum import StrEnum


class MetricUnit(StrEnum):
    Count = "Count"
    Seconds = "Seconds"
