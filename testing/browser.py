"""A real headless Chromium, and what a test can measure in it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Dialog, Locator, Page, ViewportSize, expect, sync_playwright

from testing.entrypoint_process import CHECKOUT

CHROMIUM_PROCESS = CHECKOUT / "testing" / "chromium_process.py"
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WINDOW: ViewportSize = {"width": 1280, "height": 720}
NARROW: ViewportSize = {"width": 400, "height": 600}
FOOTER = "#astro-runtime-footer"
LINKS = "Documentation · Release notes · Provider registry · Issue tracker"

# Whether a user sees the middle of an element: nothing covers it, and it lies in the window.
REACHABLE = """element => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""
# The darkest, the brightest and the most frequent grey of a picture, from 0 to 255.
SHADES = """async picture => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, image.width, image.height);
  const greys = new Array(256).fill(0);
  for (let i = 0; i < data.length; i += 4) greys[Math.round((data[i] + data[i + 1] + data[i + 2]) / 3)]++;
  const present = [...greys.keys()].filter((grey) => greys[grey]);
  return [present.at(0), present.at(-1), greys.indexOf(Math.max(...greys))];
}"""

# The red, green and blue of the background colour of an element, from 0 to 255; the canvas converts it.
BACKGROUND = """element => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = getComputedStyle(element).backgroundColor;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium until the end of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM_PROCESS, args=list(CHROMIUM), timeout=300_000
        )
        yield browser
        browser.close()


@contextmanager
def patient_page(milliseconds: float) -> Iterator[Page]:
    """Open a page in a Chromium of its own, whose actions and expectations wait for so long."""
    expect.set_options(timeout=milliseconds)
    with chromium() as browser:
        page = browser.new_page(viewport=WINDOW)
        page.set_default_timeout(milliseconds)
        yield page


def box(locator: Locator) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom, in pixels."""
    rectangle = locator.bounding_box()
    assert rectangle
    left, top = rectangle["x"], rectangle["y"]
    return left, top, left + rectangle["width"], top + rectangle["height"]


def shades(locator: Locator) -> tuple[int, int, int]:
    """Return the darkest, the brightest and the most frequent grey of an element as drawn, from 0 to 255."""
    darkest, brightest, most_frequent = locator.page.evaluate(
        SHADES, b64encode(locator.screenshot()).decode()
    )
    return darkest, brightest, most_frequent


def background(locator: Locator) -> tuple[int, int, int]:
    """Return the red, green and blue of the background of an element, from 0 to 255."""
    red, green, blue = locator.evaluate(BACKGROUND)
    return red, green, blue


def record_dialogs(page: Page) -> list[str]:
    """Return a list that fills with the messages of the page's dialogs, such as that of an injected script."""
    messages: list[str] = []

    def record(dialog: Dialog) -> None:
        messages.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", record)
    return messages
