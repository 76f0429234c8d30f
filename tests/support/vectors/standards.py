"""Vectors of Amazon SNS."""

import json
from datetime import datetime

from tests.support.vectors.base import (
    FILES,
    AnotherCertificate,
    FixedCertificate,
    Vector,
    certificates,
    request,
)


def _sns(index: int) -> Vector:
    """Returns the vector of a message that Amazon sent in 2022, with that year's certificate."""
    message = json.loads((FILES / "messages.json").read_text())[index]
    sent = datetime.fromisoformat(message["Timestamp"])
    return Vector(
        f"SNS, version {message['SignatureVersion']}",
        {"preset": "SNS", "topicArn": message["TopicArn"]},
        "https://github.com/aws/aws-php-sns-message-validator/blob/master/tests/"
        "FunctionalValidationsTest.php",
        True,
        request(
            json.dumps(message).encode(),
            {"Content-Type": "text/plain; charset=UTF-8"},
            round(sent.timestamp() * 1_000),
        ),
        certificates(FixedCertificate((FILES / "certificate.pem").read_bytes())),
        certificates(AnotherCertificate()),
        event_id=message["MessageId"],
        changed=json.dumps({**message, "Message": "Hello"}).encode(),
    )


SNS: tuple[Vector, ...] = (_sns(0), _sns(1))
