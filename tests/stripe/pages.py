"""What a browser gets of the double: the script with its fields, the hosted page, and the bank's page."""

from html import escape
from pathlib import Path
from typing import Any

STYLE = """
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1a1f36; }
main { max-width: 26rem; margin: 3rem auto; padding: 0 1rem; display: grid; gap: 1rem; }
h1 { font-size: 1.4rem; margin: 0; } label { display: grid; gap: .3rem; font-size: .9rem; }
input { font: inherit; padding: .7rem; border: 1px solid #c9ccd8; border-radius: 4px; }
button { font: inherit; padding: .8rem; border: 0; border-radius: 4px; background: #635bff; color: #fff; }
button.quiet { background: #eef0f6; color: inherit; } .error { color: #b3093c; margin: 0; }
"""
HERE = Path(__file__).parent
SCRIPT, FIELDS = (HERE / "script.js").read_text(), (HERE / "fields.html").read_text()


def hosted(session: dict[str, Any], error: str = "") -> str:
    """The page that Checkout shows."""
    units = session["amount_total"] / (1 if session["currency"] == "jpy" else 100)
    total = f"{session['currency'].upper()} {units:.2f}"
    told = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return page(
        f"Pay {escape(session['_name'])}",
        f"""<h1>{escape(session["_name"])} · {total}</h1>
        <p>{escape(session["customer_email"] or "")}</p>{told}
        <form method="post" style="display:grid;gap:1rem">
        <label>Card number <input name="number" required></label>
        <button>Pay</button></form><a href="{escape(session["cancel_url"] or "")}">Back to the shop</a>""",
    )


def bank(intent: dict[str, Any]) -> str:
    """The page of 3-D Secure."""
    return page(
        "3-D Secure",
        f"""<h1>3-D Secure</h1><p>Your bank asks whether you pay {intent["currency"].upper()}
        {intent["amount"] / 100:.2f}.</p><form method="post" style="display:grid;gap:1rem">
        <button name="said" value="yes">Complete</button>
        <button class="quiet" name="said" value="no">Fail</button></form>""",
    )


def page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><main>{body}</main></html>"
    )
