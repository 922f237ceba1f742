"""A real headless Chromium, and what a test can see of the footer in it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Dialog, Locator, Page, ViewportSize, sync_playwright

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

# What stands at the middle of an element, once it has been scrolled to, as the user would see it.
REACHABLE = """element => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""
# How dark and how bright a picture is: its darkest and its brightest pixel and the most frequent one, from 0 to 255.
SHADES = """async picture => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, image.width, image.height);
  const greys = new Array(256).fill(0);
  for (let at = 0; at < data.length; at += 4) greys[Math.round((data[at] + data[at + 1] + data[at + 2]) / 3)]++;
  const seen = [...greys.keys()].filter((grey) => greys[grey]);
  return [seen.at(0), seen.at(-1), greys.indexOf(Math.max(...greys))];
}"""

# The red, green and blue, from 0 to 255, of what is behind an element, as the canvas makes of its colour.
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
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        yield browser
        browser.close()


def box(locator: Locator) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom, in pixels."""
    found = locator.bounding_box()
    assert found
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


def shades(locator: Locator) -> tuple[int, int, int]:
    """Return how dark, how bright and how bright mostly what is drawn there is, as the user sees it."""
    darkest, brightest, mostly = locator.page.evaluate(SHADES, b64encode(locator.screenshot()).decode())
    return darkest, brightest, mostly


def background(locator: Locator) -> tuple[int, int, int]:
    """Return the red, green and blue of what is behind an element."""
    red, green, blue = locator.evaluate(BACKGROUND)
    return red, green, blue


def dialogs(page: Page) -> list[str]:
    """Return a list that fills with what the page's dialogs say, such as that of an injected script."""
    heard: list[str] = []

    def note(dialog: Dialog) -> None:
        heard.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    return heard
