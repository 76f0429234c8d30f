"""The HTML of the demo's e-mails: one layout, with the content of each."""

_STYLE = """
  body { margin: 0; padding: 0; background-color: #f3f4f6; }
  .page { padding: 24px 12px; background-color: #f3f4f6; }
  .card { width: 100%; max-width: 600px; margin: 0 auto; border-collapse: collapse;
    background-color: #ffffff; }
  .head { padding: 20px 28px; background-color: #14532d; color: #ffffff;
    font: bold 17px/1.3 Helvetica, Arial, sans-serif; }
  .text { padding: 28px; color: #1f2937; font: 16px/1.6 Helvetica, Arial, sans-serif; }
  h1 { margin: 0 0 12px; font-size: 24px; line-height: 1.25; }
  p { margin: 0 0 16px; }
  .facts { width: 100%; margin: 0 0 20px; border-collapse: collapse; }
  .facts th { padding: 8px 0; border-bottom: 1px solid #e5e7eb; font-weight: normal;
    text-align: left; color: #4b5563; }
  .facts td { padding: 8px 0; border-bottom: 1px solid #e5e7eb; text-align: right; }
  .button { display: inline-block; padding: 12px 22px; border-radius: 6px;
    background-color: #14532d; color: #ffffff; font-weight: bold; text-decoration: none; }
  .foot { padding: 18px 28px; color: #4b5563; font: 13px/1.5 Helvetica, Arial, sans-serif; }
  .foot a { color: inherit; }
  @media (max-width: 480px) {
    .page { padding: 0 !important; }
    .head, .foot { padding-left: 20px !important; padding-right: 20px !important; }
    .text { padding: 22px 20px !important; }
    .button { display: block !important; text-align: center !important; }
  }
  @media (prefers-color-scheme: dark) {
    body, .page { background-color: #111827 !important; }
    .card { background-color: #1f2937 !important; }
    .text { color: #f3f4f6 !important; }
    .facts th, .foot { color: #d1d5db !important; }
    .facts th, .facts td { border-color: #374151 !important; }
    .button { background-color: #86efac !important; color: #052e16 !important; }
  }
"""


# What every marketing message offers.
_WAY_OUT = '<a href="{{unsubscribeUrl}}">Unsubscribe</a>'


def _mail(title: str, content: str, reason: str) -> str:
    """Returns a whole document. `reason` says why the person gets this message."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<div class="page">
<table class="card" role="presentation">
<tr><td class="head">{{{{workspace.name}}}}</td></tr>
<tr><td class="text">
<h1>{title}</h1>
{content}
</td></tr>
<tr><td class="foot">{reason}</td></tr>
</table>
</div>
</body>
</html>
"""


ORDER_RECEIPT = _mail(
    "Thank you for your order",
    """<p>Hello {{contact.firstName}},</p>
<p>we received your order and will write again when it is on its way.</p>
<table class="facts">
<tr><th scope="row">Order</th><td>{{trigger.orderId}}</td></tr>
<tr><th scope="row">Total</th><td>{{trigger.total}} EUR</td></tr>
</table>
<p>Your loyalty score is {{steps.score.score}}.</p>
<p><a class="button" href="https://shop.example/orders/{{trigger.orderId | url_encode}}">See your
order</a></p>""",
    "You get this message because you ordered something.",
)

WELCOME = _mail(
    "Welcome, {{contact.firstName}}",
    """<p>Good to have you on the {{trigger.plan}} plan.</p>
<p>Your projects, your team and your bills are all in one place:</p>
<p><a class="button" href="https://app.example/start">Open your workspace</a></p>
<p>If anything is unclear, answer this message. A person reads it.</p>""",
    "You get this message because you signed up.",
)

FIRST_DAY_TIPS = _mail(
    "Three things to try first",
    """<p>Hello {{contact.firstName}},</p>
<ol>
<li><a href="https://app.example/projects/new">Open a project</a></li>
<li><a href="https://app.example/team">Invite a colleague</a></li>
<li><a href="mailto:help@app.example">Ask us</a></li>
</ol>""",
    "You get this message because you signed up yesterday.",
)

BIRTHDAY = _mail(
    "Happy birthday, {{contact.firstName}}",
    """<p>Dear {{contact.firstName}},</p>
<p>many happy returns! Today the coffee is on us.</p>
<p><a class="button" href="https://shop.example/birthday">Get your coffee</a></p>""",
    f"You get this message because you told us your birthday. {_WAY_OUT}",
)

UPGRADE_OFFER = _mail(
    "A month of pro",
    """<p>Hello {{contact.firstName}},</p>
<p>you know the {{trigger.trigger.plan}} plan by now. The pro plan is yours to try for a month. It
ends by itself.</p>
<p><a class="button" href="https://app.example/upgrade">Try pro</a></p>""",
    f"You get this message because you use our free plan. {_WAY_OUT}",
)
