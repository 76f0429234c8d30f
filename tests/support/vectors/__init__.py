"""One authentic request for each way in which a preset signs: published by the sender where it
publishes one, otherwise made from its documented rule with tools of the standard library."""

from tests.support.vectors.base import Vector
from tests.support.vectors.code import CODE
from tests.support.vectors.commerce import COMMERCE
from tests.support.vectors.custom import CUSTOM
from tests.support.vectors.mail import MAIL
from tests.support.vectors.messaging import MESSAGING
from tests.support.vectors.own import OWN
from tests.support.vectors.people import PEOPLE
from tests.support.vectors.standards import SNS

VECTORS: tuple[Vector, ...] = (
    *OWN,
    *CODE,
    *COMMERCE,
    *MESSAGING,
    *MAIL,
    *PEOPLE,
    *SNS,
    *CUSTOM,
)
