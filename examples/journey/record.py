#!/usr/bin/env python3
"""Records how a browser walks through the shop, as a HAR.

    pip install playwright
    cargo run -p leadsman-example-shop &
    python3 record.py http://127.0.0.1:8080 shop.har
"""

import argparse
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PASSWORD = "correct horse"  # the shop's default, which protects nothing


class Statistics(BaseHTTPRequestHandler):
    """What half of all pages load from elsewhere, and what a journey should leave out."""

    def do_GET(self):
        body = b"/* counts visitors */\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


def walk(page: Page, shop: str, elsewhere: str, screenshot: Path | None) -> None:
    page.goto(shop)
    page.add_script_tag(url=f"{elsewhere}/statistics.js?page=shop")
    page.fill("input[name=user]", "synthetic")
    page.fill("input[name=password]", PASSWORD)
    page.click("#sign-in button")
    page.check("input[value=log-glass]")
    page.fill("input[name=reference]", "recorded in a browser")
    page.click("#order button")
    page.wait_for_selector("[data-step=receipt][data-state=done]")
    if screenshot:
        page.screenshot(path=screenshot)
    page.click("#cancel")
    page.wait_for_selector("[data-step=delete][data-state=done]")
    page.click("#sign-out")
    page.wait_for_selector("#sign-in", state="visible")


def record(arguments: argparse.Namespace, elsewhere: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=arguments.browser, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": 1280, "height": 800},
            # The page lets nothing in from elsewhere; for the recording it has to.
            bypass_csp=True,
            record_har_path=arguments.har,
            record_har_content="embed",
        )
        page = context.new_page()
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        walk(page, arguments.shop, elsewhere, arguments.screenshot)
        context.close()  # writes the file
        browser.close()
    if complaints:
        raise SystemExit("the page complains:\n" + "\n".join(complaints))


def main() -> None:
    parser = argparse.ArgumentParser(description="Records how a browser walks through the shop, as a HAR.")
    parser.add_argument("shop", help="where the shop is, such as http://127.0.0.1:8080")
    parser.add_argument("har", type=Path, help="the file to write")
    parser.add_argument("--browser", default="/usr/bin/chromium", help="a Chromium")
    parser.add_argument("--screenshot", type=Path, help="a picture of the page with its receipt")
    arguments = parser.parse_args()
    statistics = ThreadingHTTPServer(("127.0.0.1", 0), Statistics)
    threading.Thread(target=statistics.serve_forever, daemon=True).start()
    record(arguments, f"http://localhost:{statistics.server_port}")
    statistics.shutdown()


if __name__ == "__main__":
    main()
