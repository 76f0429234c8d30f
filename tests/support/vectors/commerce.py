"""Vectors of Stripe and Shopify."""

from tests.support.vectors.base import NOON, Vector, based, hexed, request, secret

_STRIPE_BODY = b'{"id":"evt_1Nn","type":"customer.created","data":{"object":{"id":"cus_1"}}}'
_SHOPIFY_BODY = b'{"id":820982911946154508,"email":"ana@example.com"}'

COMMERCE: tuple[Vector, ...] = (
    Vector(
        "STRIPE",
        {"preset": "STRIPE"},
        "https://docs.stripe.com/webhooks/signature#verify-manually",
        False,
        request(
            _STRIPE_BODY,
            {
                "Stripe-Signature": f"t={NOON},"
                # v0 is of Stripe's test mode; one v1 for each secret while it is rolled.
                f"v0={'ab' * 32},v1={'00' * 32},"
                "v1=" + hexed(b"whsec_stripe", b"%d." % NOON + _STRIPE_BODY),
            },
            NOON * 1_000,
        ),
        secret("whsec_stripe"),
        secret("whsec_other"),
        tolerance=300,
        event_id="evt_1Nn",
        event_type="customer.created",
        document={"id": "evt_1Nn", "type": "customer.created"},
    ),
    Vector(
        "SHOPIFY",
        {"preset": "SHOPIFY"},
        "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
        False,
        request(
            _SHOPIFY_BODY,
            {
                "X-Shopify-Hmac-SHA256": based(b"shpss_1", _SHOPIFY_BODY),
                "X-Shopify-Topic": "orders/create",
                "X-Shopify-Event-Id": "98880550",
            },
            NOON * 1_000,
        ),
        secret("shpss_1"),
        secret("shpss_2"),
        event_id="98880550",
        event_type="orders/create",
    ),
)
