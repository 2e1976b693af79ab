"""A real Chromium without a screen, and what the tests ask of the page in it."""

import base64
import json
import os

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

LIMIT = int(os.environ.get("AKASHI_PAGE_LIMIT", "60"))

# The page's clock can be put forward; nothing waits for a minute.
CLOCK = "{ const now = Date.now; window.skew = 0; Date.now = () => now.call(Date) + window.skew; }"

# Every text that can be seen with the contrast of its colours (WCAG 2.2, relative luminance).
CONTRAST = """
const parse = (text) => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    if (!text.startsWith("rgb")) throw new Error(text);
    return parts.length === 4 ? parts : [...parts, 1];
};
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const background = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
        const style = getComputedStyle(one);
        if (style.backgroundImage !== "none") throw new Error("a picture below text");
        layers.unshift(parse(style.backgroundColor));
    }
    const base = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    return layers.reduce((below, top) => over(top, below), base);
};
const luminance = (colour) => colour.slice(0, 3).map((part) => part / 255)
    .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [.2126, .7152, .0722][i], 0);
const ratio = (element, colour) => {
    const below = background(element);
    const [a, b] = [luminance(over(parse(colour), below)), luminance(below)];
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest(".unseen, noscript")) continue;
    for (let one = element; one; one = one.parentElement) {
        if (getComputedStyle(one).opacity !== "1") throw new Error("a text is not opaque");
    }
    found.push([walker.currentNode.data.trim().slice(0, 30), ratio(element, getComputedStyle(element).color)]);
}
for (const field of document.querySelectorAll("textarea")) {
    if (field.checkVisibility()) found.push(["placeholder", ratio(field, getComputedStyle(field, "::placeholder").color)]);
}
return found;
"""


class Browser:
    def __init__(self, gate, folder):
        self.gate = gate
        self.folder = folder
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in [
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--host-resolver-rules=MAP page.test 127.0.0.1", "--window-size=1280,900",
            f"--user-data-dir={folder}/profile", "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={folder}/camera.mjpeg",
        ]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService("/usr/bin/chromedriver", log_output=f"{folder}/chromedriver.log")
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(LIMIT)
        self.driver.set_script_timeout(LIMIT)
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=CLOCK)
        self.requests = []
        self.console = []

    def cdp(self, method, **arguments):
        return self.driver.execute_cdp_cmd(method, arguments)

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def open(self, url=None):
        """Loads the page anew, at a desk's size and in light colours."""
        self.look()
        self.driver.get(url or self.gate.url)
        # The modules ran when the trust folder's content stands there.
        self.until(lambda: self.js("return document.querySelector('#trust').textContent !== ''"), "the page is ready")

    def look(self, width=1280, height=900, scheme="light", motion="no-preference"):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 600)
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}])

    def until(self, condition, what):
        WebDriverWait(self.driver, LIMIT, poll_frequency=0.05).until(
            lambda _: condition(), f"not within {LIMIT} s: {what}; the page: {self.state} {self.answer_text[:300]!r}")

    @property
    def state(self):
        return self.js("return document.body.dataset.state")

    @property
    def answer_text(self):
        return self.js("const a = document.querySelector('#answer'); return a.hidden ? '' : a.innerText")

    @property
    def everything(self):
        return self.js("return document.documentElement.outerHTML")

    @property
    def focused(self):
        return self.js("return document.activeElement?.id ?? ''")

    def until_state(self, state):
        self.until(lambda: self.state == state, f"the page says {state}")

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def wedge(self, text):
        """Types as a hand scanner does: real keys, fast, Enter at the end, into whatever has the focus."""
        self.press(text + Keys.ENTER)

    def copy(self, text):
        self.cdp("Browser.grantPermissions", origin=self.gate.url.rstrip("/"),
                 permissions=["clipboardReadWrite", "clipboardSanitizedWrite", "videoCapture"])
        refused = self.driver.execute_async_script(
            "navigator.clipboard.writeText(arguments[0]).then(() => arguments[1](''), (e) => arguments[1](String(e)))",
            text)
        assert not refused, refused

    def paste(self, text):
        self.copy(text)
        # Without a screen there is no desktop that would turn Control and V into the command.
        key = {"key": "v", "code": "KeyV", "windowsVirtualKeyCode": 86, "modifiers": 2}
        self.cdp("Input.dispatchKeyEvent", type="rawKeyDown", commands=["paste"], **key)
        self.cdp("Input.dispatchKeyEvent", type="keyUp", **key)

    def drop(self, path):
        data = {"items": [], "files": [path], "dragOperationsMask": 1}
        for kind in ["dragEnter", "dragOver", "drop"]:
            self.cdp("Input.dispatchDragEvent", type=kind, x=400, y=300, data=data)

    def contrasts(self):
        return self.js(CONTRAST)

    def tree(self):
        """The accessibility tree's nodes that are not ignored, as (role, name)."""
        nodes = self.cdp("Accessibility.getFullAXTree")["nodes"]
        return [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]

    def drain(self):
        """Takes over what the browser noted up to now."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
        self.console += self.driver.get_log("browser")

    def shot(self, name):
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        self.cdp("Emulation.setScrollbarsHidden", hidden=True)
        picture = self.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip={
            "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        with open(name, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def close(self):
        self.driver.quit()


def camera_picture(code, target):
    """One frame of a camera that sees a code on a table."""
    frame = Image.new("RGB", (1280, 720), (188, 182, 170))
    image = Image.open(code).convert("RGB")
    side = 640
    image = image.resize((side, side), Image.Resampling.LANCZOS)
    frame.paste(image, ((1280 - side) // 2, (720 - side) // 2))
    frame.save(target, "JPEG", quality=95, subsampling=2)
