"""E-mail in HTML: its checks, its CSS, and how its plain text or HTML is made if the template has
only one of them."""
