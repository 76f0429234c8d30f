"""Sizes and capacity units of DynamoDB, calculated as its documentation says.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Mapping
from typing import Any


def attribute_size(value: Mapping[str, Any]) -> int:
    """Returns the bytes of one attribute value in DynamoDB's typed form."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(str(content).encode())
        case "B":
            return len(content)
        case "N":
            digits = str(content).lstrip("-").replace(".", "").strip("0") or "0"
            return (len(digits) + 1) // 2 + 1 + str(content).startswith("-")
        case "BOOL" | "NULL":
            return 1
        case "SS" | "NS" | "BS":
            return sum(attribute_size({kind[0]: element}) for element in content)
        case "L":
            return 3 + sum(1 + attribute_size(element) for element in content)
        case "M":
            return 3 + sum(
                1 + len(name.encode()) + attribute_size(element)
                for name, element in content.items()
            )
    raise ValueError(f"unknown attribute type {kind}")


def item_size(item: Mapping[str, Any]) -> int:
    """Returns the bytes of a whole item in DynamoDB's typed form."""
    return sum(len(name.encode()) + attribute_size(value) for name, value in item.items())


def write_units(size: int) -> int:
    return max(1, -(-size // 1_024))


def read_units(size: int, *, consistent: bool) -> float:
    units = max(1, -(-size // 4_096))
    return units if consistent else units / 2
